"""What is known of a plugin, whether it works or not."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from kube9.core.frozen import FrozenMap

__all__ = ["PluginInfo"]


@frozen(kw_only=True)
class PluginInfo:
    """One plugin that was found, after it was loaded, broken or left out."""

    name: str
    #: The installed package it comes from; empty for a file or module given by ``--plugin``.
    distribution: str = ""
    #: Of the package.
    version: str = ""
    #: The file, or the module as the entry point has it.
    source: str
    built_in: bool = False
    #: The hooks it implements, sorted.
    hooks: tuple[str, ...] = ()
    #: The names it offers, sorted, by the registry they are in; registries without a name of it are left out.
    offers: Mapping[str, tuple[str, ...]] = field(factory=FrozenMap, converter=FrozenMap)
    #: Why nothing of it is used; ``None`` where it works or was left out.
    error: str | None = None
    #: The environment variable that left it out; ``None`` where none did.
    left_out_by: str | None = None

    @property
    def owner(self) -> str:
        """Who answers for it, for messages: ``kube9-gpu 1.2``, or the file."""
        return f"{self.distribution} {self.version}" if self.distribution else self.source
