"""The files and specs that the page on traces shows can be read, each as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kube9.core.registry import Registry
from kube9.plugins import traces
from kube9.simulator.faultfile import read_faults
from kube9.simulator.nodefile import read_nodes
from kube9.simulator.nodespec import parse_nodes
from kube9.simulator.tracefile import read_traces

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "traces.md").read_text(encoding="utf-8")

#: Blocks whose first line names a file.
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
SPECS = re.findall(r"^(\d+xcpu=\S+)$", PAGE, flags=re.MULTILINE) + re.findall(r"`(auto:\w+=[^`]+)`", PAGE)


@pytest.fixture
def written(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.fixture
def readers():
    registry = Registry("trace reader")
    traces.kube9_register_trace_readers(lambda name, factory: registry.add(name, factory, plugin="traces"))
    return registry


@pytest.mark.parametrize(
    "name, pods", [("pods.csv", 3), ("pods.jsonl", 3), ("pods_openb.csv", 3), ("packing.txt", 6), ("jobs.swf", 2)]
)
def test_the_traces_are_recognised_and_read(written, readers, name, pods):
    (trace,) = read_traces(str(written / name), readers)
    assert len(trace.arrivals) == pods


def test_every_format_is_on_the_page(readers):
    assert [entry.name for entry in readers if f"| `{entry.name}` |" not in PAGE] == []


@pytest.mark.parametrize("name", ["nodes.csv", "nodes.jsonl", "nodes_openb.csv"])
def test_the_node_files_are_read(written, name):
    assert len(read_nodes(str(written / name))) == 2


def test_the_fault_file_fits_the_node_file(written):
    faults = read_faults(str(written / "faults.csv"))
    assert len(faults.faults) == 3
    faults.check([node.name for node in read_nodes(str(written / "nodes.csv"))])


def test_there_are_specs_to_read():
    assert len(SPECS) >= 3


@pytest.mark.parametrize("text", SPECS)
def test_the_specs_are_read(text):
    plan = parse_nodes(text)
    assert plan.nodes or plan.auto
