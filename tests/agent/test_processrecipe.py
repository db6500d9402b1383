from __future__ import annotations

import pytest

from kube9.agent.brain import StartOrder
from kube9.agent.processrecipe import Link, folder_name, log_path, process_recipe

FOLDER, KEPT = "/node/pods/p1-1", "/node/volumes"


def recipe(container, cpu_milli=4_000, **spec):
    order = StartOrder("p1", 1, "default", "web", "", spec, {"gpu": (0, 2)})
    return process_recipe(order, {"name": "main", **container}, FOLDER, KEPT, cpu_milli)


def test_a_container_is_its_command_with_its_arguments():
    assert recipe({"command": ["a", "b"], "args": ["c", "$(D)"]}).argv == ("a", "b", "c", "$(D)")


def test_an_image_alone_is_no_process():
    with pytest.raises(ValueError, match="a process needs a command"):
        recipe({"image": "web:1", "args": ["x"]})


def test_the_environment_is_the_pods_own_and_little_else():
    made = recipe({"command": ["a"], "env": [{"name": "PATH", "value": "/opt"}, {"name": "X", "value": "y=z\n"}]})
    assert made.env == {
        "PATH": "/opt",
        "LANG": "C.UTF-8",
        "HOME": f"{FOLDER}/files/main",
        "X": "y=z\n",
        "KUBE9_DEVICES_GPU": "0,2",
        "KUBE9_VOLUMES": f"{FOLDER}/volumes",
    }


@pytest.mark.parametrize(
    "said,cwd", [("", f"{FOLDER}/files/main"), ("sub", f"{FOLDER}/files/main/sub"), ("/srv/app/", "/srv/app")]
)
def test_its_working_directory_is_its_own_folder_unless_it_says_otherwise(said, cwd):
    made = recipe({"command": ["a"], "workingDir": said})
    assert made.cwd == cwd
    assert (cwd in made.folders) is cwd.startswith(FOLDER)


def test_limits_are_whole_numbers_and_a_share_of_the_machine():
    made = recipe({"command": ["a"], "resources": {"limits": {"cpu": "400m", "memory": "64Mi"}}})
    assert (made.cpu_milli, made.memory_bytes, made.nice) == (400, 64 * 2**20, 10)
    assert recipe({"command": ["a"]}).nice == 0
    assert recipe({"command": ["a"], "resources": {"limits": {"cpu": "8"}}}).nice == 0
    assert recipe({"command": ["a"], "resources": {"limits": {"cpu": "1m"}}}).nice == 19


def test_a_volume_is_a_folder_and_a_link_where_it_is_mounted_below_the_working_directory():
    made = recipe(
        {
            "command": ["a"],
            "workingDir": "/srv",
            "volumeMounts": [{"name": "data", "mountPath": "/srv/x/data", "subPath": "part"}],
        },
        volumes=[{"name": "data", "emptyDir": {}}, {"name": "kept", "namedVolume": {"name": "db"}}],
    )
    assert f"{FOLDER}/volumes/data" in made.folders
    assert f"{KEPT}/db" in made.folders
    assert made.links == (
        Link(f"{FOLDER}/volumes/kept", f"{KEPT}/db"),
        Link("/srv/x/data", f"{FOLDER}/volumes/data/part"),
    )


@pytest.mark.parametrize("mode,expected", [(None, 0o600), (0o644, 0o600), (0o755, 0o700), (0o400, 0o400)])
def test_the_files_of_a_config_are_for_nobody_else(mode, expected):
    source = {"name": "c", **({} if mode is None else {"defaultMode": mode})}
    made = recipe(
        {"command": ["a"]},
        volumes=[{"name": "v", "configMap": source}],
        configs=[{"name": "c", "data": {"key": "text"}}],
    )
    (file,) = made.files
    assert (file.path, file.data, file.mode) == (f"{FOLDER}/volumes/v/key", b"text", expected)
    assert "text" not in repr(file)


MOUNT = {"name": "v", "mountPath": "/srv/v"}


@pytest.mark.parametrize(
    "container,volume,why",
    [
        (
            {"volumeMounts": [{**MOUNT, "mountPath": "/data"}]},
            {"emptyDir": {}},
            r"it is at \$KUBE9_VOLUMES/v in any case",
        ),
        ({"volumeMounts": [{**MOUNT, "mountPath": "/srv"}]}, {"emptyDir": {}}, "is not below the workingDir"),
        ({"volumeMounts": [{**MOUNT, "mountPath": "/srv/../etc"}]}, {"emptyDir": {}}, "is not below the workingDir"),
        ({"volumeMounts": [{**MOUNT, "mountPath": "/srvx"}]}, {"emptyDir": {}}, "is not below the workingDir"),
        ({"volumeMounts": [{**MOUNT, "readOnly": True}]}, {"emptyDir": {}}, "cannot keep it from being written"),
        ({"volumeMounts": [{**MOUNT, "subPath": "../x"}]}, {"emptyDir": {}}, "leads out of it"),
        ({"volumeMounts": [{**MOUNT, "name": "w"}]}, {"emptyDir": {}}, "the pod has no volume 'w'"),
        ({}, {"emptyDir": {"medium": "Memory"}}, "medium Memory"),
        ({}, {"configMap": {"name": "missing"}}, "brings no config 'missing'"),
        ({}, {"configMap": {"name": "c", "items": [{"key": "k", "path": "../../x"}]}}, "leads out of it"),
        ({}, {"configMap": {"name": "c", "items": [{"key": "k", "path": "/x"}]}}, "leads out of it"),
        ({}, {"namedVolume": {"name": "../x"}}, "cannot be the name of a folder"),
        ({"name": "../x"}, {"emptyDir": {}}, "cannot be the name of a folder"),
    ],
)
def test_what_a_process_cannot_have_is_refused(container, volume, why):
    spec = {"volumes": [{"name": "v", **volume}], "configs": [{"name": "c", "data": {"k": "t"}}]}
    with pytest.raises(ValueError, match=why):
        recipe({"command": ["a"], "workingDir": "/srv", **container}, **spec)


@pytest.mark.parametrize("uid", ["", ".", "..", "a/b", "-x", "a\nb", "a\0", "x" * 300])
def test_what_is_no_name_of_a_folder_is_refused(uid):
    with pytest.raises(ValueError, match="cannot be the name of a folder"):
        folder_name(uid, 1)
    with pytest.raises(ValueError, match="cannot be the name of a folder"):
        log_path(FOLDER, uid, 1)


def test_each_start_of_a_container_has_a_log_of_its_own():
    assert folder_name("p-1", 3) == "p-1-3"
    assert log_path(FOLDER, "main", 2) == f"{FOLDER}/logs/main/2.log"
