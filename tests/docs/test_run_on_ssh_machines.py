"""The steps of docs/howto/run-on-ssh-machines.md, one after the other in a real shell, on two machines of their own."""

from __future__ import annotations

import re

import pytest
from attrs import fields

from kube9.backends.ssh.settings import PASSPHRASE_VARIABLE, PASSWORD_VARIABLE, MachineOptions, SshSettings

PAGE = "docs/howto/run-on-ssh-machines.md"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_every_step_works_and_shows_what_the_page_shows(page, ssh):
    (page.home / ".ssh").symlink_to(ssh.folder / ".ssh")
    page.env.pop("SSH_AUTH_SOCK", None)
    machines = {name: ssh.machine(name) for name in ("web1", "web2")}
    # The addresses of the page are those of nobody here.
    lines = [
        f"  {name}: {{host: 127.0.0.1, port: {each.port}, user: {each.user}, "
        f"options: {{folder: {each.root}, runtime: process}}}}"
        for name, each in machines.items()
    ]
    assert all(f"  {name}: {{host: " in page.files["machines.yaml"] for name in machines)
    text = "\n".join(["defaults: {labels: {rack: r1}}", "hosts:", *lines, ""])
    (page.home / "machines.yaml").write_text(text, encoding="utf-8")
    page.follow_all()
    assert ssh.left() == {}
    assert [each.root.exists() for each in machines.values()] == [False, False]


def test_there_are_steps(page):
    assert len(page.steps) >= 9
    assert set(page.files) == {"machines.yaml", "clock.yaml"}


def test_every_option_is_told_with_its_default(page):
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", page.text, flags=re.MULTILINE))
    plain = {each.name: str(each.default) for each in fields(SshSettings) if each.default}
    assert {name: told[name].strip("`") for name in plain} == plain
    assert all(f"`{each.name}`" in page.text for each in (*fields(SshSettings), *fields(MachineOptions)))
    assert PASSWORD_VARIABLE in page.text
    assert PASSPHRASE_VARIABLE in page.text
