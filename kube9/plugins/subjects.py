"""What of a plugin there are contracts for, found by the name of a strategy, a plugin or a package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import frozen

from kube9.core.errors import InvalidInput, PluginError, UnknownName
from kube9.core.registry import split_step
from kube9.plugins.info import PluginInfo
from kube9.plugins.manager import Plugins

__all__ = ["EVENTS", "Subject", "subjects_of"]

#: The kind of a plugin that hears of what happens.
EVENTS = "events"
#: The registries whose strategies a contract is there for, and what one of them is called.
_KINDS = {
    "schedulers": "scheduler",
    "filters": "filter",
    "queue_disciplines": "queue discipline",
    "device_choosers": "device chooser",
    "backends": "backend",
    "health_checks": "health check",
}


@frozen(kw_only=True)
class Subject:
    """One thing to hold to its contract."""

    #: ``scheduler``, ``filter``, ``queue discipline``, ``device chooser``, ``backend``, ``health check`` or ``events``.
    kind: str
    #: Its step, with options if there are any; of a subscriber the plugin's name.
    step: str
    #: Who offers it.
    plugin: str

    @property
    def name(self) -> str:
        """Without options."""
        return self.plugin if self.kind == EVENTS else split_step(self.step)[0]


def subjects_of(plugins: Plugins, names: Iterable[str]) -> tuple[Subject, ...]:
    """Everything that goes by one of ``names``, each once.

    :param names: of a strategy, which may have options as ``name:key=value``; of a plugin, or of its package.
    :raises UnknownName: nothing goes by one of them.
    :raises InvalidInput: a plugin was left out, or offers nothing that there is a contract for.
    :raises PluginError: a plugin is broken.
    """
    return tuple(dict.fromkeys(subject for name in names for subject in _named(plugins, name)))


def _named(plugins: Plugins, name: str) -> tuple[Subject, ...]:
    infos = [info for info in plugins.infos if _goes_by(info, name)]
    found = (*_strategies(plugins, name), *(subject for info in infos for subject in _offers_of(info)))
    if found:
        return found
    if infos:
        raise _unusable(infos[0])
    known = {name for info in plugins.infos for name in (info.name, info.distribution) if name}
    known |= {name for info in plugins.infos for kind in _KINDS for name in info.offers.get(kind, ())}
    raise UnknownName.of("plugin or strategy", name, known)


def _goes_by(info: PluginInfo, name: str) -> bool:
    return info.name == name or (info.distribution != "" and _canonical(info.distribution) == _canonical(name))


def _strategies(plugins: Plugins, step: str) -> Iterator[Subject]:
    name = step.partition(":")[0]
    for attribute, registry in plugins.registries.by_name().items():
        if attribute in _KINDS and name in registry:
            yield Subject(kind=_KINDS[attribute], step=step, plugin=registry.entry(name).plugin)


def _offers_of(info: PluginInfo) -> Iterator[Subject]:
    for attribute, kind in _KINDS.items():
        for name in info.offers.get(attribute, ()):
            yield Subject(kind=kind, step=name, plugin=info.name)
    if any(not hook.startswith("kube9_register_") for hook in info.hooks):
        yield Subject(kind=EVENTS, step=info.name, plugin=info.name)


def _unusable(info: PluginInfo) -> InvalidInput | PluginError:
    who = f"plugin {info.name!r}" + (f" ({info.owner})" if info.owner != info.name else "")
    if info.error is not None:
        return PluginError(f"{who} is broken and not used: {info.error}")
    if info.left_out_by is not None:
        return InvalidInput(f"{who} is left out by {info.left_out_by}; change or unset that variable")
    kinds = ", ".join(dict.fromkeys(_KINDS.values()))
    return InvalidInput(f"{who} offers nothing that there is a contract for; there is one for: {kinds}, {EVENTS}")


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
