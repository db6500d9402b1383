"""The trace formats that come with kube9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube9.core.hookspecs import hookimpl
from kube9.plugins.traces.native import NativeReader
from kube9.plugins.traces.openb import OpenbReader
from kube9.plugins.traces.orlib import OrlibReader
from kube9.plugins.traces.swf import SwfReader

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterTraceReader


@hookimpl
def kube9_register_trace_readers(register: RegisterTraceReader) -> None:
    register("kube9", NativeReader)
    register("openb", OpenbReader)
    register("orlib", OrlibReader)
    register("swf", SwfReader)
