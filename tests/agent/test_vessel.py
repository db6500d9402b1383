from __future__ import annotations

from contextlib import closing

import pytest

from kube9.agent import labels
from kube9.agent.engine import Engine, EngineAway, EngineError
from kube9.agent.recipe import Recipe
from kube9.agent.vessel import End, ImageMissing, Vessel

pytestmark = pytest.mark.once


class DeafEngine(Engine):
    """Does what it is asked to, and is not heard to say so as often as it is told."""

    deaf_to = ""

    def ask(self, method, path, *args, **words):
        said = super().ask(method, path, *args, **words)
        if self.deaf_to and path.endswith(self.deaf_to):
            self.deaf_to = ""
            raise EngineAway("not heard")
        return said


@pytest.fixture
def own(engine):
    with closing(DeafEngine(engine.address)) as own:
        yield own


@pytest.fixture
def make(engine, own, cluster_mark):
    made = []

    def make(*command, image=None, name="main"):
        theirs = {labels.CLUSTER: cluster_mark, labels.POD_UID: "p"}
        body = {"Image": image or engine.busybox, "Cmd": list(command), "Labels": theirs, "NetworkDisabled": True}
        vessel = Vessel(own, Recipe("main", f"{cluster_mark}-{name}", body, body["Image"], "Never"), 2)
        made.append(vessel)
        return vessel

    yield make
    for vessel in made:
        if vessel.id is not None:
            engine.client.api.remove_container(vessel.id, force=True)


def allowed():
    return True


def ended(vessel):
    vessel._engine.ask("POST", f"/containers/{vessel.id}/wait")
    return vessel.look()


def test_starts_and_ends(make):
    vessel = make("sh", "-c", "exit 3")
    assert vessel.start(allowed)
    assert ended(vessel) == End(3, False, "")


def test_what_may_not_run_is_made_and_not_started(make):
    vessel = make("true")
    assert not vessel.start(lambda: False)
    assert vessel.inspect()["State"]["Status"] == "created"
    assert vessel.look() is None


def test_one_that_was_made_unheard_is_found_again(make, own):
    vessel = make("sleep", "1000")
    own.deaf_to = "/create"
    with pytest.raises(EngineAway):
        vessel.start(allowed)
    assert vessel.id is None
    assert vessel.start(allowed)
    assert vessel.look() is None


def test_one_that_was_started_unheard_and_is_over_does_not_run_twice(make, own, engine):
    vessel = make("echo", "once")
    own.deaf_to = "/start"
    with pytest.raises(EngineAway):
        vessel.start(allowed)
    assert ended(vessel) is not None
    vessel._ran_since = "0001-01-01T00:00:00Z"  # as nobody has looked at it
    assert vessel.start(allowed)
    assert engine.client.containers.get(vessel.id).logs() == b"once\n"


def test_one_that_is_started_again_unheard(make, own, engine):
    vessel = make("echo", "run")
    assert vessel.start(allowed)
    assert ended(vessel) == End(0, False, "")
    own.deaf_to = "/start"
    with pytest.raises(EngineAway):
        vessel.start(allowed)
    own.ask("POST", f"/containers/{vessel.id}/wait")
    assert vessel.start(allowed)
    assert engine.client.containers.get(vessel.id).logs() == b"run\nrun\n"


def test_a_name_that_somebody_else_has(make, own, engine, cluster_mark):
    first = make("sleep", "1000")
    first.start(allowed)
    second = make("sleep", "1000")
    second.recipe.body["Labels"][labels.POD_UID] = "another"
    with pytest.raises(EngineError, match="already in use"):
        second.start(allowed)


def test_no_image(make):
    with pytest.raises(ImageMissing, match="kube9-test/none:1"):
        make("true", image="kube9-test/none:1").start(allowed)


def test_one_that_somebody_removed(make, engine):
    vessel = make("sleep", "1000")
    vessel.start(allowed)
    engine.client.api.remove_container(vessel.id, force=True)
    vessel.signal("SIGKILL")
    assert vessel.stop_signal() == "SIGTERM"
    assert vessel.look() == End(137, False, "somebody removed it")
    assert vessel.id is None
