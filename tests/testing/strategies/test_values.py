from __future__ import annotations

import pytest
from hypothesis import given

from kube9.core.errors import InvalidInput
from kube9.testing import strategies

# What may be met by a plugin is met by its tests: each of these is found among the examples.
NODES = {
    "no cpu": lambda node: "cpu" not in node.capacity,
    "a limit of pods": lambda node: "pods" in node.capacity,
    "no room for any pod": lambda node: node.capacity.get("pods") == 0,
    "an extended resource": lambda node: node.capacity.get("licence", 0) > 0,
    "several devices": lambda node: node.devices and node.devices[0].count > 1,
    "a bare gpu": lambda node: not node.devices and node.capacity.get("gpu", 0) > 0,
    "two taints": lambda node: len(node.taints) == 2,
    "two labels": lambda node: len(node.labels) == 2,
}
PODS = {
    "nothing of memory": lambda pod: "memory" not in pod.requests,
    "nothing of cpu": lambda pod: "cpu" not in pod.requests,
    "devices of a model": lambda pod: pod.devices and pod.devices[0].models,
    "a share of devices": lambda pod: pod.devices and pod.devices[0].milli < 1000,
    "a selector": lambda pod: pod.node_selector,
    "a toleration": lambda pod: pod.tolerations,
    "a high priority": lambda pod: pod.priority > 0,
    "a required label": lambda pod: pod.node_affinity and pod.node_affinity[0].expressions,
    "a required name": lambda pod: pod.node_affinity and pod.node_affinity[0].fields,
    "another namespace": lambda pod: pod.namespace != "default",
}


def test_nodes_have_everything(never_met):
    assert never_met(NODES, strategies.node_specs()) == set()


def test_pods_have_everything(never_met):
    assert never_met(PODS, strategies.pod_specs()) == set()


DEPLOYMENTS = {
    "none": lambda deployment: deployment.replicas == 0,
    "several": lambda deployment: deployment.replicas == 3,
    "two at a time": lambda deployment: deployment.max_unavailable == 2,
}


def test_deployments_have_everything(never_met):
    assert never_met(DEPLOYMENTS, strategies.deployment_specs()) == set()


@given(strategies.deployment_specs("mine", replicas_max=7))
def test_deployments_are_named_like_their_template(deployment):
    assert (deployment.name, deployment.template.name) == ("mine", "mine")
    assert deployment.replicas <= 7


@given(strategies.node_specs("mine", whole=True), strategies.pod_specs("yours", whole=True))
def test_whole_nodes_and_pods_have_both_cpu_and_memory(node, pod):
    assert (node.name, pod.name) == ("mine", "yours")
    for amounts in (node.capacity, pod.requests):
        assert amounts["cpu"] >= 1
        assert amounts["memory"] >= 1


@given(strategies.pod_specs(per_node=100))
def test_pods_may_be_small(pod):
    assert pod.requests.get("cpu", 0) <= 1280


@given(strategies.device_choices())
def test_a_device_choice_can_be_made(choice):
    request, free = choice
    assert sum(milli >= request.milli for milli in free) >= request.count


@given(strategies.tolerations(), strategies.taints())
def test_tolerations_and_taints_can_be_put_together(toleration, taint):
    assert toleration.tolerates(taint) in (True, False)


def test_device_groups_need_a_kind_with_a_name():
    with pytest.raises(InvalidInput, match="kind must be letters"):
        strategies.device_groups("no kind!").validate()


@given(strategies.device_groups("fpga"))
def test_device_groups_are_of_the_kind_asked_for(group):
    assert group.kind == "fpga"
