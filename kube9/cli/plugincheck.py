"""``kube9 plugins check``: whether what a plugin offers keeps what its port promises."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.contractrun import Finding, run_contracts
from kube9.cli.errors import FAILED
from kube9.cli.options import plugin_options, verbosity
from kube9.cli.output import output_option, show_document
from kube9.core.errors import InvalidInput
from kube9.core.pods import PodSpec
from kube9.plugins.subjects import Subject, subjects_of

if TYPE_CHECKING:
    from kube9.app import App

__all__ = ["check"]

_EXAMPLES = 100
#: An error that was raised, with the line that did.
_PLACED = re.compile(r" \(\S.*:\d+\)$")


@click.command()
@plugin_options
@output_option
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--cannot", multiple=True, metavar="CAPABILITY", help="Leave out what needs this; may be repeated.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="KEY=VALUE",
    help="A label that it goes by, for pods and nodes to carry now and then; may be repeated.",
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=_EXAMPLES,
    show_default=True,
    metavar="COUNT",
    help="How many made-up situations each promise is tried in.",
)
@click.pass_context
def check(
    ctx: click.Context,
    app: App,
    output: str,
    names: tuple[str, ...],
    cannot: tuple[str, ...],
    labels: tuple[str, ...],
    examples: int,
) -> None:
    """Hold what is installed to its contract, and show the smallest example of what it breaks.

    NAME is a scheduler, filter, queue discipline, device chooser, health check or backend, with options as on a
    command line; or a plugin or a package, for all that it offers. Without a NAME, it is what --plugin brings.

    Pods and nodes are made up, with the labels disk (ssd, hdd) and zone (a, b). What goes by others is tried only with
    --label, or where the contract in its package names them.

    A plugin that hears of events is told of made-up ones, and acts on them. Exit code 0: every promise is kept;
    1: some are not; 2: it cannot be made with the options given.
    """
    subjects = subjects_of(app.plugins, names or _given(app))
    if verbosity(ctx) >= 0:
        click.echo(f"Trying {', '.join(map(_title, subjects))} ...", err=True)
    findings = run_contracts(subjects, app.plugin_files, cannot=cannot, labels=_labels(labels), examples=examples)
    by_subject = [(subject, [each for each in findings if each.subject == subject]) for subject in subjects]
    if output == "table":
        text = "\n\n".join("\n".join(_lines(subject, found)) for subject, found in by_subject)
        click.echo(text, color=False if os.environ.get("NO_COLOR") else None)
    else:
        show_document({"checked": [_document(app, subject, found) for subject, found in by_subject]}, output)
    if any(each.outcome == "failed" for each in findings):
        ctx.exit(FAILED)


def _given(app: App) -> Sequence[str]:
    if not app.plugin_files:
        raise InvalidInput(
            "name what to check: a scheduler or another strategy, a plugin, or a package, as 'kube9 plugins' lists "
            "them; or give a file with --plugin FILE"
        )
    return app.plugin_files


def _labels(given: Iterable[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for each in given:
        key, separator, value = each.partition("=")
        if not (key and separator):
            raise click.UsageError(f"--label: expected KEY=VALUE, got {each!r}")
        # What could be no pod's label is no fault of who is checked.
        PodSpec(name="pod", labels={key: value})
        values.setdefault(key, []).append(value)
    return values


def _title(subject: Subject) -> str:
    return f"the event hooks of {subject.name!r}" if subject.kind == "events" else f"{subject.kind} {subject.step!r}"


# ---------------------------------------------------------------------- for people


def _lines(subject: Subject, found: Sequence[Finding]) -> Iterable[str]:
    kept, broken, left_out = (_with(found, outcome) for outcome in ("passed", "failed", "skipped"))
    count = f"keeps {_count(kept)}" if not broken else f"breaks {_count(broken)} and keeps {len(kept)}"
    yield click.style(_title(subject), bold=True) + ": " + click.style(count, fg="red" if broken else "green")
    by_fault: dict[tuple[str, str | None], list[Finding]] = {}
    for each in broken:
        # An error in one line of the plugin is one fault, whichever example came upon it.
        example = None if _PLACED.search(each.message) else each.example
        by_fault.setdefault((each.message, example), []).append(each)
    for alike in by_fault.values():
        yield from _broken_lines(alike)
    for reason, promises in groupby(sorted(left_out, key=lambda each: each.message), key=lambda each: each.message):
        yield f"  left out, {len(list(promises))}: {reason}"
    for latency in (each.latency for each in found if each.latency is not None):
        yield f"  it takes {_latency_text(latency)}"


def _with(found: Iterable[Finding], outcome: str) -> list[Finding]:
    return [each for each in found if each.outcome == outcome]


def _count(findings: Sequence[Finding]) -> str:
    return f"{len(findings)} promise" + ("" if len(findings) == 1 else "s")


def _broken_lines(alike: Sequence[Finding]) -> Iterable[str]:
    """What is broken for one and the same reason, which is told once."""
    yield ""
    for each in alike:
        case = f" [{each.of}]" if each.of else ""
        yield "  " + click.style(f"BROKEN: {each.promise}{case}", fg="red", bold=True)
    first = alike[0]
    if len(alike) == 1:
        yield f"    {first.means}"
    yield from (f"    {line}" for line in first.message.splitlines())
    examples = [(each.example, each.promise) for each in alike if each.example is not None]
    if examples:
        example, promise = min(examples, key=lambda each: len(each[0]))
        differ = len({found for found, _ in examples}) > 1
        yield "    The smallest example" + (f", of '{promise}':" if differ else ":")
        yield from (f"      {line}" for line in example.splitlines())


def _latency_text(latency: Any) -> str:
    over = "" if latency["ratio"] <= latency["budget"] else "; beyond its budget"
    ratio = format(latency["ratio"], ",.0f" if latency["ratio"] >= 100 else ".3g")
    return f"{ratio} times as long as {latency['reference']} (budget {latency['budget']:g} times{over})"


# ---------------------------------------------------------------------- for programs


def _document(app: App, subject: Subject, found: Sequence[Finding]) -> dict[str, object]:
    return {
        "kind": subject.kind,
        "name": subject.step,
        "plugin": subject.plugin,
        "owner": app.plugins.owner_of(subject.plugin),
        "keeps": all(each.outcome != "failed" for each in found),
        "promises": [
            {
                "promise": each.promise,
                "case": each.of,
                "means": each.means,
                "outcome": {"passed": "kept", "failed": "broken", "skipped": "leftOut"}[each.outcome],
                "message": each.message or None,
                "example": each.example,
            }
            for each in found
        ],
        "latency": next((dict(each.latency) for each in found if each.latency is not None), None),
    }
