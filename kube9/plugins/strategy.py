"""From a name the user wrote to the strategy it stands for."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from kube9.core.errors import Kube9Error, PluginError
from kube9.core.registry import Entry, Registry, split_step
from kube9.plugins.fault import fault
from kube9.plugins.registries import PORTS

__all__ = ["make", "make_step", "parameters_of"]

T = TypeVar("T")


def make(registry: Registry[T], name: str, /, **options: Any) -> T:
    """Make the strategy ``name``.

    :raises UnknownName: no plugin offers it.
    :raises InvalidInput: it takes no such options, or refuses their values.
    :raises PluginError: making it failed otherwise, or what was made is no such strategy.
    """
    entry = registry.entry(name)
    who = f"{registry.kind} {name!r} from plugin {entry.plugin!r}"
    try:
        made = registry.make(name, **options)
    except Kube9Error:
        raise
    except (Exception, SystemExit) as exc:
        raise PluginError(f"{who} could not be made: {fault(exc)}") from exc
    port = PORTS[registry.kind]
    if not isinstance(made, port):
        raise PluginError(f"{who}: expected a {port.__name__} as in kube9.core.ports, got {made!r}")
    return made


def make_step(registry: Registry[T], step: str, *, seed: int | None = None) -> T:
    """Make the strategy that ``step``, a ``name:key=value,...``, stands for; errors as for :func:`make`.

    :param seed: goes to a factory that has a parameter of that name, unless the step gives one; ``None`` for none.
    """
    name, written = split_step(step)
    options: dict[str, Any] = dict(written)
    if seed is not None and "seed" not in options and "seed" in parameters_of(registry.entry(name)):
        options["seed"] = str(seed)
    return make(registry, name, **options)


def parameters_of(entry: Entry[Any]) -> frozenset[str]:
    """The names of what the factory takes; none where nobody can know."""
    try:
        return frozenset(inspect.signature(entry.factory).parameters)
    except (TypeError, ValueError):  # a callable of C without a signature
        return frozenset()
