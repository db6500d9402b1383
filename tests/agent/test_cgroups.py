from __future__ import annotations

from pathlib import Path

import pytest

from kube9.agent.cgroups import Cgroup, delegated, own_cgroup, take_over


@pytest.fixture
def tree(tmp_path):
    """As much of a group as a plain folder can be."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    (tmp_path / "cgroup.procs").write_text("11\n12\n")
    return tmp_path


def test_the_group_of_this_process_is_that_of_version_2(tree):
    told = tree / "told"
    told.write_text("12:cpu:/elsewhere\n0::/user.slice/x\n")
    assert own_cgroup(str(told), str(tree)) == f"{tree}/user.slice/x"


@pytest.mark.parametrize("text", ["12:cpu:/elsewhere\n", ""])
def test_there_is_none_where_the_machine_has_version_1(tree, text):
    told = tree / "told"
    told.write_text(text)
    assert own_cgroup(str(told), str(tree)) is None
    assert own_cgroup(str(tree / "missing"), str(tree)) is None


def test_there_is_none_where_version_2_is_not_mounted_there(tmp_path):
    told = tmp_path / "told"
    told.write_text("0::/x\n")
    assert own_cgroup(str(told), str(tmp_path)) is None


def test_what_was_in_it_makes_room_for_groups_with_limits(tree):
    assert take_over(str(tree)).folder == str(tree)
    assert (tree / "cgroup.subtree_control").read_text() == "+cpu +memory"
    assert (tree / "kube9" / "cgroup.procs").read_text() == "12"  # one after the other, each in one write


def test_one_that_was_taken_over_before_is_left_as_it_is(tree):
    (tree / "cgroup.subtree_control").write_text("cpu memory\n")
    assert take_over(str(tree)) is not None
    assert not (tree / "kube9").exists()


@pytest.mark.parametrize("controllers", ["cpu", "memory pids", ""])
def test_one_without_both_controllers_is_of_no_use(tree, controllers):
    (tree / "cgroup.controllers").write_text(controllers)
    assert not delegated(str(tree))
    assert take_over(str(tree)) is None


def test_one_that_is_not_there_is_of_no_use(tmp_path):
    assert not delegated(None)
    assert not delegated(str(tmp_path / "missing"))


def test_limits_are_written_as_the_kernel_reads_them(tree):
    group = Cgroup(str(tree)).make("a", 1_500, 2**20)
    texts = {path.name: path.read_text() for path in Path(group.folder).iterdir()}
    assert texts == {
        "cpu.max": "150000 100000",
        "memory.max": "1048576",
        "memory.swap.max": "0",
        "memory.oom.group": "1",
    }


def test_no_limit_is_none(tree):
    assert list(Path(Cgroup(str(tree)).make("a", 0, 0).folder).iterdir()) == []


def test_it_tells_what_is_used_and_whether_memory_was_short(tree):
    group = Cgroup(str(tree)).make("a", 0, 0)
    assert group.use() == (0, 0)
    assert not group.was_short_of_memory()
    folder = Path(group.folder)
    (folder / "cpu.stat").write_text("usage_usec 1234567\nuser_usec 1\n")
    (folder / "memory.current").write_text("4096\n")
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 0\noom_group_kill 0\n")
    assert group.use() == (1_234, 4_096)
    assert not group.was_short_of_memory()
    (folder / "memory.events").write_text("max 3\noom 1\noom_kill 2\n")
    assert group.was_short_of_memory()


def test_all_in_it_is_ended_at_once_where_the_kernel_can(tree):
    group = Cgroup(str(tree)).make("a", 0, 0)
    assert not group.kill()
    (Path(group.folder) / "cgroup.kill").write_text("")
    assert group.kill()
    assert (Path(group.folder) / "cgroup.kill").read_text() == "1"


def test_it_is_removed_once_it_is_empty(tree):
    group = Cgroup(str(tree)).make("a", 0, 0)
    inside = Path(group.folder) / "inside"
    inside.mkdir()
    assert not group.remove()
    inside.rmdir()
    assert group.remove()
    assert group.remove()
