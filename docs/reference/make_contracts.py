"""Writes contracts.md, beside this file, from kube9/testing/contracts; run it after a change there.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from pages import class_of, comments, filled, markdown, table, write_or_check

from kube9 import testing
from kube9.testing import Contract

PAGE = Path(__file__).with_name("contracts.md")

HEAD = """\
# Contracts

<!-- Written by docs/reference/make_contracts.py from kube9/testing/contracts: change it there, and run the script. -->

What each contract of `kube9.testing` can be told of the plugin that it tests; [Test a
plugin](../howto/test-a-plugin.md) shows how they are used. `kube9 plugins check --cannot NAME` takes the same names.
"""

CANNOT = "What may stand in `cannot`, and what is not asked for then:"
ATTRIBUTES = "What may be overridden, and what it is otherwise:"


def page() -> str:
    """The whole page."""
    kinds = [getattr(testing, name) for name in testing.__all__]
    contracts = [
        kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, Contract) and kind is not Contract
    ]
    return "\n".join([HEAD, *(section(contract) for contract in contracts)])


def section(contract: type[Contract]) -> str:
    """One contract: what it need not be able to do, and what it goes by."""
    about, _, _ = (inspect.getdoc(contract) or "").partition("\n\n")
    parts = [f"## {contract.__name__}\n", f"{filled(markdown(about))}\n"]
    if abilities := sorted(contract.capabilities.items()):
        rows = ((f"`{name}`", markdown(what)) for name, what in abilities)
        parts += [f"{CANNOT}\n", table(("name", "what it would have to do"), rows)]
    if found := list(attributes(contract)):
        parts += [f"{ATTRIBUTES}\n", table(("attribute", "without", "what it is"), found)]
    return "\n".join(parts)


def attributes(contract: type[Contract]) -> Iterator[tuple[str, ...]]:
    """A row for each number that a contract goes by."""
    for kind in contract.__mro__:
        if kind is Contract or not issubclass(kind, Contract):
            continue
        source = inspect.getsource(inspect.getmodule(kind) or kind)
        for name, value in vars(kind).items():
            if isinstance(value, int | float) and not name.startswith("_"):
                yield (
                    f"`{name}`",
                    f"`{value:,}`".replace(",", "_"),
                    comments(source, class_of(source, kind.__name__))[name],
                )


if __name__ == "__main__":
    write_or_check(PAGE, page())
