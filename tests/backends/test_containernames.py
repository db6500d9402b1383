from __future__ import annotations

import pytest

from kube9.backends.containernames import meant_container
from kube9.core.containers import Container
from kube9.core.errors import InvalidInput
from kube9.core.pods import PodSpec

POD = PodSpec(
    name="web",
    containers=(Container(name="app"), Container(name="proxy")),
    init_containers=(Container(name="setup"),),
)


@pytest.mark.parametrize("name,meant", [("", "app"), ("app", "app"), ("proxy", "proxy"), ("setup", "setup")])
def test_the_first_that_is_no_init_container_is_meant_unless_another_is_named(name, meant):
    assert meant_container(POD, name) == meant


def test_one_that_is_not_there_is_refused_with_those_there_are():
    with pytest.raises(InvalidInput, match=r"pod 'web' has no container 'db'; it has app, proxy, setup"):
        meant_container(POD, "db")
    with pytest.raises(InvalidInput, match=r"pod 'job' has no container 'db'; it has none"):
        meant_container(PodSpec(name="job"), "db")


def test_a_pod_without_containers_has_none_to_mean():
    assert meant_container(PodSpec(name="job")) == ""
