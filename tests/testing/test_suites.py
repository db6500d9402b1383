"""Which contract a strategy is held to, and with what."""

from __future__ import annotations

import json

import pytest

from kube9.app import App
from kube9.core.errors import InvalidInput, PluginError
from kube9.plugins.subjects import EVENTS, Subject
from kube9.testing import (
    BackendContract,
    DeviceChooserContract,
    FilterContract,
    HealthCheckContract,
    QueueDisciplineContract,
    SchedulerContract,
    SubscriberContract,
)
from kube9.testing.suites import suite_of, suites

CONTRACTS = {
    "scheduler": (SchedulerContract, "best-fit"),
    "filter": (FilterContract, "resources"),
    "queue discipline": (QueueDisciplineContract, "priority"),
    "device chooser": (DeviceChooserContract, "least-left"),
    "health check": (HealthCheckContract, "heartbeat"),
    "backend": (BackendContract, "memory"),
    EVENTS: (SubscriberContract, "policies"),
}


@pytest.fixture(scope="module")
def app():
    return App.load(env={"KUBE9_PLUGINS": ""})


def subject(kind, step):
    return Subject(kind=kind, step=step, plugin="policies")


@pytest.mark.parametrize("kind", CONTRACTS)
def test_each_kind_has_its_contract(app, kind):
    contract, step = CONTRACTS[kind]
    suite = suite_of(app, subject(kind, step), {"partial-requests"})
    assert issubclass(suite, contract)
    assert ("partial-requests" in suite.cannot) is ("partial-requests" in contract.capabilities)
    assert suite.subject == subject(kind, step)


def test_of_a_backend_only_what_anybody_can_bring_about_is_tried(app):
    suite = suite_of(app, subject("backend", "memory"))
    assert {"exit", "lose", "reconnect"} <= suite.cannot <= set(BackendContract.capabilities)
    assert "name a contract under kube9.contracts" in suite.capabilities["lose"]
    assert suite.capabilities["logs"] == BackendContract.capabilities["logs"]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An installed package that names contracts for two strategies of kube9's own."""
    info = tmp_path / "kube9_named-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kube9-named\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[kube9.contracts]\nbest-fit = kube9_named:Named\nworst-fit = kube9_named:nothing\n"
    )
    (tmp_path / "kube9_named.py").write_text(
        "import pytest\n"
        "from kube9.plugins.policies import BestFit\n"
        "from kube9.testing import SchedulerContract\n\n\n"
        "class Named(SchedulerContract):\n"
        "    cannot = {'partial-requests'}\n\n"
        "    @pytest.fixture\n"
        "    def scheduler(self):\n"
        "        return BestFit()\n\n\n"
        "nothing = None\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_package_may_name_the_contract(app, site):
    suite = suite_of(app, subject("scheduler", "best-fit"))
    (named,) = [each for each in suite.__mro__ if each.__name__ == "Named"]
    assert suite.cannot == {"partial-requests"}
    assert "scheduler" not in vars(suite)
    assert "scheduler" in vars(named)


def test_options_are_for_what_the_contract_itself_does_not_make(app, site):
    assert "scheduler" in vars(suite_of(app, subject("scheduler", "best-fit:x=1")))


def test_a_contract_is_for_things_of_its_kind_only(app, site):
    assert not [each for each in suite_of(app, subject("health check", "best-fit")).__mro__ if each.__name__ == "Named"]


def test_what_is_named_must_be_a_contract(app, site):
    with pytest.raises(PluginError, match="worst-fit = kube9_named:nothing in kube9.contracts: expected a contract"):
        suite_of(app, subject("scheduler", "worst-fit"))


def test_each_thing_that_is_asked_about_gets_a_class_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    asked = {"plugins": [], "cannot": [], "labels": {}, "subjects": []}
    asked["subjects"] = [{"kind": "scheduler", "step": name, "plugin": "policies"} for name in ("best-fit", "random")]
    (tmp_path / "request.json").write_text(json.dumps(asked))
    made = suites(tmp_path / "request.json")
    assert [name.startswith("Test") for name in made] == [True, True]
    assert [suite.subject.step for suite in made.values()] == ["best-fit", "random"]


@pytest.mark.parametrize(
    "kind, step, why",
    [
        ("scheduler", "best-fit:x=1", "has no option 'x'; it takes none$"),
        ("backend", "memory:x=1", "there is no option 'x'"),
    ],
)
def test_what_cannot_be_made_is_told_before_anything_is_tried(tmp_path, monkeypatch, kind, step, why):
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    asked = {
        "plugins": [],
        "cannot": [],
        "labels": {},
        "subjects": [{"kind": kind, "step": step, "plugin": "policies"}],
    }
    (tmp_path / "request.json").write_text(json.dumps(asked))
    with pytest.raises(InvalidInput, match=why):
        suites(tmp_path / "request.json")


def test_what_cannot_be_made_is_no_matter_for_what_else_is_asked_about(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "import kube9\n\n\n@kube9.hookimpl\ndef kube9_register_schedulers(register):\n    register('x', list)"
    )
    asked = {"plugins": [str(plugin)], "cannot": [], "labels": {}, "subjects": []}
    asked["subjects"] = [{"kind": "scheduler", "step": name, "plugin": "mine"} for name in ("x", "best-fit")]
    (tmp_path / "request.json").write_text(json.dumps(asked))
    unmade, sound = suites(tmp_path / "request.json").values()
    assert issubclass(sound, SchedulerContract)
    assert not issubclass(unmade, SchedulerContract)
    with pytest.raises(PluginError, match="list has no 'score'"):
        unmade().test_can_be_made()
