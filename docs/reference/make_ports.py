"""Writes ports.md, beside this file, from kube9/core/ports.py and the values it speaks of; run it after a change there.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from pages import class_of, comments, filled, markdown, write_or_check

PAGE = Path(__file__).with_name("ports.md")
CORE = Path(__file__).parents[2] / "kube9" / "core"

HEAD = """\
# Ports

<!-- Written by docs/reference/make_ports.py from kube9/core: change it there, and run the script. -->

What kube9 asks of a strategy, as types. A plugin implements one of these and offers it by name, through the
[hook](hooks.md) of its kind; [Write a plugin](../howto/write-a-plugin.md) shows how, [Test a
plugin](../howto/test-a-plugin.md) how to know that it does what is asked. They are protocols: nothing has to be
inherited. All that is on this page can be imported from `kube9.core.ports`; what those who write manifests in Python
need as well, such as `PodSpec` and `NodeSpec`, and `NodeTable` and `NodeView` are in `kube9`.

`BoolArray`, `IntArray` and `FloatArray` are NumPy arrays of `bool`, `int64` and `float64`.
"""

RUNS = """\
What `pod.spec.containers`, `init_containers`, `volumes` and `configs` are made of. All names in a pod are sound: every
volume that is mounted and every text of a config that is pointed to is there, or the pod was refused. So this is all
that it takes to know a container's environment:

```python
def environment(container, pod_spec):
    texts = {config.name: config.data for config in pod_spec.configs}
    told = {each.name: each.value for each in container.env if each.source is None}
    pointed = {each.name: texts[each.source.config][each.source.key] for each in container.env if each.source}
    return told | pointed
```

