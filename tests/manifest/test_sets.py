from __future__ import annotations

import io
from pathlib import Path

import pytest

from kube9.core.containers import Config, ConfigKey, EnvVar
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import ManifestError
from kube9.core.pods import PodSpec
from kube9.manifest import Manifest, Skipped, parse_documents, read_manifests, read_paths

POD = "{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {containers: [{name: c, image: 'x:1'%s}]}}"
CONFIG_MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {colour: green}}"
SECRET = "{apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {password: canary}}"
SERVICE = "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {}}"
ENV_FROM = ", envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: db}}]"


def text(*documents):
    return "\n---\n".join(documents)


def problems(read):
    with pytest.raises(ManifestError) as caught:
        read()
    return str(caught.value).splitlines()


def test_documents_in_their_order():
    found = read_manifests(text(POD % ("a", ""), POD % ("b", "")), "x")
    assert [(each.kind, each.spec.name, each.source) for each in found.manifests] == [
        ("Pod", "a", "x, document 1"),
        ("Pod", "b", "x, document 2"),
    ]


def test_problems_of_all_documents_at_once():
    broken = text(POD % ("A", ""), POD % ("b", ", imge: x"), "{kind: Job, apiVersion: batch/v1}", POD % ("d", ""))
    assert [
        line.partition(": ")[0] + line.partition(": ")[2][:14] for line in problems(lambda: read_manifests(broken, "x"))
    ] == [
        "x, document 1metadata.name:",
        "x, document 2spec.container",
        "x, document 3kind: kube9 ha",
    ]


def test_what_joins_source_and_path_is_the_caller_s_to_say():
    (line,) = problems(lambda: parse_documents([("items[3]", {"apiVersion": "v1", "kind": "Prod"})], joined_by="."))
    assert line.startswith("items[3].kind: expected one of")


def test_problems_past_a_thousand_are_counted():
    lines = problems(lambda: parse_documents([("x", {})] * 600))
    assert len(lines) == 1001
    assert lines[-1] == "and 200 more problems"


def test_config_maps_and_secrets_become_part_of_the_pods_that_name_them():
    found = read_manifests(text(POD % ("a", ENV_FROM), SECRET, CONFIG_MAP, POD % ("b", "")), "x")
    assert found.warnings == ()
    first, second = (each.spec for each in found.manifests)
    assert first.configs == (
        Config(name="settings", data={"colour": "green"}),
        Config(name="db", data={"password": "canary"}, secret=True),
    )
    assert first.containers[0].env == (
        EnvVar(name="colour", source=ConfigKey("settings", "colour")),
        EnvVar(name="password", source=ConfigKey("db", "password")),
    )
    assert second.configs == ()


def test_those_that_no_pod_names_are_left_out_with_a_warning():
    found = read_manifests(text(POD % ("a", ""), CONFIG_MAP), "x")
    assert found.warnings == ("x, document 2: left out: no pod in this set names the ConfigMap",)


def test_those_of_another_namespace_are_not_found():
    elsewhere = SECRET.replace("name: db", "name: db, namespace: other")
    (line,) = problems(
        lambda: read_manifests(text(POD % ("a", ", envFrom: [{secretRef: {name: db}}]"), elsewhere), "x")
    )
    assert "there is no Secret 'db'" in line


def test_a_config_map_and_a_secret_of_one_name_in_one_pod():
    secret = SECRET.replace("name: db", "name: settings")
    pod = POD % ("a", ENV_FROM.replace("name: db", "name: settings"))
    (line,) = problems(lambda: read_manifests(text(pod, CONFIG_MAP, secret), "x"))
    assert "config 'settings' is no secret; refer to it as configMap" in line


def test_a_service_is_left_out_with_a_warning():
    documents = [("a", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "shop"}})]
    assert parse_documents(documents) == [
        Skipped("Service", "shop", "s", "a", ("kube9 has no services; the Service is left out",))
    ]
    found = read_manifests(SERVICE, "x")
    assert (found.manifests, found.warnings) == ((), ("x: kube9 has no services; the Service is left out",))


def test_no_two_of_one_name():
    twice = text(POD % ("a", ""), POD % ("b", ""), POD % ("a", ""), SECRET, SECRET)
    assert problems(lambda: read_manifests(twice, "x")) == [
        "x, document 5: metadata.name: there is another Secret 'db' in this set (x, document 4)",
        "x, document 3: metadata.name: there is another Pod 'a' in this set (x, document 1)",
    ]
    other = (POD % ("a", "")).replace("name: a", "name: a, namespace: other")
    assert len(read_manifests(text(POD % ("a", ""), other), "x").manifests) == 2


def test_nothing_to_read(tmp_path):
    assert problems(lambda: read_manifests("---\n", "x")) == ["x: there is no document in it"]
    (tmp_path / "a.yaml").write_text("", encoding="utf-8")
    assert problems(lambda: read_paths([str(tmp_path)], io.StringIO())) == [f"there is no document in {tmp_path}"]


def test_documents_that_are_no_objects():
    assert problems(lambda: parse_documents([("a", []), ("b", None)])) == [
        "a: expected an object, got a list",
        "b: expected an object, got null",
    ]


def test_files_and_standard_input(tmp_path):
    (tmp_path / "a.yaml").write_text(POD % ("a", ", tty: true"), encoding="utf-8")
    (line,) = problems(lambda: read_paths([str(tmp_path), "-"], io.StringIO(POD % ("b", ""))))
    assert line.startswith(f"{tmp_path / 'a.yaml'}: spec.containers[0].tty: is not supported")
    found = read_paths(["-"], io.StringIO(POD % ("b", "")), namespace="shop")
    assert found.manifests[0].spec.namespace == "shop"


REAL = {
    "k8s-examples-guestbook-frontend.yaml": (DeploymentSpec, "frontend", []),
    "k8s-website-cpu-request-limit.yaml": (PodSpec, "cpu-demo", []),
    "k8s-website-pod-nginx.yaml": (PodSpec, "nginx", []),
    "k8s-website-pod-with-toleration.yaml": (PodSpec, "nginx", []),
    "microservices-cartservice.yaml": (
        DeploymentSpec,
        "cartservice",
        ["spec.template.spec.serviceAccountName: kube9 has no service accounts", "kube9 has no services"],
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_manifests_that_others_wrote(shared_data: Path, name):
    kind, called, warnings = REAL[name]
    found = read_paths([str(shared_data / "manifests" / name)], io.StringIO())
    (manifest,) = found.manifests
    assert isinstance(manifest, Manifest)
    assert isinstance(manifest.spec, kind)
    assert manifest.spec.name == called
    assert len(found.warnings) == len(warnings)
    for warning, part in zip(found.warnings, warnings, strict=True):
        assert part in warning


def test_requests_and_probes_of_a_manifest_that_others_wrote(shared_data: Path):
    path = shared_data / "manifests" / "microservices-cartservice.yaml"
    template = read_paths([str(path)], io.StringIO()).manifests[0].spec.template
    assert template.requests == {"cpu": 200, "memory": 64 * 2**20}
    assert template.grace_ms == 5000
    assert template.containers[0].readiness.initial_delay_ms == 15_000
