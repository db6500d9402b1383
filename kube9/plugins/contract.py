"""What a plugin must keep to; whatever pluggy would take in silence is refused here, with what to do about it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from types import FunctionType, MethodType
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from kube9.core.errors import PluginError
from kube9.core.hookspecs import PROJECT
from kube9.core.policy import Policy
from kube9.plugins.sources import Source

__all__ = ["PREFIX", "check_hooks", "check_requirement", "policies"]

#: What every hook's name begins with.
PREFIX = "kube9_"
_MARK = f"{PROJECT}_impl"


def check_requirement(source: Source, version: str) -> None:
    """Hold ``source`` to the range of kube9 versions that its own metadata states.

    :raises PluginError: ``version`` is outside of it.
    """
    for text in source.requires:
        wanted = Requirement(text)
        if canonicalize_name(wanted.name) != PROJECT or (wanted.marker is not None and not wanted.marker.evaluate()):
            continue
        if not wanted.specifier.contains(Version(version), prereleases=True):
            who = f"{source.distribution} {source.version}"
            raise PluginError(f"{who} wants {PROJECT}{wanted.specifier}, this is {version}")


def policies(plugin: object) -> tuple[Policy, ...]:
    """The policies made by a decorator that ``plugin`` has, or is, in the order they were made."""
    if isinstance(plugin, Policy):
        return (plugin,)
    found = [value for value in getattr(plugin, "__dict__", {}).values() if isinstance(value, Policy)]
    return tuple(dict.fromkeys(found))


def check_hooks(plugin: object, known: Mapping[str, Collection[str]]) -> None:
    """Hold the functions of ``plugin`` to the rules for hooks.

    :param known: the hooks that there are, and the arguments of each.
    :raises PluginError: names the function, and says what to change.
    """
    if inspect.isclass(plugin):
        raise PluginError(f"{plugin.__qualname__} is a class; a plugin is a module, an instance, or a policy")
    offers = bool(policies(plugin))
    for name, function, options in _functions(plugin):
        if options is not None:
            _check_name(name, options, known)
            _check_kind(name, options)
            _check_arguments(name, function)
            # One that may be missing has no arguments to be held to.
            if (offered := known.get(options["specname"] or name)) is not None:
                _check_asked(name, getattr(plugin, name), offered)
            offers = True
        elif name.startswith(PREFIX):
            raise PluginError(f"{name} is not marked as a hook; put @kube9.hookimpl above it, or give it another name")
    if not offers:
        raise PluginError("it offers nothing: it has no function marked @kube9.hookimpl and no @kube9.scheduler")


def _functions(plugin: object) -> Iterator[tuple[str, FunctionType, dict[str, Any] | None]]:
    """Every function of ``plugin``, by the name of its attribute, with the options of its mark if it has one."""
    # Looked up statically: a plugin's properties must not run because somebody lists its attributes.
    for name in dir(plugin):
        value = inspect.getattr_static(plugin, name, None)
        function = value.__func__ if isinstance(value, (staticmethod, classmethod, MethodType)) else value
        if isinstance(function, FunctionType):
            # The mark may stand above @staticmethod or below it.
            yield name, function, getattr(value, _MARK, None) or getattr(function, _MARK, None)


def _check_name(name: str, options: dict[str, Any], known: Collection[str]) -> None:
    if not name.startswith(PREFIX):
        raise PluginError(f"{name} is marked as a hook, but the names of hooks begin with {PREFIX}")
    hook = options["specname"] or name
    if hook not in known and not options["optionalhook"]:
        raise PluginError(f"there is no hook {hook}{_nearest(hook, known)}")


def _nearest(hook: str, known: Collection[str]) -> str:
    # Without the prefix: it would make any two hooks look alike.
    tails = {name.removeprefix(PREFIX): name for name in known}
    near = difflib.get_close_matches(hook.removeprefix(PREFIX), tails, n=1, cutoff=0.5)
    return f"; did you mean {tails[near[0]]}?" if near else ""


def _check_kind(name: str, options: dict[str, Any]) -> None:
    if options["wrapper"] or options["hookwrapper"]:
        raise PluginError(f"{name} is a wrapper, but plugins are called one by one, so there is nothing to wrap")


def _check_arguments(name: str, function: FunctionType) -> None:
    for argument in inspect.signature(function).parameters.values():
        if argument.default is not argument.empty:
            # pluggy 1.6 never passes such an argument and later ones do: one plugin would mean two things.
            raise PluginError(f"{name} gives its argument {argument.name!r} a default; a hook's arguments have none")
        if argument.kind is not argument.POSITIONAL_OR_KEYWORD:
            raise PluginError(f"{name} must ask for {argument.name!r} as a plain argument, not as {argument}")


def _check_asked(name: str, function: Callable[..., object], offered: Collection[str]) -> None:
    for argument in inspect.signature(function).parameters:
        if argument not in offered:
            raise PluginError(f"{name} asks for {argument!r}, which there is not; it may ask for {', '.join(offered)}")
