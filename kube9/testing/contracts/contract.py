"""What all contracts share: capabilities by name, and properties that may be inherited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from kube9.core.frozen import FrozenMap
from kube9.testing.counterexample import mark_counterexample, tell_counterexample
from kube9.testing.latency import measure_latency

__all__ = ["Contract", "needs"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., None])


def needs(*capabilities: str) -> Callable[[F], F]:
    """Mark a test of a contract: it is left out where the implementation cannot do one of these."""

    def mark(test: F) -> F:
        test.__dict__["needs"] = capabilities
        return test

    return mark


class Contract:
    """Inherit one of the contracts, override its fixture, and name in ``cannot`` what the implementation lacks."""

    #: What may be lacking, by name, and what it means.
    capabilities: ClassVar[Mapping[str, str]] = FrozenMap()
    #: Names of what this implementation lacks. The tests that need it are skipped, and the report says why.
    cannot: ClassVar[Collection[str]] = frozenset()
    #: Labels that the implementation goes by, and values of each to try: ``{"tenant": ("acme", "globex")}``. Pods and
    #: nodes carry them now and then. Without, there are ``disk`` (ssd, hdd) and ``zone`` (a, b).
    labels: ClassVar[Mapping[str, Sequence[str]]] = FrozenMap()
    #: How many times as long as kube9's own it may take before a report says so. Nothing fails for it.
    latency_budget: ClassVar[float] = 20.0

    @pytest.fixture(autouse=True)
    def _only_what_it_can(self, request: pytest.FixtureRequest) -> None:
        for capability in getattr(request.function, "needs", ()):
            if capability in self.cannot:
                pytest.skip(f"{type(self).__name__} cannot {capability!r}: {self.capabilities[capability]}")

    def test_cannot_names_capabilities(self) -> None:
        """A capability that does not exist would be a typing error that leaves nothing out."""
        unknown = sorted(set(self.cannot) - set(self.capabilities))
        known = ", ".join(sorted(self.capabilities)) or "none"
        assert not unknown, f"cannot names {unknown}, which are no capabilities; there are: {known}"

    def hypothesis_settings(self) -> settings:
        """How examples are tried; by default as the active profile says, whatever time an example takes."""
        return settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

    def for_all(
        self,
        examples: SearchStrategy[T],
        holds: Callable[[T], None],
        always: Iterable[T] = (),
        *,
        examples_max: int | None = None,
    ) -> None:
        """Try ``holds`` on ``examples``, and then on those of ``always``.

        The error of the smallest example that is found carries it. Those of ``always`` come last: they are no smaller.

        :param examples_max: for what takes long; fewer than the settings say.
        """
        # Hypothesis objects to one and the same test running in several classes, as an inherited one would. So what
        # it runs is made afresh here.

        def check(one: T) -> None:
            try:
                holds(one)
            except Exception as exc:
                mark_counterexample(exc, one)
                raise

        how = self.hypothesis_settings()
        if examples_max is not None:
            how = settings(how, max_examples=min(how.max_examples, examples_max))
        test: Any = given(one=examples)(check)
        try:
            how(test)()
            for one in always:
                check(one)
        except Exception as exc:
            tell_counterexample(exc)
            raise

    def tell_latency(
        self, request: pytest.FixtureRequest, asked: Callable[[], object], reference: Callable[[], object], name: str
    ) -> None:
        """Measure how long ``asked`` takes, and tell it as the property ``latency`` of the test.

        :param name: of the reference.
        """
        latency = measure_latency(asked, reference, name=name, budget=self.latency_budget)
        # As record_property does, which warns of what a report in XML would not have.
        request.node.user_properties.append(("latency", latency))

    def to_override(self, name: str, what: str) -> NoReturn:
        """What a fixture or method does that the implementer must replace by one that gives ``what``."""
        raise NotImplementedError(f"override {name!r} in {type(self).__name__}; it gives {what}")
