"""What is run on a machine: a program that finds things out, puts files in their places, and asks the agent's program.

Neither it nor the command that finds a Python for it ever changes; what it is to do it reads from its input, one thing
after the other, until that ends. A Python takes longer to start than all it is asked for, so that one does for a visit.
"""

from __future__ import annotations

import base64
import json
import shlex
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from kube9.backends.ssh.failures import MachineRefused

__all__ = ["MARK", "PYTHONS", "errand_command", "errand_question", "no_python", "read_errand"]

#: Tried in this order.
PYTHONS = ("python3", *(f"python3.{minor}" for minor in range(14, 7, -1)), "/usr/bin/python3", "/usr/local/bin/python3")

#: What the line with an answer begins with: a login shell may have words of its own.
MARK = b"kube9-errand:"
_NO_PYTHON = 86

_PROGRAM = f"""
import json, os, sys

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

def write(folder, name, data):
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
    import socket
    try:
        socket.create_connection(place, 5).close()
        return ""
    except OSError as exc:
        return str(exc) or type(exc).__name__

def lingers():
    import pwd
    try:
        return os.path.exists("/var/lib/systemd/linger/" + pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return False

def digest(data):
    if data is None:
        return None
    import hashlib
    return hashlib.sha256(data).hexdigest()

def look(asked, parts):
    folder, there = parts[-1], parts[0]
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    free = os.statvfs(there)
    return {{
        "home": os.path.expanduser("~"),
        "folder": folder,
        "python": sys.executable,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "agent": digest(content(os.path.join(folder, "agent.pyz"))),
        "free": free.f_bavail * free.f_frsize,
        "lingers": lingers(),
        "unreached": reach(asked["reach"]) if asked.get("reach") else "",
        "files": {{name: (content(os.path.join(folder, name)) or b"").decode("utf-8", "replace")
                  for name in asked.get("show", ())}},
    }}

def put(asked, parts):
    for name in sorted(asked["files"]):
        write(parts[-1], name, asked["files"][name])
    return {{}}

def remove(asked, parts):
    if os.path.lexists(parts[-1]):
        import shutil
        shutil.rmtree(parts[-1])
    for part in reversed(parts[:-1]):
        try:
            os.rmdir(part)
        except OSError:
            break
    return {{}}

def unlink(asked, parts):
    try:
        os.unlink(os.path.join(parts[-1], asked["name"]))
    except FileNotFoundError:
        pass
    return {{}}

def run(asked, parts):
    import subprocess
    try:
        done = subprocess.run(
            asked["words"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as exc:
        return {{"code": 127, "output": "%s: %s" % (asked["words"][0], exc.strerror)}}
    return {{"code": done.returncode, "output": done.stdout.decode("utf-8", "replace")}}

def agent(asked, parts):
    said, saying = os.pipe()
    child = os.fork()
    if not child:
        code = 125
        try:
            void = os.open(os.devnull, os.O_RDWR)
            for number, file in enumerate((void, saying, saying)):
                os.dup2(file, number)
            for file in (void, said, saying):
                os.close(file)
            program = os.path.join(parts[-1], "agent.pyz")
            sys.argv[:] = [program, asked["word"], "--config", parts[-1]]
            sys.path.insert(0, program)
            from kube9.agent.commands import main
            code = main()
            sys.stdout.flush()
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    os.close(saying)
    with os.fdopen(said, "rb") as file:
        output = file.read()
    status = os.waitpid(child, 0)[1]
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    return {{"code": code, "output": output.decode("utf-8", "replace")}}

def do(asked):
    before = os.umask(0o077)
    try:
        parts = [os.path.join(os.path.expanduser("~"), asked["root"])]
        for part in asked["below"]:
            parts.append(os.path.join(parts[-1], part))
        if asked["do"] == "put":
            os.makedirs(parts[-1], 0o700, exist_ok=True)
        for part in parts:
            if os.path.lexists(part):
                own(part)
        if asked["do"] == "put":
            return put(asked, parts)
    finally:
        os.umask(before)
    return {{"look": look, "remove": remove, "unlink": unlink, "run": run, "agent": agent}}[asked["do"]](asked, parts)

def read(size):
    data = sys.stdin.buffer.read(size)
    if len(data) != size:
        os._exit(0)
    return data

for line in iter(sys.stdin.buffer.readline, b""):
    asked = json.loads(line)
    asked["files"] = {{name: read(size) for name, size in asked["files"]}}
    try:
        answer = do(asked)
    except (Exception, SystemExit) as exc:
        answer = {{"error": str(exc) or type(exc).__name__}}
    print("{MARK.decode()}" + json.dumps(answer), flush=True)
os._exit(0)
"""

#: Of no characters that any shell makes something of within quotes, csh included.
_PACKED = base64.b64encode(zlib.compress(_PROGRAM.encode(), 9)).decode("ascii")
_TOO_OLD = 87
_UNPACK = (
    f"import sys; sys.version_info < (3, 8) and sys.exit({_TOO_OLD}); "
    f'import binascii,zlib;exec(zlib.decompress(binascii.a2b_base64("{_PACKED}")))'
)
#: A Python 2 ends with 2 at an option that it does not know, and a shell with 126 or 127 where there is no program.
_FIND = (
    'program="$1"; shift; for each in "$@"; do '
    '"$each" -I -S -c "$program" 2>/dev/null; code=$?; '
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


def errand_question(
    do: str, root: str, below: Sequence[str], files: Mapping[str, bytes] | None = None, **about: Any
) -> bytes:
    """What it reads, to do one thing.

    :param do: look, put, remove, unlink, run or agent.
    :param root: a folder, absolute or below the home.
    :param below: the folders in it, one in the other, the last of which is the one that is meant.
    :param files: to be put there, for their owner's eyes.
    :param about: to look: ``show``, names of files whose content is wanted, and ``reach``, a host and a port that are
        to be tried from there. To unlink: ``name``. To run: ``words``. To ask the agent's program: ``word``.
    """
    sizes = [(name, len(data)) for name, data in (files or {}).items()]
    asked = {"do": do, "root": root, "below": list(below), "files": sizes, **about}
    return b"".join([json.dumps(asked).encode(), b"\n", *(files or {}).values()])


def read_errand(line: bytes, where: str) -> dict[str, Any]:
    """What a line that begins with the mark answers.

    :raises MachineRefused: it could not do what it was to.
    """
    answer = json.loads(line[len(MARK) :])
    if error := answer.get("error"):
        raise MachineRefused(f"{where}: {error}")
    return dict(answer)


def no_python(exit_code: int, output: bytes, where: str, pythons: Sequence[str]) -> MachineRefused:
    """Why it answered nothing at all."""
    said = output.decode("utf-8", "replace").strip()
    if exit_code == _NO_PYTHON:
        found = ", ".join(said.split("\n")).strip(", ")
        return MachineRefused(
            f"{where} has no Python 3.8 or later: looked for {', '.join(pythons)}"
            + (f", and found {found}" if found else "")
            + "; install one there, or say where it is by --option python=PATH"
        )
    words = said.splitlines()[-1][-500:] if said else f"it ended with code {exit_code} and said nothing"
    return MachineRefused(f"{where} runs no commands as sh does: {words}")
