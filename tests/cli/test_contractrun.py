"""Contracts are run in a process of their own, which finds what this one finds."""

from __future__ import annotations

import pytest

from kube9.cli.contractrun import run_contracts
from kube9.core.errors import PluginError
from kube9.plugins.subjects import Subject


def test_every_promise_of_what_is_asked_about_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    monkeypatch.chdir(tmp_path)
    asked = Subject(kind="queue discipline", step="fcfs", plugin="queues")
    found = run_contracts([asked], (), examples=5)
    assert {(each.subject, each.outcome) for each in found} == {(asked, "passed")}
    assert "keys have one length" in {each.promise for each in found}
    assert list(tmp_path.iterdir()) == []


def test_what_keeps_contracts_from_running_is_told(monkeypatch):
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    with pytest.raises(PluginError, match="the contracts could not be run: .*no such kind"):
        run_contracts([Subject(kind="no such kind", step="fcfs", plugin="queues")], (), examples=5)


def test_a_process_that_ends_in_the_midst_of_it_is_told(tmp_path):
    """As os._exit() has it, or a library in C."""
    plugin = tmp_path / "ends.py"
    plugin.write_text("import os\nimport kube9\n\n\n@kube9.scheduler('ends')\ndef ends(pod, nodes):\n    os._exit(3)\n")
    asked = Subject(kind="scheduler", step="ends", plugin=str(plugin))
    with pytest.raises(PluginError, match="could not be run: their process ended with code 3 before it was done$"):
        run_contracts([asked], [str(plugin)], examples=5)
