from __future__ import annotations

import pytest

from kube9.core.containers import Config, ConfigVolume, Container, EmptyDir, Volume, VolumeMount
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import PodSpec
from kube9.plugins.runtimes import LABEL, Runtimes, container_objection, process_objection
from kube9.testing import FilterContract


class TestContract(FilterContract):
    @pytest.fixture
    def filter(self):
        return Runtimes()


def table_of(**runtimes):
    table = LiveTable()
    for number, (name, runtime) in enumerate(runtimes.items()):
        spec = NodeSpec(name=name, labels={LABEL: runtime} if runtime else {})
        table.add(Node(uid=name, spec=spec, ordinal=number, phase=NodePhase.READY))
    return table


def pod_of(*containers, **more):
    return PodSpec(name="p", containers=containers, **more)


def main(**more):
    return Container(name="main", **more)


def fits(table, pod):
    mask = Runtimes().fits(pod, table)
    return list(table.names) if mask is None else [name for name, fit in zip(table.names, mask, strict=True) if fit]


def test_a_pod_goes_where_it_can_run():
    table = table_of(docker="docker", process="process", other="")
    assert fits(table, pod_of(main(image="nginx"))) == ["docker", "other"]
    assert fits(table, pod_of(main(command=("true",)))) == ["process", "other"]
    assert fits(table, pod_of(main(image="nginx", command=("true",)))) == ["docker", "process", "other"]
    assert fits(table, PodSpec(name="p")) == ["docker", "process", "other"]


def test_nothing_is_looked_at_where_no_node_says_what_it_runs():
    assert Runtimes().fits(pod_of(main()), table_of(a="", b="")) is None


def test_an_init_container_counts_too():
    pod = pod_of(main(command=("true",)), init_containers=(Container(name="first", image="nginx"),))
    assert process_objection(pod) == "limited to processes while first has no command"
    assert container_objection(pod) == "limited to containers while main has no image"


@pytest.mark.parametrize(
    "working_dir, mount, objection",
    [
        ("/srv/app", {"path": "/srv/app/data"}, ""),
        ("/", {"path": "/data"}, ""),
        ("/srv/app", {"path": "/data"}, "/data is not below the workingDir of main"),
        ("/srv/app", {"path": "/srv/apples"}, "/srv/apples is not below the workingDir of main"),
        ("", {"path": "/data"}, "/data is not below the workingDir of main"),
        ("/srv/app", {"path": "/srv/app/data", "read_only": True}, "/srv/app/data is not to be written to"),
    ],
)
def test_a_process_sees_volumes_below_its_working_directory(working_dir, mount, objection):
    container = main(command=("true",), working_dir=working_dir, mounts=(VolumeMount(name="v", **mount),))
    told = process_objection(pod_of(container, volumes=(Volume(name="v"),)))
    assert told == (f"limited to processes while {objection}" if objection else "")


def test_what_is_in_a_config_is_never_written_to():
    mount = VolumeMount(name="v", path="/srv/app/conf", read_only=True)
    container = main(command=("true",), working_dir="/srv/app", mounts=(mount,))
    volume = Volume(name="v", source=ConfigVolume(config="c"))
    assert process_objection(pod_of(container, volumes=(volume,), configs=(Config(name="c"),))) == ""


def test_a_process_has_no_volume_in_memory():
    volume = Volume(name="v", source=EmptyDir(in_memory=True))
    told = process_objection(pod_of(main(command=("true",)), volumes=(volume,)))
    assert told == "limited to processes while volume v is to be in memory"
