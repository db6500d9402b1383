from __future__ import annotations

import pytest

from kube9.backends.docker.settings import DockerSettings
from kube9.backends.optionfields import read_options
from kube9.core.errors import InvalidInput


def test_options_are_read_from_text():
    read = read_options(
        DockerSettings, {"base": "python:3.12", "timeout_ms": "500", "pull": "Always", "subnet": "10.90.0.0/16"}
    )
    assert read == DockerSettings(base="python:3.12", timeout_ms=500, pull="Always", subnet="10.90.0.0/16")


def test_an_unknown_option_is_refused_with_those_there_are():
    with pytest.raises(InvalidInput, match="there is no option 'image'; expected one of base, host, join_timeout_ms"):
        read_options(DockerSettings, {"image": "python:3"})


@pytest.mark.parametrize(
    "option,text",
    [
        ("base", " "),
        ("pull", "sometimes"),
        ("server", "10.0.0.1:9009"),
        ("socket", "docker.sock"),
        ("subnet", "10.90.0.1/16"),
        ("timeout_ms", "0"),
        ("timeout_ms", "soon"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(option, text):
    with pytest.raises(InvalidInput, match=f"option '{option}'"):
        read_options(DockerSettings, {option: text})
