"""What went wrong in foreign code, in one line that says where."""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path

import pluggy

from kube9.core.errors import Kube9Error

__all__ = ["fault"]

#: Frames of these say nothing about the plugin: they are how it was called.
_OURS = ("<frozen ", *(str(Path(file).parent) for file in (__file__, importlib.__file__, pluggy.__file__)))


def fault(exc: BaseException) -> str:
    """``exc`` in one line: an error of ours by its message, others as ``KeyError: 'gpu' (mine.py:7)``."""
    if isinstance(exc, Kube9Error):
        return str(exc)
    if isinstance(exc, SyntaxError) and exc.filename is not None:
        return f"{exc.filename}:{exc.lineno}: {type(exc).__name__}: {exc.msg}"
    place = _place(exc)
    text = " ".join(str(exc).split())
    return type(exc).__name__ + (f": {text}" if text else "") + (f" ({place})" if place else "")


def _place(exc: BaseException) -> str:
    """The innermost frame of a plugin; empty where there is none."""
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):
        if not frame.filename.startswith(_OURS):
            return f"{frame.filename}:{frame.lineno}"
    return ""
