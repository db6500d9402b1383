"""The environment says which plugins are wanted, and how strictly."""

from __future__ import annotations

import pytest

from kube9.core.errors import InvalidInput
from kube9.plugins.selection import Selection
from kube9.plugins.sources import Source

BUILT_IN = Source(name="filters", distribution="kube9", where="kube9.plugins.filters", built_in=True, load=object)
GPU = Source(name="gpu", distribution="kube9-gpu", where="kube9_gpu", load=object)


@pytest.mark.parametrize(
    "env, built_in, gpu",
    [
        ({}, None, None),
        ({"KUBE9_PLUGINS": "gpu"}, None, None),
        ({"KUBE9_PLUGINS": "Kube9_GPU"}, None, None),
        ({"KUBE9_PLUGINS": " other , gpu "}, None, None),
        ({"KUBE9_PLUGINS": ""}, None, "KUBE9_PLUGINS"),
        ({"KUBE9_PLUGINS": "other"}, None, "KUBE9_PLUGINS"),
        ({"KUBE9_PLUGINS_OFF": "gpu"}, None, "KUBE9_PLUGINS_OFF"),
        ({"KUBE9_PLUGINS_OFF": "kube9-gpu, filters"}, "KUBE9_PLUGINS_OFF", "KUBE9_PLUGINS_OFF"),
        ({"KUBE9_PLUGINS_OFF": ""}, None, None),
        ({"KUBE9_PLUGINS": "gpu", "KUBE9_PLUGINS_OFF": "gpu"}, None, "KUBE9_PLUGINS_OFF"),
    ],
    ids=str,
)
def test_what_is_left_out_and_by_which_variable(env, built_in, gpu):
    selection = Selection.from_env(env)
    assert selection.left_out_by(BUILT_IN) == built_in
    assert selection.left_out_by(GPU) == gpu


@pytest.mark.parametrize(
    "text, strict", [("1", True), ("true", True), ("YES", True), ("on", True), ("0", False), ("", False), ("no", False)]
)
def test_strictness_is_on_or_off(text, strict):
    assert Selection.from_env({"KUBE9_STRICT_PLUGINS": text}).strict is strict


def test_strictness_of_another_kind_is_refused():
    with pytest.raises(InvalidInput, match="KUBE9_STRICT_PLUGINS must be 1 or 0, got 'very'"):
        Selection.from_env({"KUBE9_STRICT_PLUGINS": "very"})


def test_names_that_nothing_has_are_told_with_the_nearest():
    selection = Selection.from_env({"KUBE9_PLUGINS": "gpus,kube9-GPU", "KUBE9_PLUGINS_OFF": "filters,zzz"})
    problems = dict(selection.unknown([BUILT_IN, GPU]))
    assert sorted(problems) == ["gpus", "zzz"]
    assert str(problems["gpus"]).startswith("KUBE9_PLUGINS: there is no plugin 'gpus'; installed: filters, gpu")
    assert "Did you mean 'gpu'?" in str(problems["gpus"])
    assert str(problems["zzz"]).startswith("KUBE9_PLUGINS_OFF: there is no plugin 'zzz'")
