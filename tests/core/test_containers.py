from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.containers import (
    Config,
    ConfigKey,
    ConfigVolume,
    Container,
    ContainerPort,
    EmptyDir,
    EnvVar,
    ExecAction,
    HttpGetAction,
    NamedVolume,
    Probe,
    PullPolicy,
    RestartPolicy,
    TcpSocketAction,
    Volume,
    VolumeMount,
    restart_policy,
    total_requests,
)
from kube9.core.errors import InvalidInput
from kube9.core.pods import DeviceRequest, PodSpec


def asking(name="c", **requests):
    return Container(name=name, requests=requests)


TOTALS = {
    "nothing": ((), (), {}),
    "one": ((asking(cpu=5, memory=7),), (), {"cpu": 5, "memory": 7}),
    "the sum of those that run together": ((asking(cpu=5), asking("d", cpu=6, gpu=1)), (), {"cpu": 11, "gpu": 1}),
    "an init container that needs less": ((asking(cpu=5), asking("d", cpu=6)), (asking("i", cpu=10),), {"cpu": 11}),
    "an init container that needs more": ((asking(cpu=5), asking("d", cpu=6)), (asking("i", cpu=12),), {"cpu": 12}),
    "init containers one after the other": (
        (asking(cpu=1),),
        (asking("i", cpu=7), asking("j", cpu=9), asking("k", cpu=8)),
        {"cpu": 9},
    ),
    "each resource by itself": (
        (asking(cpu=5, memory=1),),
        (asking("i", memory=9, disk=2), asking("j", cpu=6)),
        {"cpu": 6, "memory": 9, "disk": 2},
    ),
    "init containers alone": ((), (asking(cpu=3),), {"cpu": 3}),
}


@pytest.mark.parametrize("containers,init_containers,total", TOTALS.values(), ids=TOTALS)
def test_what_a_pod_of_these_needs(containers, init_containers, total):
    assert total_requests(containers, init_containers) == total
    spec = PodSpec(name="p", containers=containers, init_containers=init_containers)
    assert spec.requests == total


AMOUNTS = st.dictionaries(st.sampled_from(("cpu", "memory")), st.integers(0, 9))


@given(st.lists(AMOUNTS, max_size=3), st.lists(AMOUNTS, max_size=3))
def test_a_pod_needs_what_its_containers_need_at_the_worst_moment(together, before):
    containers = tuple(Container(name=f"c{number}", requests=each) for number, each in enumerate(together))
    init_containers = tuple(Container(name=f"i{number}", requests=each) for number, each in enumerate(before))
    total = total_requests(containers, init_containers)
    for resource in ("cpu", "memory"):
        moments = [sum(each.get(resource, 0) for each in together), *(each.get(resource, 0) for each in before)]
        assert total[resource] == max(moments)


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


def probe(**more):
    return Probe(**{"action": TcpSocketAction(port=80), **more})


