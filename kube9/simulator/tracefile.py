"""Trace files: which reader a file is for, and what it makes of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from kube9.core.errors import FileError, Kube9Error, PluginError
from kube9.core.ports import Trace, TraceReader
from kube9.core.registry import Registry, split_step
from kube9.files.text import read_head

__all__ = ["read_traces"]


def read_traces(path: str, readers: Registry[TraceReader], step: str = "") -> tuple[Trace, ...]:
    """Read ``path`` whole.

    :param step: the reader to use with its options, such as ``orlib:scale=10``; where it is empty, the first that
        recognises the file, in the order in which they were registered.
    :raises FileError: the file is malformed, or no reader recognises it.
    :raises UnknownName: there is no reader of the name in ``step``.
    :raises PluginError: the reader itself is at fault.
    """
    head = read_head(path)
    name, reader = _chosen(readers, step) if step else _recognised(path, head, readers)
    try:
        with _collector_paused():
            traces = tuple(reader.read(path))
    except Kube9Error:
        raise
    except Exception as exc:
        raise PluginError(f"{_told(name, readers)} failed on {path}: {type(exc).__name__}: {exc}") from exc
    if not traces or not all(isinstance(trace, Trace) for trace in traces):
        raise PluginError(f"{_told(name, readers)} must return one or more Trace, got {traces!r:.80}")
    return traces


@contextmanager
def _collector_paused() -> Iterator[None]:
    # Reading makes millions of values and no garbage; looking for some among them again and again takes four times as
    # long as the reading itself.
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chosen(readers: Registry[TraceReader], step: str) -> tuple[str, TraceReader]:
    name, options = split_step(step)
    return name, readers.make(name, **options)


def _recognised(path: str, head: str, readers: Registry[TraceReader]) -> tuple[str, TraceReader]:
    formats = []
    for entry in readers:
        reader = readers.make(entry.name)
        try:
            if reader.recognises(path, head):
                return entry.name, reader
            formats.append(f"  {entry.name}: {reader.describes}")
        except Exception as exc:
            raise PluginError(f"{_told(entry.name, readers)} failed: {type(exc).__name__}: {exc}") from exc
    listed = "\n".join(formats) or "  none is installed"
    raise FileError(
        path, f"no trace reader recognises this file; name one with --trace-format. The formats are:\n{listed}"
    )


def _told(name: str, readers: Registry[TraceReader]) -> str:
    return f"trace reader {name!r} from plugin {readers.entry(name).plugin!r}"
