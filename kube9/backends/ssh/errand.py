"""The first thing that is run on a machine: a program that finds things out, and puts files in their places.

Neither it nor the command that finds a Python for it ever changes; what it is to do it reads from its input.
"""

from __future__ import annotations

import base64
import json
import shlex
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.link import Done

__all__ = ["PYTHONS", "errand_command", "errand_input", "read_errand"]

#: Tried in this order.
PYTHONS = ("python3", *(f"python3.{minor}" for minor in range(14, 7, -1)), "/usr/bin/python3", "/usr/local/bin/python3")

#: What the line with the answer begins with: a login shell may have words of its own.
_MARK = "kube9-errand:"
_NO_PYTHON = 86

_PROGRAM = f"""
import base64, hashlib, json, os, pwd, shutil, socket, sys

def content(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None

def own(path):
    about = os.lstat(path)
    if not os.path.isdir(path) or os.path.islink(path) or about.st_uid != os.getuid():
        raise SystemExit("%s is there and is no folder of %s's" % (path, os.environ.get("USER") or os.getuid()))
    if about.st_mode & 0o022:
        raise SystemExit("%s may be changed by others: chmod go-w it" % path)

def put(folder, name, data):
    path = os.path.join(folder, name)
    if content(path) == data:
        os.chmod(path, 0o600)
        return
    new = path + ".new"
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            os.chmod(new, 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path)
    except OSError:
        try:
            os.unlink(new)
        except OSError:
            pass
        raise

def reach(place):
    try:
        socket.create_connection(place, 5).close()
        return ""
    except OSError as exc:
        return str(exc) or type(exc).__name__

def lingers():
    try:
        return os.path.exists("/var/lib/systemd/linger/" + pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return False

def run(asked):
    os.umask(0o077)
    home = os.path.expanduser("~")
    parts = [os.path.join(home, asked["root"])]
    for part in asked["below"]:
        parts.append(os.path.join(parts[-1], part))
    folder = parts[-1]
    if asked["files"]:
        os.makedirs(folder, 0o700, exist_ok=True)
    for part in parts:
        if os.path.lexists(part):
            own(part)
    for name in sorted(asked["files"]):
        put(folder, name, base64.b64decode(asked["files"][name]))
    if asked["remove"]:
        if os.path.lexists(folder):
            shutil.rmtree(folder)
        for part in reversed(parts[:-1]):
            try:
                os.rmdir(part)
            except OSError:
                break
    agent = content(os.path.join(folder, "agent.pyz"))
    there = parts[0]
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    free = os.statvfs(there)
    return {{
        "home": home,
        "folder": folder,
        "python": sys.executable,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "agent": None if agent is None else hashlib.sha256(agent).hexdigest(),
        "free": free.f_bavail * free.f_frsize,
        "lingers": lingers(),
        "unreached": reach(asked["reach"]) if asked["reach"] else "",
        "files": {{name: (content(os.path.join(folder, name)) or b"").decode("utf-8", "replace")
                  for name in asked["show"]}},
    }}

try:
    answer = run(json.load(sys.stdin))
except (Exception, SystemExit) as exc:
    answer = {{"error": str(exc) or type(exc).__name__}}
print("{_MARK}" + json.dumps(answer))
"""

#: Of no characters that any shell makes something of within quotes, csh included.
_PACKED = base64.b64encode(zlib.compress(_PROGRAM.encode(), 9)).decode("ascii")
_TOO_OLD = 87
_UNPACK = (
    f"import sys; sys.version_info < (3, 8) and sys.exit({_TOO_OLD}); "
    f'import base64,zlib;exec(zlib.decompress(base64.b64decode("{_PACKED}")))'
)
#: A Python 2 ends with 2 at an option that it does not know, and a shell with 126 or 127 where there is no program.
_FIND = (
    'program="$1"; shift; for each in "$@"; do '
    '"$each" -I -c "$program" 2>/dev/null; code=$?; '
    f"case $code in 2|{_TOO_OLD}|126|127) ;; *) exit $code ;; esac; "
    "done; "
    'for each in "$@"; do "$each" -c "import sys; print(sys.executable, sys.version.split()[0])" 2>/dev/null; done; '
    f"exit {_NO_PYTHON}"
)


def errand_command(pythons: Sequence[str] = PYTHONS) -> str:
    """What is run.

    :param pythons: programs to try; checked already to have no characters that need to be quoted.
    """
    return shlex.join(["sh", "-c", _FIND, "kube9", _UNPACK, *pythons])


def errand_input(
    root: str,
    below: Sequence[str],
    *,
    files: Mapping[str, bytes] | None = None,
    show: Sequence[str] = (),
    remove: bool = False,
    reach: tuple[str, int] | None = None,
) -> bytes:
    """What it reads.

    :param root: a folder, absolute or below the home.
    :param below: the folders in it, one in the other, the last of which is the node's.
    :param files: to be put there, for their owner's eyes.
    :param show: whose content is wanted.
    :param reach: a host and a port that are to be tried from there.
    :param remove: take the node's folder away, and those around it that are empty then.
    """
    packed = {name: base64.b64encode(data).decode("ascii") for name, data in (files or {}).items()}
    asked: dict[str, Any] = {"root": root, "below": list(below), "files": packed, "show": list(show), "remove": remove}
    asked["reach"] = reach
    return json.dumps(asked).encode()


def read_errand(done: Done, where: str, pythons: Sequence[str]) -> Mapping[str, Any]:
    """What it found.

    :raises MachineRefused: there is no Python that will do, or it could not do what it was to.
    """
    for line in reversed(done.output.decode("utf-8", "replace").splitlines()):
        if line.startswith(_MARK):
            answer = json.loads(line[len(_MARK) :])
            if error := answer.get("error"):
                raise MachineRefused(f"{where}: {error}")
            return dict(answer)
    if done.exit_code == _NO_PYTHON:
        found = ", ".join(done.output.decode("utf-8", "replace").split("\n")).strip(", ")
        raise MachineRefused(
            f"{where} has no Python 3.8 or later: looked for {', '.join(pythons)}"
            + (f", and found {found}" if found else "")
            + "; install one there, or say where it is by --option python=PATH"
        )
    raise MachineRefused(f"{where} runs no commands as sh does: {done.last_words}")
