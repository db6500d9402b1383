"""Several faults of one file, told as one error."""

from __future__ import annotations

from collections.abc import Sequence

from kube9.core.errors import FileError

__all__ = ["all_faults"]

#: With more of them there is likely one cause, and the rest can wait.
_TOLD_MAX = 20


def all_faults(path: str, faults: Sequence[FileError]) -> FileError:
    """The error that tells all of ``faults``, at least one, in the order of their lines."""
    if len(faults) == 1:
        return faults[0]
    ordered = sorted(faults, key=lambda fault: fault.line or 0)
    told = [f"  {_place(fault)}{fault.problem}" for fault in ordered[:_TOLD_MAX]]
    if len(ordered) > _TOLD_MAX:
        told.append(f"  and {len(ordered) - _TOLD_MAX} more")
    return FileError(path, "\n".join([f"{len(ordered)} problems", *told]))


def _place(fault: FileError) -> str:
    parts = [f"line {fault.line}"] if fault.line is not None else []
    parts += [f"column {fault.column!r}"] if fault.column is not None else []
    return f"{', '.join(parts)}: " if parts else ""
