from __future__ import annotations

import pytest
from attrs.exceptions import FrozenInstanceError

from kube9.plugins.info import PluginInfo


def test_owner_is_package_and_version_or_the_file():
    assert PluginInfo(name="gpu", distribution="kube9-gpu", version="1.2", source="kube9_gpu").owner == "kube9-gpu 1.2"
    assert PluginInfo(name="mine.py", source="mine.py").owner == "mine.py"


def test_it_cannot_be_changed():
    info = PluginInfo(name="mine.py", source="mine.py", offers={"filters": ("spread",)})
    with pytest.raises(FrozenInstanceError):
        info.error = "none"
    with pytest.raises(TypeError):
        info.offers["filters"] = ()
    assert isinstance(hash(info), int)
