"""Whether a machine is the one it says it is: the files in which ssh keeps the host keys that were accepted."""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from kube9.backends.ssh.failures import MachineRefused

if TYPE_CHECKING:
    from paramiko import PKey

__all__ = ["KnownKey", "check_host_key", "fingerprint", "known_keys"]


@frozen(kw_only=True)
class KnownKey:
    """A line of such a file."""

    kind: str
    data: bytes
    path: Path
    line: int
    #: It was struck out for good.
    revoked: bool = False


def fingerprint(data: bytes) -> str:
    """As ``ssh-keygen -l`` writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(data).digest()).decode("ascii").rstrip("=")


def known_keys(name: str, files: Sequence[Path]) -> list[KnownKey]:
    """Those that are listed under ``name``; lines that cannot be read are passed over, as ssh does.

    :param name: of a host; with ``[..]:port`` where that is not the usual one.
    """
    return [key for path in files for key in _read(name, path)]


def _read(name: str, path: Path) -> Iterator[KnownKey]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for number, line in enumerate(lines, start=1):
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#") or marker not in ("", "@revoked"):
            continue
        if not _matches(name, words[0]):
            continue
        try:
            data = base64.b64decode(words[2], validate=True)
        except ValueError:
            continue
        yield KnownKey(kind=words[1], data=data, path=path, line=number, revoked=marker == "@revoked")


def _matches(name: str, patterns: str) -> bool:
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            found = found or _is_hash_of(name, pattern)
        elif pattern.startswith("!"):
            if _is_like(name, pattern[1:]):
                return False
        else:
            found = found or _is_like(name, pattern)
    return found


def _is_like(name: str, pattern: str) -> bool:
    """``*`` and ``?`` stand for others; brackets, which are part of names, stand for themselves."""
    return fnmatchcase(name.lower(), pattern.lower().replace("[", "[[]"))


def _is_hash_of(name: str, pattern: str) -> bool:
    from paramiko.hostkeys import HostKeys

    try:
        return bool(HostKeys.hash_host(name, pattern) == pattern)
    except Exception:  # whatever paramiko finds wrong with it, the line is none that names this host
        return False


def check_host_key(name: str, key: PKey, files: Sequence[Path]) -> None:
    """Nothing, where it is the one that is known.

    :raises MachineRefused: it is not, or none is.
    """
    data, kind = key.asbytes(), key.get_name()
    known = known_keys(name, files)
    for each in known:
        if each.revoked and each.data == data:
            raise MachineRefused(
                f"THE HOST KEY OF {name} IS REVOKED by {each.path}:{each.line}: {kind} {fingerprint(data)}; whoever "
                "answers there is not to be trusted"
            )
    valid = [each for each in known if not each.revoked]
    if any(each.data == data and each.kind == kind for each in valid):
        return
    if valid:
        raise _changed(name, kind, data, valid)
    line = shlex.quote(f"{name} {kind} {base64.b64encode(data).decode('ascii')}")
    raise MachineRefused(
        f"the host key of {name} is not known: it offers {kind} {fingerprint(data)}. Compare that with what "
        f"'ssh-keygen -lf /etc/ssh/ssh_host_{_short(kind)}_key.pub' says on the machine itself; if it is the same, "
        f"accept it on the server's machine by: echo {line} >> {shlex.quote(str(files[0]))}"
    )


def _changed(name: str, kind: str, data: bytes, known: Sequence[KnownKey]) -> MachineRefused:
    like = next((each for each in known if each.kind == kind), known[0])
    return MachineRefused(
        f"THE HOST KEY OF {name} HAS CHANGED; somebody may be listening in. It offers {kind} {fingerprint(data)}, and "
        f"{like.path}:{like.line} has {like.kind} {fingerprint(like.data)}. Nothing was sent to it. Only if you know "
        f"why it is another, such as a machine that was installed anew: ssh-keygen -R {shlex.quote(name)} "
        f"-f {shlex.quote(str(like.path))}"
    )


def _short(kind: str) -> str:
    for name in ("ed25519", "ecdsa", "rsa"):
        if name in kind:
            return name
    return kind
