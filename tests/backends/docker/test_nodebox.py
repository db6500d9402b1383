from __future__ import annotations

import io
import json
import tarfile

import pytest

from kube9.agent.configuration import read_node, read_server
from kube9.backends.docker.marks import Marks
from kube9.backends.docker.nodebox import NodeBox
from kube9.backends.serverat import ServerAt
from kube9.core.nodes import Node, NodeSpec


def box(**capacity):
    node = Node(uid="u", spec=NodeSpec(name="n", capacity=capacity), ordinal=1)
    return NodeBox(node=node, marks=Marks("c-1"), image="kube9-node:1", network="kube9-c-1", socket="/run/d.sock")


def test_the_agent_can_read_what_it_is_told(tmp_path):
    packed = box(cpu=500, memory=2**28).files(ServerAt(url="http://10.0.0.1:9009"), "the-token")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = {each.name: each for each in archive}
        for name, member in members.items():
            if member.isfile():
                (tmp_path / name.rpartition("/")[2]).write_bytes(archive.extractfile(member).read())
    node, server = read_node(tmp_path), read_server(tmp_path)
    assert (node.node, node.node_uid, node.cluster, node.runtime) == ("n", "u", "c-1", "docker")
    assert (node.network, node.host_network) == ("kube9-c-1", "container:kube9-c-1-n")
    assert (node.sandbox_image, node.capacity) == ("kube9-node:1", {"cpu": 500, "memory": 2**28})
    assert (server.url, server.token) == ("http://10.0.0.1:9009", "the-token")


def test_only_root_may_read_it():
    with tarfile.open(fileobj=io.BytesIO(box().files(ServerAt(url="http://10.0.0.1:1"), "t"))) as archive:
        assert {oct(each.mode) for each in archive if each.isfile()} == {"0o600"}
        assert {oct(each.mode) for each in archive if each.isdir()} == {"0o700"}
        assert {each.uid for each in archive} == {0}


@pytest.mark.parametrize(
    "capacity,limits",
    [
        ({}, {}),
        ({"cpu": 1500, "memory": 2**30}, {"nano_cpus": 1_500_000_000, "mem_limit": 2**30}),
        # The engine refuses more than its machine has, and an agent could not live on less.
        ({"cpu": 64_000, "memory": 2**20}, {"nano_cpus": 2_000_000_000, "mem_limit": 64 * 2**20}),
        ({"cpu": 1}, {"nano_cpus": 100_000_000}),
    ],
)
def test_a_node_gets_its_capacity_as_far_as_there_is_any(capacity, limits):
    assert box(**capacity)._limits({"NCPU": 2}) == limits


def test_resources_that_no_agent_knows_are_not_told_to_it():
    packed = box(cpu=500, pods=5).files(ServerAt(url="http://10.0.0.1:1"), "t")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        told = json.loads(archive.extractfile("etc/kube9/node.json").read())
    assert told["capacity"] == {"cpu": 500}
