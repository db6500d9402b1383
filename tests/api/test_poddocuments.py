from __future__ import annotations

import orjson
import pytest

from kube9.agent.brain import PodUse
from kube9.api.poddocuments import PodDocuments
from kube9.manifest import pod_document


@pytest.mark.parametrize("kept", [1, 2, 100])
def test_each_pod_is_shown_as_it_is_however_many_are_kept(api, kept):
    view = api.plane.view
    documents = PodDocuments(view, api.plane.usage, kept=kept)

    def shown():
        return orjson.loads(orjson.dumps(documents.documents(view.pods())))

    def fresh():
        return [pod_document(pod, view.node_name(pod.node_uid)) for pod in view.pods()]

    for name in "abc":
        api.pod(name)
    assert shown() == fresh()
    api.node()
    api.until(lambda: all(pod.phase.value == "Running" for pod in view.pods()))
    assert shown() == fresh()
    api.delete("/v1/pods/b")
    api.until(lambda: len(view.pods()) == 2)
    assert shown() == fresh() == shown()


def test_a_pod_of_a_deployment_names_it(api):
    uid = api.post("/v1/deployments", api.deployment_manifest("web-1", 1)).json["metadata"]["uid"]
    view = api.plane.view
    api.until(view.pods)
    (shown,) = orjson.loads(orjson.dumps(PodDocuments(view, api.plane.usage).documents(view.pods())))
    assert shown["metadata"]["ownerReferences"] == [
        {"apiVersion": "kube9/v1", "kind": "Deployment", "name": "web-1", "uid": uid, "revision": 1}
    ]


def test_what_a_pod_takes_is_told_as_it_was_measured_last(api):
    api.node()
    for name in ("web", "job"):
        api.pod(name, containers=[{"name": "main", "image": "nginx"}])
    view, usage = api.plane.view, api.plane.usage
    api.until(lambda: all(pod.phase.value == "Running" for pod in view.pods()))
    documents = PodDocuments(view, usage)

    def shown():
        return orjson.loads(orjson.dumps(documents.documents(view.pods())))

    before = shown()
    web = view.pod("default", "web")
    for cpu_milli, text in ((250, "250m"), (1000, "1")):
        usage.note(web.node_uid, (PodUse(web.uid, web.epoch, cpu_milli, 2**20),))
        after = shown()
        assert after[0]["status"].pop("usage") == {"cpu": text, "memory": "1Mi"}
        assert after == before
    usage.note(web.node_uid, (PodUse(web.uid, web.epoch + 1, 1, 1),))
    assert shown() == before