A `VolumeSource` is an `EmptyDir`, a `ConfigVolume` or a `NamedVolume`, and a `ProbeAction` an `ExecAction`, an
`HttpGetAction` or a `TcpSocketAction`. Whoever cannot provide what a pod asks for answers with `StartPodFailed`, whose
reason says so.
"""

ERRORS = """\
What a strategy raises. Each but `FileError` is given one text for people: what it is about, what was expected, and what
to do.
"""

VALUES = """\
What strategies and [hooks](hooks.md) are given. Specs, pods and nodes never change: a change makes a new value, by
`attrs.evolve(pod_spec, priority=7)`. A field with `=` may be left out by whoever makes one.
"""

REPORTS = """\
What a backend gives to `deliver`: values of `kube9.core.stimuli`, each with `at_ms`, the time of its `clock`. `uid`
is that of the node or pod. What is late or comes twice is known by the epoch or the incarnation, and ignored.
"""

#: Which classes of which modules, under which heading.
CHAPTERS: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "Policies and what goes with them": (
        "",
        {
            "ports": (
                "Scheduler",
                "Filter",
                "QueueDiscipline",
                "RunAwareDiscipline",
                "DeviceChooser",
                "HealthCheck",
                "HeartbeatHistory",
            )
        },
    ),
    "Trace readers": ("", {"ports": ("TraceReader", "Trace", "Arrival")}),
    "Backends": (
        "",
        {
            "ports": (
                "BackendFactory",
                "Clock",
                "NodeBackend",
                "JoinTicket",
                "LogOptions",
                "FaultInjector",
                "CommandRunner",
                "CommandSession",
            )
        },
    ),
    "What backends report": (
        REPORTS,
        {
            "stimuli": (
                "NodeJoined",
                "NodeDescribed",
                "CreateNodeFailed",
                "RestartNodeFailed",
                "DestroyNodeDone",
                "NodeDied",
                "NodeFenced",
                "PodStarted",
                "PodHealthChanged",
                "StartPodFailed",
                "PodExited",
                "StopPodDone",
                "Heartbeat",
            )
        },
    ),
    "What a pod runs": (
        RUNS,
        {
            "containers": (
                "Container",
                "EnvVar",
                "ConfigKey",
                "Config",
                "VolumeMount",
                "Volume",
                "EmptyDir",
                "ConfigVolume",
                "NamedVolume",
                "ContainerPort",
                "PullPolicy",
                "RestartPolicy",
                "Probe",
                "ExecAction",
                "HttpGetAction",
                "TcpSocketAction",
            )
        },
    ),
    "Errors": (
        ERRORS,
        {"errors": ("BackendError", "NodeGone", "NodeDown", "Conflict", "InvalidInput", "FileError")},
    ),
    "Values": (
        VALUES,
        {
            "table": ("NodeTable",),
            "policy": ("NodeView",),
            "pods": ("PodSpec", "DeviceRequest", "Toleration", "Pod", "PodPhase", "PodReport"),
            "nodes": ("NodeSpec", "DeviceGroup", "Taint", "TaintEffect", "Node", "NodePhase"),
        },
    ),
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    attributes = ast.get_docstring(ast.parse(source_of("ports"))) or ""
    for title, (about, classes) in CHAPTERS.items():
        parts.append(f"## {title}\n")
        parts += [about] if about else []
        for module, names in classes.items():
            parts += [section(module, name) for name in names]
        if not about and "Scheduler" in classes["ports"]:
            parts.append(f"### Attributes that may be left out\n\n{promises(attributes)}\n")
    return "\n".join(parts)


def source_of(module: str) -> str:
    return (CORE / f"{module}.py").read_text(encoding="utf-8")


def promises(docstring: str) -> str:
    """The part of the docstring of the ports that is about attributes, as a list."""
    _, intro, *entries = docstring.split("\n\n")
    items = []
    for entry in entries:
        term, _, text = entry.partition("\n")
        items.append(filled(f"- {markdown(term)}: {markdown(textwrap.dedent(text))}", "  "))
    return "\n".join([filled(markdown(intro)), "", *items])


def section(module: str, name: str) -> str:
    """One class: what it is, what it has, and what it does."""
    source = source_of(module)
    kind = class_of(source, name)
    parts = [f"### {name}\n", f"{prose(ast.get_docstring(kind) or '')}\n"]
    if had := [*members(kind), *fields(kind, comments(source, kind)), *properties(kind)]:
        parts.append("\n".join(had) + "\n")
    for function in functions(kind):
        parts.append(f"```python\n{signature(function)}\n```\n")
        if said := ast.get_docstring(function):
            parts.append(f"{prose(said)}\n")
    return "\n".join(parts)


def members(kind: ast.ClassDef) -> Iterator[str]:
    """A line for each value of an enumeration."""
    for node in kind.body:
        if isinstance(node, ast.Assign) and any(ast.unparse(base) == "Enum" for base in kind.bases):
            yield f"- `{kind.name}.{ast.unparse(node.targets[0])}`: `{ast.unparse(node.value)}`"


def fields(kind: ast.ClassDef, told: Mapping[str, str]) -> Iterator[str]:
    """A line for each field, with what is told of it."""
    for node in kind.body:
        if isinstance(node, ast.AnnAssign) and not (name := ast.unparse(node.target)).startswith("_"):
            said = told[name]
            given = default(node.value)
            text = f"- `{name}: {ast.unparse(node.annotation)}{f' = {given}' if given else ''}`"
            yield filled(f"{text}: {said}" if said else text, "  ")


def default(value: ast.expr | None) -> str:
    """What a field is where nothing is said; empty where something must be."""
    if not isinstance(value, ast.Call) or ast.unparse(value.func) != "field":
        return ast.unparse(value).replace("FrozenMap()", "{}") if value is not None else ""
    said = {keyword.arg: keyword.value for keyword in value.keywords}
    if "factory" in said:
        made = f"{ast.unparse(said['factory'])}()"
        return "{}" if made in ("Amounts()", "FrozenMap()") else made
    return ast.unparse(said["default"]) if "default" in said else ""


def properties(kind: ast.ClassDef) -> Iterator[str]:
    """A line for each value that is worked out."""
    for node in methods(kind):
        if is_property(node):
            said = markdown(ast.get_docstring(node) or "")
            text = f"- `{node.name}: {ast.unparse(node.returns) if node.returns else 'Any'}`"
            yield filled(f"{text}: {said}" if said else text, "  ")


def functions(kind: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in methods(kind):
        if not is_property(node) and (not node.name.startswith("_") or node.name == "__call__"):
            yield node


def methods(kind: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    return (node for node in kind.body if isinstance(node, ast.FunctionDef))


def is_property(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "property" for decorator in function.decorator_list)


def signature(function: ast.FunctionDef) -> str:
    """``name(argument: Type) -> Type``, in several lines where it is long."""
    function.args.args = function.args.args[1:]
    name = "factory" if function.name == "__call__" else function.name
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{name}({ast.unparse(function.args)}){returns}"


def prose(docstring: str) -> str:
    """A docstring's reStructuredText as Markdown."""
    return "\n\n".join(paragraph(each) for each in docstring.split("\n\n"))


def paragraph(text: str) -> str:
    """One paragraph, with its ``:param:`` and ``:raises:`` as a list behind it."""
    before, *told = re.split(r"^:(param|raises) (\w+):", text, flags=re.MULTILINE)
    items = [
        filled(f"- {'raises ' if kind == 'raises' else ''}`{name}`: {markdown(said)}", "  ")
        for kind, name, said in zip(told[::3], told[1::3], told[2::3], strict=True)
    ]
    return "\n".join([filled(markdown(before)), *items]) if before.strip() else "\n".join(items)


if __name__ == "__main__":
    write_or_check(PAGE, page())
