"""From a name the user wrote to the strategy it stands for."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from kube9.core.errors import InvalidInput, Kube9Error, PluginError
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
    _check_options(who, entry, options)
    try:
        made = registry.make(name, **options)
    except Kube9Error:
        raise
    except (Exception, SystemExit) as exc:
        raise PluginError(f"{who} could not be made: {fault(exc)}") from exc
    port = PORTS[registry.kind]
    if not isinstance(made, port):
        raise PluginError(f"{who}: expected a {port.__name__} as in kube9.core.ports; {_lack(made, port)}")
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


def _check_options(who: str, entry: Entry[Any], options: Mapping[str, Any]) -> None:
    """:raises InvalidInput: one of them is none that the factory takes."""
    try:
        parameters = inspect.signature(entry.factory).parameters.values()
    except (TypeError, ValueError):  # it will say so itself
        return
    if any(each.kind is each.VAR_KEYWORD for each in parameters):
        return
    taken = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    for name in options:
        if name not in taken:
            # What the program gives itself, as the clock of a backend, is nothing that a user could write.
            theirs = [each for each in taken if isinstance(options.get(each, ""), str)]
            there = f"there are: {', '.join(theirs)}" if theirs else "it takes none"
            raise InvalidInput(f"{who} has no option {name!r}; {there}{_did_you_mean(name, theirs)}")


def _lack(made: object, port: type) -> str:
    """What ``made`` would need to be a ``port``."""
    members = _members(port)
    missing = [name for name in members if not hasattr(made, name)]
    if made is None or not missing:
        return f"got {made!r}"
    others = [name for name in dir(made) if not name.startswith("_") and name not in members]
    lacks = [f"{name!r}{_did_you_mean(name, others, ' that by')}" for name in missing]
    return f"{type(made).__name__} has no {', no '.join(lacks)}"


def _members(port: type) -> list[str]:
    """What it takes to be a ``port``, as its code has it."""
    kinds = [kind for kind in reversed(port.__mro__) if getattr(kind, "_is_protocol", False)]
    names = (name for kind in kinds for name in (*inspect.get_annotations(kind), *vars(kind)))
    return list(dict.fromkeys(name for name in names if not name.startswith("_")))


def _did_you_mean(name: str, known: Collection[str], what: str = "") -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean{what} {near[0]!r}?)" if near else ""