@pytest.mark.parametrize(
    "make,problem",
    [
        (lambda: Container(name=""), "name must be a name of lower-case letters"),
        (lambda: Container(name="Web"), "name must be a name of lower-case letters.*got 'Web'"),
        (lambda: Container(name="c", image="a\0"), "image must be a text without NUL"),
        (lambda: Container(name="c", working_dir="\ud800"), "working_dir must be a text without NUL"),
        (lambda: Container(name="c", command=["run", 5]), "command must be a text, got int"),
        (lambda: Container(name="c", args=["\0"]), "args must be a text without NUL"),
        (lambda: Container(name="c", pull_policy="Sometimes"), "pull_policy must be one of Always, IfNotPresent, "),
        (lambda: Container(name="c", env=[EnvVar(name="A"), EnvVar(name="A")]), "env: 'A' is there twice"),
        (lambda: Container(name="c", ports=[ContainerPort(port=80, name="a")] * 2), "ports: 'a' is there twice"),
        (lambda: Container(name="c", mounts=[VolumeMount(name="v", path="/a")] * 2), "mounts: '/a' is there twice"),
        (lambda: Container(name="c", requests={"pods": 1}), "requests: pods is a limit of nodes"),
        (lambda: Container(name="c", limits={"pods": 1}), "limits: pods is a limit of nodes"),
        (lambda: Container(name="c", requests={"a b": 1}), "requests: 'a b' must be a name"),
        (lambda: Container(name="c", liveness=probe(success_threshold=2)), "liveness: success_threshold must be 1"),
        (lambda: Container(name="c", startup=probe(success_threshold=2)), "startup: success_threshold must be 1"),
        (lambda: Config(name="a b"), "name must be a name of lower-case letters"),
        (lambda: Config(name="c", data={"a/b": ""}), "data: 'a/b' must be a name"),
        (lambda: Config(name="c", data={"..": ""}), "data: '..' must be a name"),
        (lambda: EnvVar(name="A=B"), "name must be a name of printable ASCII"),
        (lambda: EnvVar(name="A", value="b", source=ConfigKey("c", "k")), "value: A has one of its own and one from"),
        (lambda: EmptyDir(size_limit_bytes=-1), "size_limit_bytes must be a whole number"),
        (lambda: ConfigVolume(config="c", items={"k": "../k"}), "items: k must be a path without"),
        (lambda: ConfigVolume(config="c", items={"k": ""}), "items: k must be a path without"),
        (lambda: ConfigVolume(config="c", mode=0o1000), "mode must be a whole number from 0 to 511"),
        (lambda: NamedVolume(volume="../etc"), "volume must be a name"),
        (lambda: Volume(name="a.b"), "name must be a name"),
        (lambda: VolumeMount(name="v", path="relative"), "path must start with '/'"),
        (lambda: VolumeMount(name="v", path="/a:b"), "path must start with '/'"),
        (lambda: VolumeMount(name="v", path="/a", sub_path="/b"), "sub_path must be without '/' at its start"),
        (lambda: ContainerPort(port=0), "port must be a whole number"),
        (lambda: ContainerPort(port=65536), "port must be a whole number from 1 to 65535"),
        (lambda: ContainerPort(port=80, name="HTTP"), "name must be a name"),
        (lambda: ContainerPort(port=80, protocol="tcp"), "protocol must be one of TCP, UDP, SCTP, got 'tcp'"),
        (lambda: ExecAction(command=()), "command must not be empty"),
        (lambda: HttpGetAction(port=-1), "port must be a whole number"),
        (lambda: HttpGetAction(port=80, path=""), "path must not be empty"),
        (lambda: HttpGetAction(port=80, scheme="FTP"), "scheme must be one of HTTP, HTTPS"),
        (lambda: HttpGetAction(port=80, headers={"": "x"}), "headers: a name must be a text with something in it"),
        (lambda: TcpSocketAction(port="80"), "port must be a whole number"),
        (lambda: probe(period_ms=0), "period_ms must be a whole number"),
        (lambda: probe(timeout_ms=10**12 + 1), "timeout_ms must be a whole number"),
        (lambda: probe(initial_delay_ms=-1), "initial_delay_ms must be"),
    ],
)
def test_what_makes_no_sense_is_refused(make, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Config(name="c", data={"k": "hunter2\0"}),
        lambda: EnvVar(name="A", value="hunter2\0"),
        lambda: EnvVar(name="A", value="hunter2", source=ConfigKey("c", "k")),
        lambda: HttpGetAction(port=80, headers={"Authorization": "hunter2\0"}),
    ],
)
def test_a_text_that_may_be_secret_is_refused_without_a_word_of_it(make):
    with pytest.raises(InvalidInput) as told:
        make()
    assert "hunter2" not in str(told.value)


def test_policies_may_be_given_by_their_names():
    assert Container(name="c", pull_policy="Never").pull_policy is PullPolicy.NEVER
    assert restart_policy("OnFailure") is RestartPolicy.ON_FAILURE
    with pytest.raises(InvalidInput, match="^restart_policy must be one of Always, OnFailure, Never, got 'Onfailure'$"):
        restart_policy("Onfailure")


def test_a_request_of_nothing_is_none():
    limited = Container(name="c", requests={"cpu": 0, "memory": 5}, limits={"cpu": 0})
    assert limited.requests == {"memory": 5}
    assert limited.limits == {"cpu": 0}


def test_amounts_are_kept_apart_from_those_that_were_given():
    given = {"cpu": 5}
    container = Container(name="c", requests=given, limits=given)
    given["cpu"] = 6
    assert container == Container(name="c", requests={"cpu": 5}, limits={"cpu": 5})
    assert hash(container) == hash(Container(name="c", requests={"cpu": 5}, limits={"cpu": 5}))


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
