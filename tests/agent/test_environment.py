from __future__ import annotations

import pytest

from kube9.agent.environment import config_texts, variables

SPEC = {"configs": [{"name": "db", "secret": True, "data": {"password": "correct horse"}}, {"name": "empty"}]}


def refers(kind, name, key):
    return {"env": [{"name": "X", "valueFrom": {kind: {"name": name, "key": key}}}]}


def test_values_texts_of_configs_and_devices():
    container = {"env": [{"name": "A", "value": "1"}, {"name": "B"}, *refers("secretKeyRef", "db", "password")["env"]]}
    assert variables(container, SPEC, {"gpu": [0, 3], "fpga-x2": [1]}) == [
        "A=1",
        "B=",
        "X=correct horse",
        "KUBE9_DEVICES_GPU=0,3",
        "KUBE9_DEVICES_FPGA_X2=1",
    ]


def test_the_last_of_a_name_counts():
    assert variables({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, {}, {}) == ["A=2"]


@pytest.mark.parametrize(
    "container, message",
    [
        (refers("configMapKeyRef", "nowhere", "key"), "the pod brings no config 'nowhere'"),
        (refers("secretKeyRef", "db", "user"), "the pod's config 'db' has no key 'user'"),
    ],
)
def test_what_is_not_there(container, message):
    with pytest.raises(ValueError, match=message) as refused:
        variables(container, SPEC, {})
    assert "correct horse" not in str(refused.value)


def test_a_config_without_texts():
    assert config_texts(SPEC, "empty") == {}
