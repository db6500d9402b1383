from __future__ import annotations

import pytest

from kube9.agent import labels
from kube9.agent.mounts import SUBPATH_API, files, holding_mounts, mounts

LABELS = {
    labels.CLUSTER: "c-1",
    labels.NODE: "n1",
    labels.NODE_UID: "u-n1",
    labels.POD_UID: "p",
    labels.EPOCH: "2",
}
OLD = (1, 41)


def mounted(**words):
    return {"volumeMounts": [{"name": "v", "mountPath": "/data", **words}]}


def volume(**source):
    return {"volumes": [{"name": "v", **source}]}


def test_an_empty_folder_of_the_copy():
    assert mounts(mounted(readOnly=True), volume(emptyDir={"sizeLimit": "1Gi"}), LABELS, OLD) == [
        {
            "Type": "volume",
            "Source": "kube9_c-1_p_2_v",
            "Target": "/data",
            "ReadOnly": True,
            "VolumeOptions": {"NoCopy": True, "Labels": {**LABELS, labels.ROLE: "volume"}},
        }
    ]


def test_a_volume_without_source_is_an_empty_folder():
    assert mounts(mounted(), volume(), LABELS, OLD)[0]["Source"] == "kube9_c-1_p_2_v"


def test_one_in_memory():
    spec = volume(emptyDir={"medium": "Memory", "sizeLimit": "64Mi"})
    driver = mounts(mounted(), spec, LABELS, OLD)[0]["VolumeOptions"]["DriverConfig"]
    assert driver == {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs", "o": "size=67108864"}}
    (held,) = holding_mounts(spec, LABELS)
    assert (held["Source"], held["Target"]) == ("kube9_c-1_p_2_v", "/kube9/v")
    assert holding_mounts(volume(emptyDir={}), LABELS) == []


def test_a_named_volume_is_the_nodes_and_no_pods():
    (mount,) = mounts(mounted(), volume(namedVolume={"name": "uploads"}), LABELS, OLD)
    assert mount["Source"] == "kube9_c-1_n1_uploads"
    assert labels.POD_UID not in mount["VolumeOptions"]["Labels"]
    assert mount["VolumeOptions"]["Labels"][labels.NODE_UID] == "u-n1"


def test_a_part_of_a_volume_where_the_engine_can():
    (mount,) = mounts(mounted(subPath="web"), volume(emptyDir={}), LABELS, SUBPATH_API)
    assert mount["VolumeOptions"]["Subpath"] == "web"
    with pytest.raises(ValueError, match="volume v: this node's engine mounts no subPath; Docker 26 or later does"):
        mounts(mounted(subPath="web"), volume(emptyDir={}), LABELS, OLD)


def test_a_mount_of_what_is_not_there():
    with pytest.raises(ValueError, match="the pod has no volume 'v'"):
        mounts(mounted(), {}, LABELS, OLD)


CONFIGS = {"configs": [{"name": "web", "data": {"a": "A", "b": "B"}}]}


def put(container, source):
    spec = {"volumes": [{"name": "v", **source}], **CONFIGS}
    assert mounts(container, spec, LABELS, OLD) == []
    return [(each.path, each.data, each.mode, each.root) for each in files(container, spec)]


def test_a_file_for_each_key():
    assert put(mounted(), {"configMap": {"name": "web"}}) == [
        ("/data/a", b"A", 0o644, "/data"),
        ("/data/b", b"B", 0o644, "/data"),
    ]


def test_items_and_mode():
    source = {"secret": {"secretName": "web", "items": [{"key": "b", "path": "x/y"}], "defaultMode": 0o400}}
    assert put(mounted(), source) == [("/data/x/y", b"B", 0o400, "/data")]


def test_one_file_of_it():
    assert put(mounted(subPath="a"), {"configMap": {"name": "web"}}) == [("/data", b"A", 0o644, "")]


def test_one_folder_of_it():
    items = [{"key": "a", "path": "x/y/a"}, {"key": "b", "path": "b"}]
    source = {"configMap": {"name": "web", "items": items}}
    assert put(mounted(subPath="x/"), source) == [("/data/y/a", b"A", 0o644, "/data")]


def test_a_part_that_is_not_in_it():
    with pytest.raises(ValueError, match="volume v: it has no file 'c'"):
        put(mounted(subPath="c"), {"configMap": {"name": "web"}})
