from __future__ import annotations

import pytest

from kube9.core.containers import ConfigVolume, EmptyDir, NamedVolume
from kube9.manifest import parse_document

CONFIGS = [
    {"name": "plain", "data": {"a": "1", "b": "2"}},
    {"name": "db", "data": {"password": "x"}, "secret": True},
]


@pytest.mark.parametrize(
    "written, source",
    [
        ({}, EmptyDir()),
        ({"emptyDir": {}}, EmptyDir()),
        ({"emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}, EmptyDir(in_memory=True, size_limit_bytes=2**26)),
        ({"configMap": {"name": "plain"}}, ConfigVolume(config="plain")),
        (
            {"configMap": {"name": "plain", "defaultMode": 0o400, "items": [{"key": "a", "path": "x/y"}]}},
            ConfigVolume(config="plain", mode=0o400, items={"a": "x/y"}),
        ),
        ({"secret": {"secretName": "db"}}, ConfigVolume(config="db")),
        ({"namedVolume": {"name": "data.v1"}}, NamedVolume(volume="data.v1")),
    ],
)
def test_volumes(pod, written, source):
    # The configs stand after what names them: their order does not matter.
    (volume,) = parse_document(pod({"volumes": [{"name": "v", **written}], "configs": CONFIGS})).spec.volumes
    assert volume.source == source


@pytest.mark.parametrize(
    "written, path, part",
    [
        ({"emptyDir": {}, "secret": {"secretName": "db"}}, "", "expected one source, got emptyDir and secret"),
        ({"emptyDir": []}, ".emptyDir", "expected an object, got a list"),
        ({"emptyDir": {"medium": "HugePages"}}, ".emptyDir.medium", "expected one of '', Memory"),
        ({"hostPath": {"path": "/"}}, ".hostPath", "is not supported"),
        ({"nfs": {"server": "x"}}, ".nfs", "is not supported"),
        ({"persistentVolumeClaim": {"claimName": "x"}}, ".persistentVolumeClaim", "namedVolume"),
        ({"configMap": {"name": "db"}}, ".configMap.name", "config 'db' is a secret; refer to it as secret"),
        ({"secret": {"secretName": "plain"}}, ".secret.secretName", "config 'plain' is no secret"),
        ({"secret": {"secretName": "nowhere"}}, ".secret.secretName", "there is no config 'nowhere'"),
        ({"configMap": {"name": "plain", "items": [{"key": "c", "path": "c"}]}}, ".configMap.items", "no key 'c'"),
        ({"configMap": {"name": "plain", "items": [{"key": "a", "path": "/a"}]}}, ".configMap.items[0].path", "'..'"),
        ({"configMap": {"name": "plain", "items": [{"key": "a"}]}}, ".configMap.items[0].path", "is required"),
        (
            {"configMap": {"name": "plain", "items": [{"key": "a", "path": "a"}] * 2}},
            ".configMap.items[1].key",
            "another item",
        ),
        ({"configMap": {"name": "plain", "defaultMode": 0o1000}}, ".configMap.defaultMode", "from 0 to 511"),
        ({"name": "A"}, ".name", "lower-case"),
    ],
)
def test_faults_of_a_volume(problems_of, pod, written, path, part):
    found = problems_of(pod({"volumes": [{"name": "v", **written}], "configs": CONFIGS}))
    assert list(found) == [f"spec.volumes[0]{path}"]
    assert part in found[f"spec.volumes[0]{path}"]


def test_no_two_volumes_have_one_name(problems_of, pod):
    assert list(problems_of(pod({"volumes": [{"name": "v"}, {"name": "v"}]}))) == ["spec.volumes[1].name"]


def test_a_folder_of_the_node_is_none_of_kubernetes_s(problems_of, running):
    found = problems_of(running("v1", {"volumes": [{"name": "v", "namedVolume": {"name": "x"}}]}))
    assert list(found) == ["spec.volumes[0].namedVolume"]


def test_a_volume_with_a_problem_may_still_be_mounted(problems_of, running):
    volumes = [{"name": "v", "hostPath": {"path": "/"}}]
    found = problems_of(running("v1", {"volumes": volumes}, volumeMounts=[{"name": "v", "mountPath": "/x"}]))
    assert list(found) == ["spec.volumes[0].hostPath"]


@pytest.mark.parametrize(
    "written, source",
    [
        ({"name": "nowhere", "optional": True}, EmptyDir()),
        ({"name": "plain", "optional": True, "items": [{"key": "c", "path": "c"}]}, EmptyDir()),
        (
            {"name": "plain", "optional": True, "items": [{"key": "c", "path": "c"}, {"key": "a", "path": "a"}]},
            ConfigVolume(config="plain", items={"a": "a"}),
        ),
    ],
)
def test_what_is_optional_and_not_there_is_left_out_with_a_warning(pod, written, source):
    manifest = parse_document(pod({"volumes": [{"name": "v", "configMap": written}], "configs": CONFIGS}))
    assert manifest.spec.volumes[0].source == source
    (warning,) = manifest.warnings
    assert "left out, since it is optional" in warning
