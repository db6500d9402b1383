from __future__ import annotations

import pytest

from kube9.core.containers import (
    Config,
    Container,
    ContainerPort,
    EnvVar,
    ExecAction,
    HttpGetAction,
    NamedVolume,
    Probe,
    TcpSocketAction,
    total_requests,
)
from kube9.core.errors import InvalidInput
from kube9.core.pods import DeviceRequest, PodSpec


def asking(**requests):
    return Container(name="c", requests=requests)


TOTALS = {
    "nothing": ((), (), {}),
    "one": ((asking(cpu=5, memory=7),), (), {"cpu": 5, "memory": 7}),
    "the sum of those that run together": ((asking(cpu=5), asking(cpu=6, gpu=1)), (), {"cpu": 11, "gpu": 1}),
    "an init container that needs less": ((asking(cpu=5), asking(cpu=6)), (asking(cpu=10),), {"cpu": 11}),
    "an init container that needs more": ((asking(cpu=5), asking(cpu=6)), (asking(cpu=12),), {"cpu": 12}),
    "init containers one after the other": (
        (asking(cpu=1),),
        (asking(cpu=7), asking(cpu=9), asking(cpu=8)),
        {"cpu": 9},
    ),
    "each resource by itself": (
        (asking(cpu=5, memory=1),),
        (asking(memory=9, disk=2), asking(cpu=6)),
        {"cpu": 6, "memory": 9, "disk": 2},
    ),
    "init containers alone": ((), (asking(cpu=3),), {"cpu": 3}),
}


@pytest.mark.parametrize("containers,init_containers,total", TOTALS.values(), ids=TOTALS)
def test_what_a_pod_of_these_needs(containers, init_containers, total):
    assert total_requests(containers, init_containers) == total
    spec = PodSpec(name="p", containers=containers, init_containers=init_containers)
    assert spec.requests == total


def test_what_a_pod_asks_for_itself_goes_before_what_its_containers_need():
    assert PodSpec(name="p", requests={"cpu": 1}, containers=(asking(cpu=5),)).requests == {"cpu": 1}


def test_devices_are_added_to_what_containers_need():
    gpus = DeviceRequest(kind="gpu", count=2)
    assert PodSpec(name="p", devices=(gpus,), containers=(asking(cpu=5),)).requests == {"cpu": 5, "gpu": 2000}


def test_what_containers_need_decides_where_a_pod_fits_and_the_rest_of_them_does_not():
    plain = PodSpec(name="p", requests={"cpu": 5})
    dressed = PodSpec(name="q", containers=(Container(name="c", image="nginx", requests={"cpu": 5}),))
    assert plain.shape == dressed.shape
    assert plain.shape != PodSpec(name="q", containers=(asking(cpu=6),)).shape


@pytest.mark.parametrize(
    "requests,limits,problem",
    [
        ({"cpu": 5}, {"cpu": 5}, None),
        ({}, {"cpu": 5}, None),
        ({"cpu": 5}, {"memory": 1}, None),
        ({"cpu": 6}, {"cpu": 5}, "requests: cpu is 6, more than its limit of 5"),
        ({"cpu": 1, "memory": 2}, {"cpu": 1, "memory": 1}, "requests: memory is 2, more than its limit of 1"),
        ({"cpu": -1}, {}, "requests: cpu must be a whole number"),
        ({}, {"cpu": 0.5}, "limits: cpu must be a whole number"),
    ],
)
def test_nothing_asks_for_more_than_its_limit(requests, limits, problem):
    if problem is None:
        assert Container(name="c", requests=requests, limits=limits).requests == requests
        return
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        Container(name="c", requests=requests, limits=limits)


@pytest.mark.parametrize(
    "make,problem",
    [
        (lambda: Container(name=""), "name must be letters"),
        (lambda: Config(name="a b"), "name must be letters"),
        (lambda: NamedVolume(volume="../etc"), "volume must be letters"),
        (lambda: ContainerPort(port=0), "port must be a whole number"),
        (lambda: HttpGetAction(port=-1), "port must be a whole number"),
        (lambda: TcpSocketAction(port="80"), "port must be a whole number"),
        (lambda: Probe(action=ExecAction(command=("true",)), period_ms=0), "period_ms must be a whole number"),
        (lambda: Probe(action=ExecAction(command=("true",)), initial_delay_ms=-1), "initial_delay_ms must be"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(make, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        make()


def test_texts_that_may_be_secret_are_in_no_repr():
    spec = PodSpec(
        name="p",
        configs=(Config(name="login", data={"password": "hunter2"}, secret=True),),
        containers=(Container(name="c", env=(EnvVar(name="PASSWORD", value="hunter2"),)),),
    )
    assert "hunter2" not in repr(spec)


def test_a_pod_with_all_of_them_is_a_value():
    def spec():
        probe = Probe(action=HttpGetAction(port=80, headers={"Host": "web"}))
        return PodSpec(
            name="p",
            containers=[Container(name="c", command=["sleep", "1"], env=[EnvVar(name="A", value="b")], liveness=probe)],
            configs=[Config(name="files", data={"a": "b"})],
        )

    assert spec() == spec()
    assert hash(spec()) == hash(spec())
