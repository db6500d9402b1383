from __future__ import annotations

import base64
import subprocess

import pytest

from kube9.backends.ssh.hostkeys import fingerprint, known_keys


def line(names, data=b"key", kind="ssh-ed25519"):
    return f"{names} {kind} {base64.b64encode(data).decode()}\n"


@pytest.mark.parametrize(
    "names, name, known",
    [
        ("web1", "web1", True),
        ("web1,10.0.0.5", "10.0.0.5", True),
        ("WEB1", "web1", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com,!b.example.com", "b.example.com", False),
        ("[web1]:2222", "[web1]:2222", True),
        ("[web1]:2222", "web1", False),
        ("web1", "web2", False),
        ("web?", "web12", False),
    ],
)
def test_a_line_is_for_the_hosts_that_it_names(tmp_path, names, name, known):
    path = tmp_path / "known_hosts"
    path.write_text("# comment\n\nnonsense\n" + line(names), encoding="utf-8")
    assert [key.line for key in known_keys(name, [path])] == ([4] if known else [])


def test_names_may_be_hashed(ssh, tmp_path):
    path = tmp_path / "known_hosts"
    path.write_text(f"[web1]:22 {ssh.key.with_suffix('.pub').read_text(encoding='utf-8')}".replace("[web1]:22", "web1"))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(path)], check=True, capture_output=True)
    assert "web1" not in path.read_text(encoding="utf-8")
    assert [key.kind for key in known_keys("web1", [path])] == ["ssh-ed25519"]
    assert known_keys("web2", [path]) == []


def test_revoked_keys_are_told_and_those_of_authorities_are_not_taken(tmp_path):
    path = tmp_path / "known_hosts"
    path.write_text("@revoked " + line("web1") + "@cert-authority " + line("web1"), encoding="utf-8")
    assert [(key.line, key.revoked) for key in known_keys("web1", [path])] == [(1, True)]


def test_a_fingerprint_is_as_ssh_keygen_writes_it(ssh):
    public = ssh.key.with_suffix(".pub")
    shown = subprocess.run(["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True).stdout
    assert shown.split()[1] == fingerprint(base64.b64decode(public.read_text(encoding="utf-8").split()[1]))


def test_a_file_that_is_not_there_has_none(tmp_path):
    assert known_keys("web1", [tmp_path / "none"]) == []
