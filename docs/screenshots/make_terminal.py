"""Draws ../images/terminal.svg: a short session with a real cluster, as a terminal shows it.

Run it after a change of what the commands show. It needs port 9009, some fifteen seconds, and a system with
pseudo-terminals; the commands believe that they write to one.
"""
# ruff: noqa: INP001  (a script beside the picture that it makes, never imported by the package)

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

import kube9

PICTURE = Path(__file__).parents[1] / "images" / "terminal.svg"
WIDTH = 104

SERVE = "kube9 serve --nodes 4xcpu=4,memory=8Gi"
#: What the welcome of the server ends with.
LAST_WORDS = b"Ctrl-C stops the server"
BEFORE = (
    "kube9 apply -f web.yaml",
    "kube9 node fail node-0001 --permanent",
)
#: Once the pods of the node that broke run elsewhere.
AFTER = (
    "kube9 node list",
    "kube9 pod list",
    "kube9 pod run huge --cpu 64",
    "kube9 pod explain web-2",
    "kube9 events --kind Node --limit 4",
)

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, resources: {requests: {cpu: 1500m, memory: 1Gi}}}]}
"""


def commands() -> list[str]:
    """Every command of the session."""
    return [SERVE, *BEFORE, *AFTER]


def main() -> None:
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115, PTH123
    with tempfile.TemporaryDirectory() as home:
        env = environment(home)
        Path(home, "web.yaml").write_text(MANIFEST, encoding="utf-8")
        with server(home, env) as welcome:
            show(console, f"{SERVE} &", welcome.replace(home, "~"))
            for command in BEFORE:
                show(console, command, run(command, home, env))
            wait_until_moved(home)
            for command in AFTER:
                show(console, command, run(command, home, env))
    PICTURE.write_text(without_fonts(console.export_svg(title="kube9", unique_id="kube9")), encoding="utf-8")


def without_fonts(svg: str) -> str:
    """The picture with the fonts that are there, so that whoever looks at it asks no other server for one."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def environment(home: str) -> dict[str, str]:
    """That of somebody who has just installed kube9, in a terminal of the picture's width."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE9_", "XDG_", "NO_COLOR"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    terminal = {"TERM": "xterm-256color", "COLUMNS": str(WIDTH), "LINES": "60"}
    return {**kept, **terminal, "HOME": home, "PATH": path, "KUBE9_PLUGINS": ""}


def show(console: Console, command: str, written: str) -> None:
    """Put a command and what it wrote into the picture."""
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    console.print(Text.from_ansi(written.replace("\r", "").strip("\n")))


def run(command: str, folder: str, env: dict[str, str]) -> str:
    """What a command writes to a terminal, its colours included."""
    ours, theirs = pty.openpty()
    ended = subprocess.run(shlex.split(command), stdout=theirs, stderr=theirs, cwd=folder, env=env, check=False)  # noqa: S603
    os.close(theirs)
    written = b"".join(parts(ours))
    os.close(ours)
    if ended.returncode:
        sys.exit(f"{command} failed: {written.decode()}")
    return written.decode()


@contextmanager
def server(folder: str, env: dict[str, str]) -> Iterator[str]:
    """Yield what the server says when it has started, without its log."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(shlex.split(SERVE), stdout=theirs, stderr=theirs, cwd=folder, env=env)  # noqa: S603
    os.close(theirs)
    written = b""
    for part in parts(ours):
        written += part
        if LAST_WORDS in written:
            break
    try:
        if LAST_WORDS not in written:
            sys.exit(f"{SERVE} failed: {written.decode()}")
        yield "".join(line for line in written.decode().splitlines(keepends=True) if " INFO " not in line)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        os.close(ours)


def parts(terminal: int) -> Iterator[bytes]:
    """What comes through a terminal until its other side is closed."""
    try:
        while part := os.read(terminal, 4096):
            yield part
    except OSError:  # how Linux says that it is closed
        return


def wait_until_moved(home: str) -> None:
    """Wait until the pods of the node that broke run elsewhere."""
    with kube9.Client(state_dir=f"{home}/.local/state/kube9") as cluster:
        for event in cluster.watch_events(after=0, kind="Node", name="node-0001", type="NodeFailed"):
            moved = cluster.watch_events(after=event["id"], kind="Pod", type="PodRunning")
            next(moved)
            next(moved)
            return


if __name__ == "__main__":
    main()
