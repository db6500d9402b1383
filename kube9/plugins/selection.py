"""Which plugins are wanted, as the environment says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from kube9.core.errors import InvalidInput, UnknownName

if TYPE_CHECKING:
    from kube9.plugins.sources import Source

__all__ = ["OFF", "ONLY", "STRICT", "Selection"]

#: The third-party plugins to load, by name or package; empty for none, unset for all.
ONLY = "KUBE9_PLUGINS"
#: Plugins to leave out, built-in ones as well.
OFF = "KUBE9_PLUGINS_OFF"
#: Whether any fault of a plugin is fatal.
STRICT = "KUBE9_STRICT_PLUGINS"

_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "": False, "0": False, "false": False, "no": False}
_TRUTH["off"] = False


# `kube9 --help` asks it, too, and must not wait until attrs is imported.
class Selection(NamedTuple):
    """What to load of what is installed. Plugins named by ``--plugin`` are no affair of it."""

    #: ``None`` for everything.
    only: frozenset[str] | None = None
    off: frozenset[str] = frozenset()
    strict: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Selection:
        """:raises InvalidInput: the strictness is neither on nor off."""
        strict = env.get(STRICT, "").strip().lower()
        if strict not in _TRUTH:
            raise InvalidInput(f"{STRICT} must be 1 or 0, got {env[STRICT]!r}")
        return cls(
            only=_names(env[ONLY]) if ONLY in env else None,
            off=_names(env.get(OFF, "")),
            strict=_TRUTH[strict],
        )

    def left_out_by(self, source: Source) -> str | None:
        """The variable that leaves ``source`` out, or ``None`` where it is wanted."""
        return self.left_out(source.name, source.distribution, built_in=source.built_in)

    def left_out(self, name: str, distribution: str, *, built_in: bool = False) -> str | None:
        """The same of a plugin that was not looked for yet."""
        if _named(name, distribution, self.off):
            return OFF
        if self.only is not None and not built_in and not _named(name, distribution, self.only):
            return ONLY
        return None

    def unknown(self, sources: Iterable[Source]) -> Iterator[tuple[str, UnknownName]]:
        """The names that belong to no plugin of ``sources``, each with what to tell the user."""
        sources = tuple(sources)
        for variable, names in ((ONLY, self.only or ()), (OFF, self.off)):
            for name in sorted(names):
                if not any(_named(source.name, source.distribution, frozenset({name})) for source in sources):
                    known = {name for source in sources for name in (source.name, source.distribution)}
                    yield name, UnknownName(f"{variable}: {UnknownName.of('plugin', name, known)}")


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, (name.strip() for name in text.split(","))))


def _named(name: str, distribution: str, names: frozenset[str]) -> bool:
    packages = {_canonical(each) for each in names}
    return name in names or _canonical(distribution) in packages


def _canonical(distribution: str) -> str:
    """The name as indexes have it, where ``Kube9_GPU`` and ``kube9-gpu`` are one."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
