"""Contracts for what is installed: one class for each thing that ``kube9 plugins check`` was asked about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from inspect import getattr_static
from pathlib import Path
from typing import Any, cast

import pytest

from kube9.app import App
from kube9.clocks import RealClock
from kube9.core.errors import InvalidInput, PluginError
from kube9.core.frozen import FrozenMap
from kube9.core.ports import Clock, CommandRunner, NodeBackend
from kube9.core.registry import split_step
from kube9.plugins import sources
from kube9.plugins.strategy import make_step, parameters_of
from kube9.plugins.subjects import EVENTS, Subject
from kube9.testing.contracts import (
    BackendContract,
    Contract,
    DeviceChooserContract,
    FilterContract,
    HealthCheckContract,
    QueueDisciplineContract,
    SchedulerContract,
    SubscriberContract,
)
from kube9.testing.deliveries import Deliveries

__all__ = ["CONTRACTS_GROUP", "suite_of", "suites"]

#: The entry-point group in which a package names the contract that its strategy of the same name is to be held to.
CONTRACTS_GROUP = "kube9.contracts"

#: By kind: the contract, its fixture, and the registry that what it tests is made from.
_KINDS: Mapping[str, tuple[type[Contract], str, str]] = {
    "scheduler": (SchedulerContract, "scheduler", "schedulers"),
    "filter": (FilterContract, "filter", "filters"),
    "queue discipline": (QueueDisciplineContract, "discipline", "queue_disciplines"),
    "device chooser": (DeviceChooserContract, "chooser", "device_choosers"),
    "health check": (HealthCheckContract, "check", "health_checks"),
    "backend": (BackendContract, "backend", "backends"),
    EVENTS: (SubscriberContract, "plugin", ""),
}
#: What only whoever wrote a backend knows how to bring about.
_UNTOLD = frozenset({"exit", "lose", "readiness", "reconnect", "restart-container", "start-error"})
_TELL_IT = f"; to have it tried, name a contract under {CONTRACTS_GROUP} in its package, as 'Test a plugin' says"
#: How often nodes of a backend that asks for it are to be heard.
_BEAT_MS = 200


def suites(request: Path) -> dict[str, type[Contract]]:
    """The classes to collect, by name: what the file ``request`` asks for.

    :raises InvalidInput: none of them has a capability that is said to be lacking, or one cannot be made with the
        options given, or cannot be held to a contract by itself.
    :raises PluginError: it cannot be made at all, and is the only one.
    """
    asked = json.loads(request.read_text(encoding="utf-8"))
    app = App.load(asked["plugins"])
    subjects = [Subject(**each) for each in asked["subjects"]]
    made = {
        f"Test{number}": suite_of(app, subject, asked["cannot"], asked["labels"])
        for number, subject in enumerate(subjects)
    }
    known = sorted({name for suite in made.values() for name in suite.capabilities})
    if unknown := sorted(set(asked["cannot"]) - set(known)):
        raise InvalidInput(f"--cannot: there is no capability {unknown[0]!r}; there are: {', '.join(known) or 'none'}")
    alone = len(subjects) == 1
    return {name: _makeable(app, suite, alone=alone) for name, suite in made.items()}


def _makeable(app: App, suite: Any, *, alone: bool) -> type[Contract]:
    """``suite``, or one that says why its subject cannot be made: once, rather than as so many broken promises.

    Where nothing else was asked about, or its options were written by the user, there is no suite at all.
    """
    subject: Subject = suite.subject
    _, fixture, _ = _KINDS[subject.kind]
    if fixture not in vars(suite):
        return cast("type[Contract]", suite)
    try:
        _try_to_make(app, subject)
    except (InvalidInput, PluginError) as exc:
        if alone or ":" in subject.step:
            raise
        return type(_class_name(subject), (_Unmade,), {"subject": subject, "why": exc})
    return cast("type[Contract]", suite)


class _Unmade(Contract):
    why: Exception

    def test_can_be_made(self) -> None:
        """By its name alone."""
        raise self.why


def suite_of(
    app: App, subject: Subject, cannot: Iterable[str] = (), labels: Mapping[str, Sequence[str]] = FrozenMap()
) -> type[Contract]:
    """The contract of ``subject``: the one its package names, or else the one of its kind, for what ``app`` makes.

    :param cannot: what it cannot do, besides what its package says; no matter for a contract that does not ask for it.
    :param labels: those that it goes by, besides what its package says.
    :raises PluginError: what its package names is no such contract.
    """
    contract, fixture, _ = _KINDS[subject.kind]
    named = _contract_named(subject, contract)
    inherited = named or _plain_contract(subject, contract)
    lacking = frozenset(cannot) & inherited.capabilities.keys()
    members: dict[str, Any] = {
        "cannot": lacking.union(inherited.cannot),
        "labels": {**inherited.labels, **labels},
        "subject": subject,
    }
    # A contract that makes what it tests knows best how, unless there are options of which it cannot know.
    if getattr_static(inherited, fixture) is getattr_static(contract, fixture) or ":" in subject.step:
        members[fixture] = _fixture(app, subject)
    return type(_class_name(subject), (inherited,), members)


def _plain_contract(subject: Subject, contract: type[Contract]) -> type[Contract]:
    return _UntoldBackendContract if subject.kind == "backend" else contract


class _UntoldBackendContract(BackendContract):
    """For a backend of which nothing is known but its name: in real time, and without what it takes more to know."""

    capabilities = FrozenMap(
        {name: means + _TELL_IT * (name in _UNTOLD) for name, means in BackendContract.capabilities.items()}
    )
    cannot = _UNTOLD
    patience_ms = 20_000
    quiet_ms = 300

    @pytest.fixture
    def clock(self) -> Iterator[Clock]:
        with RealClock() as clock:
            yield clock

    @pytest.fixture(autouse=True)
    def _commands_only_where_it_takes_them(self, request: pytest.FixtureRequest) -> None:
        if "exec" in getattr(request.function, "needs", ()):
            backend = request.getfixturevalue("backend")
            if not isinstance(backend, CommandRunner):
                pytest.skip(f"cannot 'exec': {self.capabilities['exec']}")


def _contract_named(subject: Subject, contract: type[Contract]) -> type[Contract] | None:
    for point in entry_points(group=CONTRACTS_GROUP, name=subject.name):
        found = point.load()
        if not (isinstance(found, type) and issubclass(found, Contract)):
            raise PluginError(f"{point.name} = {point.value} in {CONTRACTS_GROUP}: expected a contract, got {found!r}")
        # One name may be that of things of two kinds.
        if issubclass(found, contract):
            return found
    return None


def _fixture(app: App, subject: Subject) -> Callable[..., Any]:
    _, fixture, _ = _KINDS[subject.kind]
    if subject.kind == "backend":
        return pytest.fixture(name=fixture)(_backend_fixture(app, subject))

    def make(_: Contract) -> object:
        return _plugin(subject.plugin) if subject.kind == EVENTS else _made(app, subject)

    return pytest.fixture(name=fixture)(make)


def _try_to_make(app: App, subject: Subject) -> None:
    if subject.kind == "backend":
        with RealClock() as clock, _made_backend(app, subject, clock, Deliveries(clock)):
            pass
    elif subject.kind != EVENTS:
        _made(app, subject)


def _made(app: App, subject: Subject) -> object:
    _, _, attribute = _KINDS[subject.kind]
    with _hint(subject):
        return make_step(getattr(app.registries, attribute), subject.step)


def _backend_fixture(app: App, subject: Subject) -> Callable[..., Iterator[NodeBackend]]:
    def make(_: Contract, clock: Clock, deliver: Deliveries) -> Iterator[NodeBackend]:
        with _made_backend(app, subject, clock, deliver) as backend:
            yield backend

    return make


@contextmanager
def _made_backend(app: App, subject: Subject, clock: Clock, deliver: Deliveries) -> Iterator[NodeBackend]:
    name, options = split_step(subject.step)
    beats = {"heartbeat_ms": _BEAT_MS} if "heartbeat_ms" in parameters_of(app.registries.backends.entry(name)) else {}
    with _hint(subject):
        backend = app.make_backend(name, clock, deliver, **{**beats, **options})
    try:
        if getattr(backend, "by_agent", False):
            raise InvalidInput(
                f"the nodes of backend {name!r} run kube9's agent, so what it keeps to shows only together with "
                f"agents; name a contract that starts them in the entry-point group {CONTRACTS_GROUP!r} of its package"
            )
        yield backend
    finally:
        if (close := getattr(backend, "close", None)) is not None:
            close()


@contextmanager
def _hint(subject: Subject) -> Iterator[None]:
    try:
        yield
    except InvalidInput as exc:
        if ":" in subject.step:
            raise
        raise InvalidInput(f"{exc}; what it needs is given as on a command line: {subject.name}:KEY=VALUE") from exc


def _plugin(name: str) -> object:
    """What the plugin is loaded from: an installed module itself, or the file once more."""
    found = [source for source in sources.installed() if source.name == name]
    source = found[0] if found else sources.given(name)
    return source.load()


def _class_name(subject: Subject) -> str:
    return "Test_" + re.sub(r"\W+", "_", f"{subject.kind}_{subject.step}")
