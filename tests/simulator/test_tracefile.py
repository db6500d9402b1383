from __future__ import annotations

import gc
import gzip
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import FileError, InvalidInput, PluginError, UnknownName
from kube9.core.pods import PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.core.registry import Registry
from kube9.plugins import traces
from kube9.simulator.faultfile import read_faults
from kube9.simulator.nodefile import read_nodes
from kube9.simulator.tracefile import read_traces

EXAMPLES = Path(__file__).parents[2] / "examples"


class Reader:
    """A reader of another's plugin, told what to do."""

    describes = "files that begin with a word"

    def __init__(self, word="hello", answer=None):
        self.word, self.answer = word, answer

    def recognises(self, path, head):
        if isinstance(self.word, Exception):
            raise self.word
        return head.startswith(self.word)

    def read(self, path):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def readers():
    registry = Registry("trace reader")
    traces.kube9_register_trace_readers(lambda name, factory: registry.add(name, factory, plugin="traces"))
    return registry


@pytest.fixture
def hello(tmp_path):
    path = tmp_path / "hello.txt"
    path.write_text("hello\n")
    return str(path)


@pytest.mark.parametrize(
    "name, instances, pods",
    [
        ("pods.csv", ["pods"], 8),
        ("pods.jsonl", ["pods"], 4),
        ("jobs.swf", ["jobs"], 4),
        ("packing.txt", ["small_00", "small_01"], 10),
    ],
)
def test_each_example_is_recognised_and_read(readers, name, instances, pods):
    read = read_traces(str(EXAMPLES / name), readers)
    assert [trace.instance for trace in read] == instances
    assert sum(len(trace.arrivals) for trace in read) == pods


@pytest.mark.parametrize("name", ["pods.csv", "pods.jsonl", "jobs.swf", "packing.txt"])
def test_a_compressed_trace_reads_like_the_plain_one(readers, tmp_path, name):
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((EXAMPLES / name).read_bytes()))
    assert read_traces(str(packed), readers) == read_traces(str(EXAMPLES / name), readers)


def test_a_step_names_the_reader_and_its_options(readers, tmp_path):
    path = tmp_path / "packing.txt"
    path.write_text("1\none\n1.5 1 1\n0.5\n")
    (trace,) = read_traces(str(path), readers, "orlib:scale=10")
    assert trace.arrivals == (Arrival(pod=PodSpec(name="item-000", requests={"cpu": 5})),)


def test_an_unknown_reader_or_option_is_refused(readers, hello):
    with pytest.raises(UnknownName, match="there is no trace reader 'swff'; installed: kube9, openb, orlib, swf"):
        read_traces(hello, readers, "swff")
    with pytest.raises(InvalidInput, match="trace reader 'swf' from plugin 'traces'"):
        read_traces(hello, readers, "swf:scale=10")


def test_a_file_that_no_reader_recognises_is_told_what_there_is(readers, hello):
    with pytest.raises(FileError) as caught:
        read_traces(hello, readers)
    told = str(caught.value)
    assert told.startswith(f"{hello}: no trace reader recognises this file; name one with --trace-format")
    for entry in readers:
        assert f"\n  {entry.name}: {readers.make(entry.name).describes}" in told


def test_the_first_reader_that_recognises_the_file_gets_it(readers, hello):
    first, second = Trace(instance="first", arrivals=()), Trace(instance="second", arrivals=())
    readers.add("zz", lambda: Reader(answer=[first]), plugin="z")
    readers.add("aa", lambda: Reader(answer=[second]), plugin="a")
    assert read_traces(hello, readers) == (first,)


@pytest.mark.parametrize(
    "reader, problem",
    [
        (Reader(answer=KeyError("cpu")), "'odd' from plugin 'theirs' failed on .*hello.txt: KeyError: 'cpu'"),
        (Reader(answer=None), "'odd' from plugin 'theirs' failed on .*: TypeError"),
        (Reader(answer=[]), "'odd' from plugin 'theirs' must return one or more Trace"),
        (Reader(answer=["pods"]), r"must return one or more Trace, got \('pods',\)"),
        (Reader(word=RuntimeError("no")), "'odd' from plugin 'theirs' failed: RuntimeError: no"),
    ],
)
def test_a_reader_that_breaks_its_contract_is_named(readers, hello, reader, problem):
    readers.add("odd", lambda: reader, plugin="theirs")
    with pytest.raises(PluginError, match=problem):
        read_traces(hello, readers)


def test_what_a_reader_finds_wrong_with_the_file_passes_as_it_is(readers, hello):
    readers.add("odd", lambda: Reader(answer=FileError("f", "wrong", line=3)), plugin="theirs")
    with pytest.raises(FileError, match=r"^f:3: wrong$"):
        read_traces(hello, readers)


def test_an_empty_or_missing_file(readers, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(FileError, match="the file is empty"):
        read_traces(str(empty), readers)
    with pytest.raises(FileError, match="there is no such file"):
        read_traces(str(tmp_path / "missing.csv"), readers)


@pytest.mark.parametrize("answer", [[Trace(instance="a", arrivals=())], ValueError("no")])
def test_the_garbage_collector_is_as_it_was_after_reading(readers, hello, answer):
    readers.add("odd", lambda: Reader(answer=answer), plugin="theirs")
    for switch in (gc.disable, gc.enable):
        switch()
        before = gc.isenabled()
        try:
            read_traces(hello, readers)
        except PluginError:
            assert isinstance(answer, ValueError)
        assert gc.isenabled() is before


PIECES = st.one_of(
    st.sampled_from(
        [",", "\n", '"', ";", "-", ".", "0", "99999999999999999999", "{", "}", "[", ":", "|", "\0", "=", "name"]
    ),
    st.text(max_size=5),
    st.binary(max_size=3),
)


@pytest.mark.parametrize(
    "name", ["pods.csv", "pods.jsonl", "jobs.swf", "packing.txt", "nodes.csv", "nodes.jsonl", "faults.csv"]
)
def test_however_a_file_is_damaged_it_is_read_or_refused_with_its_name(readers, tmp_path, name):
    whole, path = (EXAMPLES / name).read_bytes(), tmp_path / name
    read = {"nodes": read_nodes, "faults": read_faults}.get(
        name.partition(".")[0], partial(read_traces, readers=readers)
    )

    @given(start=st.integers(0, len(whole)), length=st.integers(0, 40), piece=PIECES)
    def holds(start, length, piece):
        between = piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogatepass")
        path.write_bytes(whole[:start] + between + whole[start + length :])
        try:
            read(str(path))
        except FileError as refused:
            assert refused.path == str(path)  # noqa: PT017  # most damaged files are refused, some are still good

    holds()
