"""What all contracts share: capabilities by name, and properties that may be inherited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis.strategies import SearchStrategy

from kube9.core.frozen import FrozenMap

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

    def for_all(self, examples: SearchStrategy[T], holds: Callable[[T], None], always: Iterable[T] = ()) -> None:
        """Try ``holds`` on ``examples``, beginning with those of ``always``."""
        # Hypothesis objects to one and the same test running in several classes, as an inherited one would. So what
        # it runs is made afresh here.

        def check(one: T) -> None:
            holds(one)

        test: Any = given(one=examples)(check)
        for each in always:
            test = example(one=each)(test)
        self.hypothesis_settings()(test)()

    def to_override(self, name: str, what: str) -> NoReturn:
        """What a fixture or method does that the implementer must replace by one that gives ``what``."""
        raise NotImplementedError(f"override {name!r} in {type(self).__name__}; it gives {what}")
