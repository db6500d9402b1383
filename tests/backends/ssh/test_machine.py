from __future__ import annotations

import stat

import pytest

from kube9.backends.ssh.failures import MachineRefused

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]


def test_files_are_put_and_shown_and_taken_away(reach):
    sshd, machine = reach()
    assert machine.look("a", "b").files == {"a": "", "b": ""}
    machine.put({"a": b"one", "b": "zwö".encode()})
    found = machine.look("a", "b")
    assert found.files == {"a": "one", "b": "zwö"}
    assert found.folder == str(sshd.root / "c-0123abcd" / "n1")
    machine.put({"a": b"two"})
    assert machine.look("a", "b").files == {"a": "two", "b": "zwö"}
    machine.remove_folder()
    assert not sshd.root.exists()


def test_all_of_it_is_its_owners_alone(reach):
    sshd, machine = reach()
    machine.put({"token": b"secret"})
    folder = machine.look().folder
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (sshd.root, *sshd.root.rglob("*"))}
    assert folder.endswith("/c-0123abcd/n1")
    assert modes == {"kube9": 0o700, "c-0123abcd": 0o700, "n1": 0o700, "token": 0o600}


@pytest.mark.parametrize("trap", ["link", "open"])
def test_a_folder_that_others_may_have_made_is_refused(reach, tmp_path, trap):
    sshd, machine = reach()
    if trap == "link":
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        sshd.root.symlink_to(elsewhere)
    else:
        sshd.root.mkdir()
        sshd.root.chmod(0o777)
    with pytest.raises(MachineRefused, match=r"is no folder of|may be changed by others"):
        machine.put({"token": b"secret"})
    assert [path.name for path in tmp_path.rglob("token")] == []


def test_what_is_beside_a_node_stays_when_it_goes(reach, machines):
    sshd, machine = reach()
    machine.put({"a": b"one"})
    beside = sshd.root / "c-0123abcd" / "n2"
    beside.mkdir()
    machine.remove_folder()
    assert list((sshd.root / "c-0123abcd").iterdir()) == [beside]
    machines.forget(machine.node_uid)
    assert machines.known(machine.node_uid) is None
    assert machine.leaving.is_set()


def test_it_is_told_what_cannot_be_reached_from_there(reach):
    sshd, machine = reach()
    assert machine.look(reach=("127.0.0.1", sshd.port)).unreached == ""
    assert "refused" in machine.look(reach=("127.0.0.1", 9)).unreached


def test_a_python_that_has_gone_is_looked_for_anew(reach, tmp_path):
    own = tmp_path / "python"
    own.symlink_to("/bin/false")
    _, machine = reach(python=str(own))
    with pytest.raises(MachineRefused):
        machine.look()
    own.unlink()
    own.symlink_to("/usr/bin/env")
    with pytest.raises(MachineRefused):
        machine.look()
