"""Writes hooks.md, beside this file, from kube9/core/hookspecs.py; run it after a change there.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

PAGE = Path(__file__).with_name("hooks.md")
SPECS = Path(__file__).parents[2] / "kube9" / "core" / "hookspecs.py"

HEAD = """\
# Hooks

<!-- Written by docs/reference/make_hooks.py from kube9/core/hookspecs.py: change it there, and run the script. -->

A plugin is any module or object with functions of these names, marked `@kube9.hookimpl`. It asks for those of a hook's
arguments that it needs, by name and without defaults. [Write a plugin](../howto/write-a-plugin.md) shows how.

Hooks for start-up are called once per plugin, in the order below. What happens later is told to whoever wants to know,
by the hooks in the past tense. No hook is called per node or per decision. Cluster time counts from 1970 on a server,
and in a simulation on the clock of its trace.

```text
start-up
   |   kube9_register_*, plugin by plugin
   v
registries freeze
   |
   v
a stimulus: Cluster.handle  <-------------------+
   |                                            |
   v                                            |
its changes are stored                          |
   |                                            |
   v                                            |
events: kube9_pod_bound, kube9_node_failed, ... +
```

[Events](events.md) has every event, those without a hook as well; [Ports](ports.md) has the types.
"""


def page() -> str:
    """The whole page."""
    tree = ast.parse(SPECS.read_text(encoding="utf-8"))
    specs = [node for node in tree.body if isinstance(node, ast.FunctionDef) and is_spec(node)]
    registers = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    start_up = [spec for spec in specs if spec.name.startswith("kube9_register_")]
    events = [spec for spec in specs if spec not in start_up]
    parts = [HEAD, "## Start-up\n", *(entry(spec, registers) for spec in start_up)]
    parts += ["## Events\n", *(entry(spec, registers) for spec in events)]
    return "\n".join(parts)


def is_spec(function: ast.FunctionDef) -> bool:
    """Whether the function stands under ``@hookspec``."""
    return any("hookspec" in ast.unparse(decorator) for decorator in function.decorator_list)


def entry(spec: ast.FunctionDef, registers: dict[str, ast.ClassDef]) -> str:
    """One hook: its signature, that of its ``register``, and its docstring."""
    lines = [signature(spec.name, spec)]
    for argument in spec.args.args:
        kind = registers.get(ast.unparse(argument.annotation)) if argument.annotation else None
        if kind is not None:
            (call,) = [node for node in kind.body if isinstance(node, ast.FunctionDef)]
            call.args.args = [given for given in call.args.args if given.arg != "self"]
            lines.append(signature(argument.arg, call))
    code = "\n".join(lines)
    return f"### {spec.name}\n\n```python\n{code}\n```\n\n{prose(ast.get_docstring(spec) or '')}\n"


def signature(name: str, function: ast.FunctionDef) -> str:
    """``name(argument: Type) -> Type``."""
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{name}({ast.unparse(function.args)}){returns}"


def prose(docstring: str) -> str:
    """A docstring's reStructuredText as Markdown."""
    paragraphs = docstring.split("\n\n")
    return "\n\n".join(filled(paragraph) for paragraph in paragraphs)


def filled(paragraph: str) -> str:
    """One paragraph, or one list of ``:param:`` fields."""
    if not paragraph.startswith(":param"):
        return textwrap.fill(markdown(paragraph), 120, break_on_hyphens=False)
    fields = re.split(r"^:param (\w+):", paragraph, flags=re.MULTILINE)[1:]
    items = [f"- `{name}`: {markdown(text)}" for name, text in zip(fields[::2], fields[1::2], strict=True)]
    return "\n".join(textwrap.fill(item, 120, subsequent_indent="  ", break_on_hyphens=False) for item in items)


def markdown(text: str) -> str:
    """Inline markup, on one line."""
    text = " ".join(text.split())
    text = re.sub(r":func:`(\w+)`", r"[\1](#\1)", text)
    text = re.sub(r":class:`~[\w.]+\.(\w+)`", r"`\1`", text)
    return text.replace("``", "`")


if __name__ == "__main__":
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE} is not what {Path(__file__).name} would write: run it")
