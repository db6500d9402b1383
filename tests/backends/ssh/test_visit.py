from __future__ import annotations

import pytest

from kube9.backends.ssh.failures import MachineAway, MachineRefused
from kube9.backends.ssh.link import Link
from kube9.backends.ssh.login import Login
from kube9.backends.ssh.settings import read_machine
from kube9.backends.ssh.target import SshConfig
from kube9.backends.ssh.visit import Visit

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]

PYTHONS = ("python3",)
BELOW = ("cluster", "node")


@pytest.fixture
def machine(ssh):
    return ssh.machine()


@pytest.fixture
def link(ssh, machine):
    login = Login(timeout_ms=20_000, keepalive_ms=15_000, environment=ssh.environment)
    target = SshConfig(ssh.config, (ssh.known_hosts,)).target(read_machine(machine.options), "m")
    link = Link("m", lambda: login.connect(target), channels=4, timeout_ms=20_000)
    yield link
    link.close()


def test_all_questions_go_over_one_session_that_is_given_back(link, machine):
    visit = Visit(link, PYTHONS, 20_000)
    for _ in range(3):
        assert visit.ask("look", str(machine.root), BELOW)["folder"] == str(machine.root / "cluster" / "node")
        assert link.turns.used == 1
    visit.close()
    assert (link.turns.used, link.connections) == (0, 1)


def test_what_a_shell_says_first_is_no_answer(link, machine):
    (machine.folder / "authorized_keys").write_text(
        'command="echo welcome; eval \\"$SSH_ORIGINAL_COMMAND\\"" '
        + (machine.folder / "authorized_keys").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    visit = Visit(link, PYTHONS, 20_000)
    assert visit.ask("run", str(machine.root), (), words=("echo", "kube9-errand:{}"))["output"] == "kube9-errand:{}\n"
    visit.close()


def test_a_refusal_ends_no_visit_and_a_machine_without_python_does(link, machine):
    visit = Visit(link, PYTHONS, 20_000)
    machine.root.write_text("no folder", encoding="utf-8")
    with pytest.raises(MachineRefused, match="is no folder of"):
        visit.ask("look", str(machine.root), BELOW)
    assert not visit.over
    visit.close()
    visit = Visit(link, ("/no/python",), 20_000)
    with pytest.raises(MachineRefused, match="no Python 3.8 or later"):
        visit.ask("look", str(machine.root), BELOW)
    assert visit.over
    visit.close()
    assert link.turns.used == 0


def test_what_takes_too_long_or_is_cut_off_is_away(link, machine):
    visit = Visit(link, PYTHONS, 20_000)
    with pytest.raises(MachineAway, match="did not answer"):
        visit.ask("run", str(machine.root), (), timeout_ms=100, words=("sleep", "2"))
    visit.close()
    visit = Visit(link, PYTHONS, 20_000)
    machine.kill()
    with pytest.raises(MachineAway, match="broke"):
        visit.ask("look", str(machine.root), BELOW)
    visit.close()
    assert link.turns.used == 0
