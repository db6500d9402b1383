"""A plugin of pytest that writes down which promises were kept, for ``kube9 plugins check``."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from pathlib import Path
from traceback import extract_tb
from typing import Any, cast

import pytest
from attrs import asdict
from hypothesis import settings

from kube9.plugins.fault import fault
from kube9.testing.counterexample import counterexample
from kube9.testing.latency import Latency

__all__ = ["pytest_configure", "pytest_runtest_makereport", "pytest_sessionfinish"]

#: In the directory of the run: what is asked for, and what came of it.
REQUEST, RESULT = "request.json", "result.json"

_WORDS_MAX = 2_000


def pytest_configure(config: pytest.Config) -> None:
    """Have the same examples tried each time, and nothing left behind."""
    asked = json.loads((config.rootpath / REQUEST).read_text(encoding="utf-8"))
    settings.register_profile(
        "kube9", derandomize=True, database=None, print_blob=False, max_examples=asked["examples"]
    )
    settings.load_profile("kube9")
    config.stash[_FOUND] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write down what was found."""
    found = json.dumps(session.config.stash[_FOUND], ensure_ascii=False)
    (Path(session.config.rootpath) / RESULT).write_text(found, encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Note what became of one promise."""
    report = yield
    # What fails before or after a test is as bad as what fails in it; what passes is noted once.
    if report.when == "call" or report.outcome != "passed":
        item.config.stash[_FOUND].append(_finding(item, call, report))
    return report


_FOUND = pytest.StashKey[list[dict[str, Any]]]()


def _finding(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> dict[str, Any]:
    function = getattr(item, "originalname", item.name)
    exc = call.excinfo.value if call.excinfo is not None and report.failed else None
    latency = next((value for _, value in item.user_properties if isinstance(value, Latency)), None)
    return {
        "subject": asdict(cast("pytest.Function", item).cls.subject),
        "promise": function.removeprefix("test_").replace("_", " "),
        "of": getattr(getattr(item, "callspec", None), "id", None),
        "means": _first_sentence(item),
        "outcome": report.outcome,
        "message": _told(exc) if exc is not None else _why_skipped(report),
        "example": None if exc is None else counterexample(exc),
        "latency": None if latency is None else asdict(latency),
    }


def _first_sentence(item: pytest.Item) -> str:
    text: str = getattr(item, "function", None).__doc__ or ""
    # Less its markup, which is for the reference.
    text = re.sub(r":\w+:`(?:~(?:\w+\.)*)?([^`]+)`", r"\1", text).replace("``", "")
    return " ".join(text.strip().partition("\n\n")[0].split())


def _told(exc: BaseException) -> str:
    """What went wrong, less what pytest adds of the values in between."""
    inner = getattr(exc, "exceptions", ())
    if inner:
        return f"not the same each time it is asked: {_told(inner[0])}"
    if not isinstance(exc, AssertionError):
        return fault(exc)[:_WORDS_MAX]
    first, *more = str(exc).splitlines() or ["an assertion failed"]
    if first.startswith("assert "):  # in so many words as pytest has for values; the line says what they are
        return f"{first}, in: {_statement(exc)}"[:_WORDS_MAX]
    said = takewhile(lambda line: line.strip() and not line.startswith("assert "), more)
    return "\n".join([first, *said])[:_WORDS_MAX]


def _statement(exc: BaseException) -> str:
    """The line of code that raised ``exc``."""
    return extract_tb(exc.__traceback__)[-1].line or "a line that is not there"


def _why_skipped(report: pytest.TestReport) -> str:
    if not report.skipped:
        return ""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    # Without the name of the class, which is made up.
    return re.sub(r"^\w+ (cannot '[a-z-]+')", r"\1", reason.removeprefix("Skipped: "))
