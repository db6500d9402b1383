"""Loads plugins: in order, each by itself, and with a report on every one. The only user of pluggy's hook callers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pluggy
from attrs import frozen

from kube9 import __version__
from kube9.core import hookspecs
from kube9.core.errors import PluginError
from kube9.core.policy import Policy
from kube9.core.registry import Registry
from kube9.plugins import contract
from kube9.plugins.door import Door, Subscriber
from kube9.plugins.fault import fault
from kube9.plugins.info import PluginInfo
from kube9.plugins.registries import Registries
from kube9.plugins.selection import Selection
from kube9.plugins.sources import Source

__all__ = ["Plugins"]

_log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Plugins:
    """Everything that plugins brought, after start-up; nothing registers any more."""

    #: Every plugin that was found, in the order they were loaded, broken and left-out ones as well.
    infos: tuple[PluginInfo, ...]
    registries: Registries
    door: Door
    #: Every hook there is, sorted.
    hooks: tuple[str, ...]

    @classmethod
    def load(
        cls,
        installed: Sequence[Source],
        given: Iterable[Source] = (),
        selection: Selection | None = None,
        *,
        version: str = __version__,
    ) -> Plugins:
        """Load what ``selection`` wants of ``installed``, in that order, then all that was ``given`` by hand.

        :param version: of kube9, which plugins may be particular about.
        :raises PluginError: a plugin is broken, and plugins are strict. Otherwise ``infos`` tells of it.
        """
        selection = selection or Selection()
        loading = _Loading(version=version, strict=selection.strict)
        for source in installed:
            variable = selection.left_out_by(source)
            if variable is None:
                loading.load(source)
            else:
                loading.note(source, left_out_by=variable)
        for name, problem in selection.unknown(installed):
            loading.blame(Source(name=name, where="", load=object), problem)
        for source in given:
            loading.load(source)
        return loading.finish()

    def owner_of(self, plugin: str) -> str:
        """Package and version of the plugin of that name, or its file."""
        return next((info.owner for info in self.infos if info.name == plugin and info.error is None), plugin)


class _Manager(pluggy.PluginManager):
    """Looks at nothing of a plugin but what is named like a hook."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return super().parse_hookimpl_opts(plugin, name) if name.startswith(contract.PREFIX) else None


class _Loading:
    """Start-up under way."""

    def __init__(self, *, version: str, strict: bool) -> None:
        self._version, self._strict = version, strict
        self._registries = Registries.empty()
        self._infos: list[PluginInfo] = []
        self._pm = _Manager(hookspecs.PROJECT)
        self._pm.add_hookspecs(hookspecs)
        callers = {name: caller for name, caller in vars(self._pm.hook).items() if name.startswith(contract.PREFIX)}
        #: Arguments of each hook.
        self._hooks = {name: tuple(callers[name].spec.argnames) for name in sorted(callers)}

    def load(self, source: Source) -> None:
        """Load one plugin, or remember why not."""
        try:
            contract.check_requirement(source, self._version)
            plugin = source.load()
            self._check_unique(source, plugin)
            contract.check_hooks(plugin, self._hooks)
        except (Exception, SystemExit) as exc:
            self.blame(source, exc)
            return
        try:
            self._pm.register(plugin, name=source.name)
            self._fill_registries(source.name, plugin)
        except (Exception, SystemExit) as exc:
            self._registries.discard(plugin=source.name)
            if self._pm.has_plugin(source.name):
                self._pm.unregister(name=source.name)
            self.blame(source, exc)
            return
        hooks = {caller.name for caller in self._pm.get_hookcallers(plugin) or ()}
        self.note(source, hooks=tuple(sorted(hooks)), offers=self._registries.offered_by(source.name))

    def note(self, source: Source, **what: Any) -> PluginInfo:
        """Remember what became of ``source``."""
        info = PluginInfo(
            name=source.name,
            distribution=source.distribution,
            version=source.version,
            source=source.where,
            built_in=source.built_in,
            **what,
        )
        self._infos.append(info)
        return info

    def blame(self, source: Source, exc: BaseException) -> None:
        """Remember that ``source`` is broken.

        :raises PluginError: plugins are strict.
        """
        reason = fault(exc)
        info = self.note(source, error=reason)
        owner = f" ({info.owner})" if info.owner not in ("", source.name) else ""
        message = f"plugin {source.name!r}{owner} is broken and not used: {reason}"
        if self._strict:
            raise PluginError(message) from exc
        _log.warning(message)
        _log.debug("traceback of plugin %r", source.name, exc_info=exc)

    def finish(self) -> Plugins:
        self._registries.freeze()
        return Plugins(
            infos=tuple(self._infos),
            registries=self._registries,
            door=Door(self._subscribers(), strict=self._strict),
            hooks=tuple(self._hooks),
        )

    def _check_unique(self, source: Source, plugin: object) -> None:
        if self._pm.has_plugin(source.name):
            raise PluginError(f"the name {source.name!r} is that of a plugin of {self._owners()[source.name]} already")
        if (other_name := self._pm.get_name(plugin)) is not None:
            raise PluginError(f"it is loaded already, as plugin {other_name!r}")

    def _owners(self) -> Mapping[str, str]:
        """Who answers for each plugin that was loaded."""
        return {info.name: info.owner for info in self._infos if info.error is None}

    def _fill_registries(self, name: str, plugin: object) -> None:
        for kind, registry in self._registries.by_name().items():
            register = partial(_register, registry, name)
            for hook in self._calls(f"kube9_register_{kind}"):
                if hook.plugin == name:
                    hook.call({"register": register})
        offered = self._registries.offered_by(name).get("schedulers", ())
        for policy in contract.policies(plugin):
            # One that a hook has registered as well, perhaps with options, is that hook's.
            if policy.name not in offered:
                _register(self._registries.schedulers, name, policy.name, _factory_of(policy))

    def _calls(self, hook: str) -> tuple[Subscriber, ...]:
        """Who implements ``hook``, in the order pluggy would call them."""
        caller: pluggy.HookCaller = getattr(self._pm.hook, hook)
        owners = self._owners()
        return tuple(
            Subscriber(impl.plugin_name, owners.get(impl.plugin_name, ""), impl.function, tuple(impl.argnames))
            for impl in reversed(caller.get_hookimpls())
        )

    def _subscribers(self) -> Mapping[str, tuple[Subscriber, ...]]:
        events = (hook for hook in self._hooks if not hook.startswith("kube9_register_"))
        return {hook: calls for hook in events if (calls := self._calls(hook))}


def _register(registry: Registry[Any], plugin: str, name: str, factory: Callable[..., Any]) -> None:
    """What a plugin gets as ``register``, once its own name and the registry are filled in."""
    # It must be writable as `name:key=value` on a command line.
    if not isinstance(name, str) or not name or not set(name).isdisjoint(" \t\n:,="):
        raise PluginError(f"{registry.kind} {name!r}: a name is a text without spaces, ':', ',' and '='")
    registry.add(name, factory, plugin=plugin)


def _factory_of(policy: Policy) -> Callable[[], Policy]:
    def factory() -> Policy:
        return policy

    factory.__qualname__ = policy.name  # for the message when it is given options
    return factory
