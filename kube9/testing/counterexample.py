"""The example for which something did not hold, carried by the error that says so."""

from __future__ import annotations

from kube9.testing.shown import shown

__all__ = ["counterexample", "mark_counterexample", "tell_counterexample"]

_ATTRIBUTE = "_kube9_counterexample"
#: How Hypothesis begins its own word on an example, which names every field, also those that are as by default.
_THEIRS = ("Failing test case", "Failing explicit example", "Falsifying example", "Falsifying explicit example")


def mark_counterexample(exc: BaseException, example: object) -> None:
    """Note on ``exc`` that ``example`` led to it."""
    # It is shown only when somebody asks: nearly every error is one on the way to that of the smallest example.
    setattr(exc, _ATTRIBUTE, example)


def counterexample(exc: BaseException) -> str | None:
    """What led to ``exc``, or to the first of several errors in one, as Python; ``None`` where it was no example."""
    if hasattr(exc, _ATTRIBUTE):
        return shown(getattr(exc, _ATTRIBUTE))
    inner = getattr(exc, "exceptions", ())
    return counterexample(inner[0]) if inner else None


def tell_counterexample(exc: BaseException) -> None:
    """Have whoever shows ``exc`` show the example, in our own words rather than in Hypothesis's."""
    found = counterexample(exc)
    if found is not None:
        notes = [note for note in getattr(exc, "__notes__", ()) if not note.startswith(_THEIRS)]
        exc.__notes__ = [*notes, f"for {found}"]
