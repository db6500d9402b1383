"""Holding what is installed to its contracts, in a process of its own: nothing that runs depends on what tests it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import asdict, frozen

from kube9.core.errors import InvalidInput, MissingExtra, PluginError
from kube9.core.frozen import FrozenMap
from kube9.plugins.sources import given_path
from kube9.plugins.subjects import Subject

__all__ = ["Finding", "run_contracts"]

_REQUEST, _RESULT = "request.json", "result.json"
_SUITE = """\
from pathlib import Path

from kube9.testing.suites import suites

globals().update(suites(Path(__file__).with_name("request.json")))
"""
#: Whatever whoever calls has set for pytests of their own has no say here.
_FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST", "COV_CORE_SOURCE", "COV_CORE_CONFIG")
#: pytest's own codes for "all passed", "some failed" and "there was nothing to run".
_RAN = (0, 1, 5)
#: What pytest writes of promises while it goes through them.
_PROGRESS = ".FEs []%0123456789"
#: How pytest shows what is no fault of the plugin.
_MISUSED = "kube9.core.errors.InvalidInput: "
#: And what is told in its own words.
_UNMADE = "kube9.core.errors.PluginError: "


@frozen(kw_only=True)
class Finding:
    """What became of one promise."""

    subject: Subject
    #: In a few words, as ``scores are real numbers``.
    promise: str
    #: Which of several cases of it; ``None`` where there is one.
    of: str | None
    #: The promise in a sentence.
    means: str
    #: ``passed``, ``failed``, or ``skipped`` where it was left out.
    outcome: str
    #: What went wrong, or why it was left out.
    message: str
    #: The smallest example that was found, as Python.
    example: str | None
    #: ``reference``, ``ratio`` and ``budget``; ``None`` where none was measured.
    latency: Mapping[str, Any] | None


def run_contracts(
    subjects: Sequence[Subject],
    plugin_files: Sequence[str],
    *,
    cannot: Sequence[str] = (),
    labels: Mapping[str, Sequence[str]] = FrozenMap(),
    examples: int = 100,
) -> list[Finding]:
    """Hold each of ``subjects`` to its contract.

    :param plugin_files: what ``--plugin`` named.
    :param cannot: capabilities that none of them has.
    :param labels: those that they go by, and values of each to try.
    :param examples: how many are tried for each promise.
    :raises MissingExtra: the test kit is not installed.
    :raises InvalidInput: they cannot be asked for like that, as with a capability or an option that there is not.
    :raises PluginError: one of them cannot be made, or the contracts could not be run.
    """
    missing = [name for name in ("pytest", "hypothesis") if find_spec(name) is None]
    if missing:
        raise MissingExtra(f"this needs {' and '.join(missing)}; install it with: pip install 'kube9[testing]'")
    asked = {
        "subjects": [asdict(_at_home(subject, plugin_files)) for subject in subjects],
        "plugins": [given_path(file) for file in plugin_files],
        "cannot": list(cannot),
        "labels": {key: list(values) for key, values in labels.items()},
        "examples": examples,
    }
    with TemporaryDirectory(prefix="kube9-check-") as folder:
        found = _run(Path(folder), asked)
    back = {given_path(file): file for file in plugin_files}
    return [_finding(each, back) for each in found]


def _run(folder: Path, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    (folder / "pytest.ini").write_text("[pytest]\npython_files = suites.py\n", encoding="utf-8")
    (folder / "suites.py").write_text(_SUITE, encoding="utf-8")
    (folder / _REQUEST).write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += ["-p", "kube9.testing.checking", "suites.py"]
    ended = subprocess.run(  # noqa: S603  (our own arguments)
        command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    result = folder / _RESULT
    if ended.returncode not in _RAN or not result.exists():
        why = _why(ended)
        if why.startswith(_MISUSED):
            raise InvalidInput(why.removeprefix(_MISUSED))
        if why.startswith(_UNMADE):
            raise PluginError(why.removeprefix(_UNMADE))
        raise PluginError(f"the contracts could not be run: {why}")
    found: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    return found


def _environment() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    # It finds what this process finds, wherever either was started.
    env["PYTHONPATH"] = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


def _why(ended: subprocess.CompletedProcess[str]) -> str:
    if ended.returncode < 0:
        return f"their process was ended by signal {-ended.returncode}"
    lines = [*ended.stdout.splitlines(), *ended.stderr.splitlines()]
    told = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")]
    if told:
        return told[-1]
    said = [line for line in lines if line.strip(_PROGRESS)]
    last = f", and said last: {said[-1]}" if said else ""
    return f"their process ended with code {ended.returncode} before it was done{last}"


def _at_home(subject: Subject, plugin_files: Sequence[str]) -> Subject:
    """As it is named where the contracts run, which is another directory."""
    if subject.plugin not in plugin_files:
        return subject
    path = given_path(subject.plugin)
    return Subject(kind=subject.kind, step=path if subject.step == subject.plugin else subject.step, plugin=path)


def _finding(found: Mapping[str, Any], back: Mapping[str, str]) -> Finding:
    there = {name: back.get(value, value) for name, value in found["subject"].items()}
    return Finding(**{**found, "subject": Subject(**there)})
