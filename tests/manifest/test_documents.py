from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from kube9.core.containers import Config, Container
from kube9.core.nodes import NodeSpec
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.manifest import deployment_spec_document, node_spec_document, parse_document, pod_spec_document

WRITERS = {"Pod": pod_spec_document, "Deployment": deployment_spec_document, "Node": node_spec_document}


def test_what_is_written_is_read_as_the_same(specs):
    @settings(max_examples=300)
    @given(st.one_of(st.tuples(st.just(kind), strategy) for kind, strategy in specs.items()))
    def holds(made):
        kind, spec = made
        document = WRITERS[kind](spec)
        stored = json.loads(json.dumps(document))
        assert stored == document
        again = parse_document(stored, kind=kind)
        assert again.spec == spec
        assert again.warnings == ()
        assert WRITERS[kind](again.spec) == document

    holds()


def test_what_is_as_it_would_be_anyway_is_left_out():
    container = Container(name="c", image="nginx:1", requests={"cpu": 500})
    assert pod_spec_document(PodSpec(name="p", containers=(container,))) == {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "nginx:1", "resources": {"requests": {"cpu": "500m"}}}]},
    }
    assert node_spec_document(NodeSpec(name="n", backend="")) == {"metadata": {"name": "n"}, "spec": {}}


def test_devices_are_not_written_a_second_time_as_an_amount():
    spec = PodSpec(name="p", requests={"cpu": 1000}, devices=(DeviceRequest(kind="gpu", count=2),))
    assert pod_spec_document(spec)["spec"] == {"requests": {"cpu": "1"}, "devices": [{"kind": "gpu", "count": 2}]}


def test_a_pod_that_asks_for_nothing_though_its_containers_do_stays_so():
    container = Container(name="c", requests={"cpu": 500})
    spec = PodSpec(name="p", requests={"cpu": 0}, containers=(container,))
    assert spec.requests == {}
    assert parse_document(pod_spec_document(spec), kind="Pod").spec == spec


def test_secrets_are_written_for_the_store():
    spec = PodSpec(name="p", configs=(Config(name="db", data={"password": "canary"}, secret=True),))
    assert pod_spec_document(spec)["spec"]["configs"] == [
        {"name": "db", "data": {"password": "canary"}, "secret": True}
    ]
