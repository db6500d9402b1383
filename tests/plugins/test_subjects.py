from __future__ import annotations

import pytest

from kube9.app import App
from kube9.core.errors import InvalidInput, PluginError, UnknownName
from kube9.plugins.subjects import EVENTS, Subject, subjects_of

MINE = """
import kube9


@kube9.scheduler("resources")
def resources(pod, nodes):
    return nodes.free["cpu"]


@kube9.hookimpl
def kube9_node_lost(node):
    pass
"""


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return str(path)


@pytest.fixture
def named(mine):
    """What goes by some names, with one plugin in a file beside the built-in ones."""

    def named(*names, **env):
        return subjects_of(App.load([mine], env={"KUBE9_PLUGINS": "", **env}).plugins, names)

    return named


def test_a_strategy_goes_by_its_name_with_its_options(named):
    assert named("random:seed=3") == (Subject(kind="scheduler", step="random:seed=3", plugin="policies"),)
    assert named("random:seed=3")[0].name == "random"


def test_a_name_may_be_that_of_several_things(named, mine):
    assert [(each.kind, each.plugin) for each in named("resources")] == [("scheduler", mine), ("filter", "filters")]


def test_a_plugin_stands_for_all_that_it_offers(named, mine):
    assert named(mine) == (
        Subject(kind="scheduler", step="resources", plugin=mine),
        Subject(kind=EVENTS, step=mine, plugin=mine),
    )
    assert named(mine)[1].name == mine


def test_a_package_stands_for_all_of_its_plugins_however_its_name_is_written(named):
    kinds = {each.kind for each in named("Kube9")}
    assert kinds == {"scheduler", "filter", "queue discipline", "device chooser", "health check", "backend"}


def test_nothing_is_told_twice(named):
    assert named("first-fit", "policies", "first-fit") == named("first-fit", "policies")


def test_what_nothing_goes_by_is_unknown(named):
    with pytest.raises(UnknownName, match="Did you mean 'heartbeat'"):
        named("heartbeet")


def test_what_has_no_contract_is_said(named):
    with pytest.raises(InvalidInput, match="plugin 'traces' .* offers nothing that there is a contract for"):
        named("traces")


def test_what_was_left_out_is_said(named):
    with pytest.raises(InvalidInput, match="is left out by KUBE9_PLUGINS_OFF"):
        named("health", KUBE9_PLUGINS_OFF="health")


def test_what_is_broken_is_said(named, mine, tmp_path):
    (tmp_path / "mine.py").write_text("nonsense")
    with pytest.raises(PluginError, match="is broken and not used: NameError"):
        named(mine)
