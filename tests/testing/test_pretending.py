from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kube9.agent.brain import PodUse, StartOrder
from kube9.agent.configuration import NodeConfiguration
from kube9.testing.pretending import make_runtime, make_sweep


class Heard:
    """Keeps what a runtime tells."""

    def __init__(self):
        self.changed = threading.Condition()
        self.all = []

    def __getattr__(self, name):
        def note(*words):
            with self.changed:
                self.all.append((name, *words))
                self.changed.notify_all()

        return note

    def expect(self, *news):
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.all) >= len(news), 20)
            assert came, self.all
            assert self.all[: len(news)] == list(news)


@pytest.fixture
def node(tmp_path):
    return NodeConfiguration("node", "n", "c-1", "module:pretending", str(tmp_path / "pods"))


@pytest.fixture
def news():
    return Heard()


@pytest.fixture
def runtime(node, news):
    runtime = make_runtime(node, news)
    yield runtime
    runtime.close()
    runtime._thread.join(20)


@pytest.fixture
def files(runtime, tmp_path):
    """The copies that run."""
    return lambda: sorted(path.name for path in (tmp_path / "pods").iterdir())


def order(policy="Always", **knobs):
    env = [{"name": name, "value": str(value)} for name, value in knobs.items()]
    return StartOrder("p", 1, "default", "web", "", {"containers": [{"env": env}], "restartPolicy": policy}, {})


def test_one_that_runs_until_it_is_stopped(runtime, news, files):
    runtime.start(order())
    news.expect(("is_so", "p", 1, True, 0, ""), ("started", "p", 1))
    assert files() == ["p.1"]
    assert runtime.use() == (PodUse("p", 1, 100, 2**20),)
    runtime.stop("p", 1, 0)
    news.expect(("is_so", "p", 1, True, 0, ""), ("started", "p", 1), ("stopped", "p", 1))
    assert (files(), runtime.use()) == ([], ())


def test_one_that_does_not_start(runtime, news, files):
    runtime.start(order(START_ERROR="no such image"))
    news.expect(("not_started", "p", 1, "no such image"))
    assert files() == []


def test_one_that_exits(runtime, news, files):
    runtime.start(order("Never", EXIT_CODE=3))
    news.expect(("is_so", "p", 1, True, 0, ""), ("started", "p", 1), ("exited", "p", 1, 3, "Error"))
    assert files() == []


def test_one_that_is_started_again(runtime, news, files):
    runtime.start(order(EXIT_CODE=0))
    news.expect(
        *[("is_so", "p", 1, True, 0, ""), ("started", "p", 1)], *[("is_so", "p", 1, True, n, "") for n in (1, 2)]
    )
    assert files() == ["p.1"]
    runtime.kill("p", 1)
    assert files() == []


def test_one_that_is_ready_later(runtime, news):
    runtime.start(order(READY_MS=5))
    news.expect(("is_so", "p", 1, False, 0, "it is not ready yet"), ("started", "p", 1), ("is_so", "p", 1, True, 0, ""))


def test_one_that_is_killed_before_it_starts_never_does(runtime, news, files):
    runtime.start(order(START_MS=100_000))
    runtime.kill("p", 1)
    runtime.stop("p", 1, 0)
    news.expect(("stopped", "p", 1))
    assert files() == []


def test_all_are_swept_and_cleaned(runtime, node, news, files):
    for clear in (make_sweep(node), runtime.clean):
        (Path(node.engine) / "left.1").touch()
        assert files() == ["left.1"]
        clear()
        assert files() == []
