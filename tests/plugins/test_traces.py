from __future__ import annotations

import pytest

from kube9.core.ports import TraceReader
from kube9.core.registry import Registry
from kube9.plugins import traces


@pytest.fixture
def readers():
    registry = Registry("trace reader")
    traces.kube9_register_trace_readers(lambda name, factory: registry.add(name, factory, plugin="traces"))
    return registry


def test_the_formats_that_come_with_kube9(readers):
    assert [entry.name for entry in readers] == ["kube9", "openb", "orlib", "swf"]


def test_each_is_a_trace_reader_that_says_what_it_reads(readers):
    for entry in readers:
        reader = readers.make(entry.name)
        assert isinstance(reader, TraceReader)
        assert reader.describes
        assert "\n" not in reader.describes
