"""Where plugins come from: installed packages, and what ``--plugin`` names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from hashlib import blake2b
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec, module_from_spec, spec_from_loader
from os import sep
from pathlib import Path
from types import CodeType, ModuleType

from attrs import frozen

from kube9.core.errors import InvalidInput, PluginError

__all__ = ["GROUP", "Source", "given", "given_path", "installed"]

#: The entry-point group, and the distribution whose plugins are the built-in ones.
GROUP = "kube9"


@frozen(kw_only=True)
class Source:
    """A plugin that was found and not yet loaded."""

    #: Unique among those that are loaded.
    name: str
    #: The installed package; empty where there is none.
    distribution: str = ""
    version: str = ""
    #: The file, or the module as the entry point has it.
    where: str
    built_in: bool = False
    #: What the package says it needs, as its metadata has it.
    requires: tuple[str, ...] = ()
    load: Callable[[], object]


def installed(points: Iterable[EntryPoint] | None = None) -> tuple[Source, ...]:
    """Every installed plugin, the built-in ones first, each part sorted by name.

    :param points: the entry points that are installed; ``None`` to look for them.
    :raises PluginError: kube9's own are not among them, so it is not properly installed.
    """
    sources = _sorted(entry_points(group=GROUP) if points is None else points)
    if not any(source.built_in for source in sources):
        raise PluginError(
            "kube9's own plugins were not found, so kube9 is not installed in this environment; "
            "run 'pip install kube9', or 'pip install -e .' in a checkout"
        )
    return sources


def _sorted(points: Iterable[EntryPoint]) -> tuple[Source, ...]:
    sources = [_installed(point) for point in points if point.group == GROUP]
    return tuple(sorted(sources, key=lambda source: (not source.built_in, source.name, source.distribution)))


def _installed(point: EntryPoint) -> Source:
    distribution = point.dist
    if distribution is None:
        return Source(name=point.name, where=point.value, load=point.load)
    return Source(
        name=point.name,
        distribution=distribution.name,
        version=distribution.version,
        where=point.value,
        built_in=distribution.name == GROUP,
        requires=tuple(distribution.requires or ()),
        load=point.load,
    )


def given_path(text: str) -> str:
    """``text`` as it names the same from any directory: a file by its whole path, a module as it is."""
    return str(Path(text).absolute()) if _is_file(text) else text


def given(text: str) -> Source:
    """What ``--plugin text`` names: a Python file, or a module that can be imported.

    :raises InvalidInput: there is no such file, or it is a directory, or no such module.
    """
    if _is_file(text):
        return _file(text, Path(text))
    if not all(part.isidentifier() for part in text.split(".")):
        raise InvalidInput(f"--plugin {text}: expected a file such as my_policy.py, or a module such as package.module")
    _check_findable(text)
    return Source(name=text, where=text, load=lambda: import_module(text))


def _is_file(text: str) -> bool:
    path = Path(text)
    return path.suffix == ".py" or sep in text or path.exists()


def _file(text: str, path: Path) -> Source:
    if path.is_dir():
        raise InvalidInput(f"--plugin {text}: this is a directory; expected a Python file, or the name of a module")
    if not path.exists():
        raise InvalidInput(f"--plugin {text}: there is no such file (looked for {path.absolute()})")
    return Source(name=text, where=text, load=lambda: _execute(path.resolve()))


def _check_findable(name: str) -> None:
    try:
        found = find_spec(name) is not None
    except ModuleNotFoundError as exc:
        # The package is there where the missing module is another one; then loading it says what is wrong.
        found = exc.name is not None and not f"{name}.".startswith(f"{exc.name}.")
    except Exception:
        return  # the package around it is broken, which loading it will say
    if not found:
        raise InvalidInput(
            f"--plugin {name}: there is no such module to import; a file is given with its ending, as {name}.py"
        )


class _FreshLoader(SourceFileLoader):
    """Compiles the file as it is now, and leaves no ``__pycache__`` beside it."""

    def get_code(self, _fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _execute(path: Path) -> ModuleType:
    # Derived from the whole path: two files of one stem, or one named like a real module, must not meet in sys.modules.
    name = f"kube9_plugin_{path.stem}_{blake2b(bytes(path), digest_size=6).hexdigest()}"
    loader = _FreshLoader(name, str(path))
    spec = spec_from_loader(name, loader)
    assert spec is not None, "a loader that is given always makes a spec"
    module = module_from_spec(spec)
    # While it runs and after, so that dataclasses and pickle find what the file defines.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
