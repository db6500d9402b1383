"""Writes settings.md, beside this file, from the classes that hold them; run it after a change there.

``--check`` writes nothing and fails if the page is not what it would write. Either way it fails where the source knows
a variable that the page would not tell, or the page one that the source does not know.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from attrs import NOTHING, Attribute, fields, has
from pages import class_of, comments, markdown, table, write_or_check

from kube9.app import App
from kube9.backends.behaviour import NodeBehaviour, PodBehaviour
from kube9.backends.docker.settings import DockerSettings
from kube9.backends.ssh.settings import MachineOptions, SshSettings
from kube9.controlplane.settings import PlaneSettings
from kube9.core.registry import Registry
from kube9.core.settings import Settings

PAGE = Path(__file__).with_name("settings.md")
SOURCE = Path(__file__).parents[2] / "kube9"

HEAD = """\
# Settings

<!-- Written by docs/reference/make_settings.py from the source: change it there, and run the script. -->

There is no configuration file: a server is what its command line says, which is kept in a unit file or a script as
well as anywhere. [The command line](cli.md) has every option; this page has the environment variables, the options of
what is chosen by name, and the numbers that nothing changes.

## Environment variables
"""

#: What each variable is for. Those of other programs are heeded as they do it.
VARIABLES = {
    "KUBE9_SERVER": "for clients: the server's URL; else the one that runs on this machine",
    "KUBE9_TOKEN": "for clients: the server's token; else that in the state directory",
    "KUBE9_CA_CERT": "for clients: a file of certificates to trust instead of the system's",
    "KUBE9_STATE_DIR": "where a server keeps its state and its clients find it; else `kube9` in `XDG_STATE_HOME`, "
    "else `~/.local/state/kube9`",
    "KUBE9_PLUGINS": "of the plugins that are installed only these, by their names or their packages', with commas "
    "between; empty for none; kube9's own are always there",
    "KUBE9_PLUGINS_OFF": "plugins to leave out, kube9's own as well",
    "KUBE9_STRICT_PLUGINS": "`1` makes any fault of a plugin fatal, as `--strict-plugins` does",
    "KUBE9_SSH_PASSWORD": "for a server with `--backend ssh`: the password of machines that take nothing else",
    "KUBE9_SSH_PASSPHRASE": "for a server with `--backend ssh`: the passphrase of private keys",
}
OTHERS = {
    "NO_COLOR": "no colours, if it is not empty",
    "DOCKER_HOST": "for a server with `--backend docker`: where the engine is, and likewise `DOCKER_CONTEXT`, "
    "`DOCKER_CONFIG`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`, as for the `docker` command",
    "SSH_AUTH_SOCK": "for a server with `--backend ssh`: the agent of ssh",
}
#: What containers and processes of pods find in theirs; a name that ends so goes on with the kind of device.
GIVEN = {
    "KUBE9_DEVICES_": "`KUBE9_DEVICES_GPU` and the like: which of the node's devices of that kind the pod got, by "
    "their numbers from 0, with commas between",
    "KUBE9_VOLUMES": "for a process on a node without Docker: the folder of the pod's volumes, each by its name",
    "KUBE9_RUN": "in a process of a node without Docker: a mark by which the node finds it again",
}

BACKENDS = """\
As in `--backend docker:pull=Never,subnet=10.90.0.0/16`. The backend `memory` also takes `heartbeat_ms`, how often its
nodes beat. A backend that takes `heartbeat_ms` is told what the health check expects where it is not given one.
"""

FIXED = """\
No option changes these but `--lease`, which is `lease_ms`; they are here because they explain what is seen. A program
that puts a cluster together by itself gives others, as `Settings` of `kube9.core.settings` and `PlaneSettings` of
`kube9.controlplane.settings`.
"""

#: The heading and the option of the command line under which each kind of strategy is chosen.
CHOSEN = {
    "schedulers": "Schedulers, `--scheduler NAME:KEY=VALUE`",
    "queue_disciplines": "Queue disciplines, `--queue NAME:KEY=VALUE`",
    "device_choosers": "Device choosers, `--devices NAME:KEY=VALUE`",
    "health_checks": "Health checks, `--health NAME:KEY=VALUE`",
    "trace_readers": "Trace readers, `--trace-format NAME:KEY=VALUE`",
}


def page() -> str:
    """The whole page."""
    registries = App.load(env={"KUBE9_PLUGINS": ""}).registries
    parts = [HEAD, table(("variable", "is"), named({**VARIABLES, **OTHERS}))]
    parts += ["What runs in a pod finds these:\n", table(("variable", "is"), named(GIVEN))]
    parts += ["## Options of what is chosen by name\n"]
    for kind, title in CHOSEN.items():
        parts += [f"### {title}\n", strategies(getattr(registries, kind))]
    parts += ["### Backends\n", BACKENDS]
    for name, kinds in {
        "memory": (PodBehaviour, NodeBehaviour),
        "docker": (DockerSettings,),
        "ssh": (SshSettings,),
    }.items():
        parts += [f"#### `{name}`\n", options(kinds)]
    parts += ["### Nodes of the backend `ssh`\n", "As in `kube9 node add NAME --option folder=/srv/kube9`.\n"]
    parts += [options((MachineOptions,))]
    parts += ["## What is fixed\n", FIXED, "### The cluster\n", options((Settings,))]
    parts += ["### The server\n", options((PlaneSettings,))]
    return "\n".join(parts)


def named(texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"`{name}...`" if name.endswith("_") else f"`{name}`", text) for name, text in texts.items())


def strategies(registry: Registry[Any]) -> str:
    """The options of all strategies of a kind, and the names of those that have none."""
    told = {entry.name: list(rows_of(entry.factory)) for entry in registry}
    rows = [(f"`{name}`", *row) for name, rows in told.items() for row in rows]
    without = ", ".join(f"`{name}`" for name, rows in told.items() if not rows)
    parts = [table(("name", "option", "by default", ""), rows)] if rows else []
    return "\n".join([*parts, f"Without options: {without}.\n"] if without else parts)


def rows_of(factory: Callable[..., Any]) -> Iterator[tuple[str, str, str]]:
    if isinstance(factory, type) and has(factory):
        yield from attributes(factory)
    else:
        for name, parameter in inspect.signature(factory).parameters.items():
            yield f"`{name}`", shown(parameter.default), ""


def options(kinds: Iterable[type]) -> str:
    return table(("option", "by default", ""), (row for kind in kinds for row in attributes(kind)))


def attributes(kind: type) -> Iterator[tuple[str, str, str]]:
    """A row for each field that may be given, with what the source says of it."""
    source = inspect.getsource(sys.modules[kind.__module__])
    told = comments(source, class_of(source, kind.__name__))
    for each in fields(kind):
        if each.init:
            yield f"`{each.name}`", default(each), markdown(told.get(each.name, ""))


def default(each: Attribute[Any]) -> str:
    return "" if each.default is NOTHING else shown(each.default)


def shown(value: object) -> str:
    return "" if value in ("", None) or value is inspect.Parameter.empty else f"`{value}`"


def check_variables() -> None:
    """End with an error where the page and the source do not know the same variables."""
    known = {name for path in SOURCE.rglob("*.py") for name in variables(path)}
    told = {*VARIABLES, *GIVEN}
    if known != told:
        sys.exit(f"{Path(__file__).name} and the source differ in the variables {sorted(known ^ told)}")


def variables(path: Path) -> Iterator[str]:
    """The names of variables that a module has as texts of their own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"KUBE9_[A-Z_]+", node.value)
        ):
            yield node.value


if __name__ == "__main__":
    check_variables()
    write_or_check(PAGE, page())
