"""A package with a plugin to begin with: its files, made from the templates beside this module."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen
from packaging.version import Version

from kube9 import __version__
from kube9.core.errors import Conflict, InvalidInput

__all__ = ["KINDS", "NewPackage"]

#: What there are templates for, and what one of each is in a few words.
KINDS: Mapping[str, str] = {
    "scheduler": "A scheduling policy for kube9.",
    "filter": "A filter for kube9: which nodes a pod may go to at all.",
    "health": "A health check for kube9: when a silent node is suspected, and when it is given up.",
    "backend": "A backend for kube9: how nodes come to exist, and what runs pods on them.",
    "events": "A subscriber for kube9: it hears of what happens in a cluster.",
}

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_NAME_MAX = 40
_PREFIX = "kube9-"
#: Names that the generated code uses itself.
_USED = frozenset(
    {"heartbeat-history", "kube9", "node-spec", "np", "pod-spec", "pytest", "src", "table-of", "test", "tests"}
)
_TEMPLATES = Path(__file__).parent / "templates"


@frozen(kw_only=True)
class NewPackage:
    """What is called by one name throughout."""

    #: What users write, as in ``--scheduler NAME``.
    name: str
    kind: str

    @classmethod
    def named(cls, text: str, kind: str) -> NewPackage:
        """:raises InvalidInput: the name cannot be that of a plugin, a package and a module at once."""
        name = text.removeprefix(_PREFIX)
        if not _NAME.fullmatch(name) or len(name) > _NAME_MAX or name in _USED:
            raise InvalidInput(
                f"{text!r} is no name for a plugin: expected small letters, digits and single hyphens, beginning with "
                f"a letter, at most {_NAME_MAX} characters, as in tightest-memory; and not one of "
                f"{', '.join(sorted(_USED))}"
            )
        return cls(name=name, kind=kind)

    @property
    def package(self) -> str:
        """What pip calls it."""
        return f"{_PREFIX}{self.name}"

    @property
    def module(self) -> str:
        """What Python calls it."""
        return self.package.replace("-", "_")

    @property
    def source(self) -> str:
        """The file that it is all about, relative to the package's directory."""
        return f"src/{self.module}/__init__.py"

    def write(self, directory: Path) -> tuple[Path, ...]:
        """Make the package in ``directory``, which must not be there yet, or be empty; returns its files.

        :raises Conflict: there is something in the way.
        """
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise Conflict(f"{directory} is there already, and nothing is overwritten; give another with --directory")
        files = {directory / path: text for path, text in self._files()}
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tuple(files)

    def _files(self) -> Iterator[tuple[str, str]]:
        """Each file's path and text."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        environment = Environment(  # noqa: S701  (none of it is a web page)
            loader=FileSystemLoader(_TEMPLATES),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        for path, template in self._layout().items():
            yield path, environment.get_template(template).render(self._values())
        yield f"src/{self.module}/py.typed", ""

    def _layout(self) -> Mapping[str, str]:
        """Each file's path, and its template."""
        kind = self.kind
        layout = {
            ".gitignore": "shared/gitignore.j2",
            "README.md": "shared/README.md.j2",
            "pyproject.toml": "shared/pyproject.toml.j2",
            "setup.cfg": "shared/setup.cfg.j2",
            "tox.ini": "shared/tox.ini.j2",
            self.source: f"{kind}/module.py.j2",
            f"tests/test_{self.name.replace('-', '_')}.py": f"{kind}/test.py.j2",
        }
        if kind == "backend":
            layout[f"src/{self.module}/contract.py"] = "backend/contract.py.j2"
        return layout

    def _values(self) -> Mapping[str, str]:
        major, minor, *_ = Version(__version__).release
        return {
            "class_name": _identifier("".join(part.capitalize() for part in self.name.split("-"))),
            "description": KINDS[self.kind],
            "function": _identifier(self.name.replace("-", "_")),
            "kind": self.kind,
            "kube9_range": f">={major}.{minor},<{major}.{minor + 1}",
            "module": self.module,
            "name": self.name,
            "package": self.package,
            "source": self.source,
            "variable": f"{self.module.upper()}_FILE",
        }


def _identifier(text: str) -> str:
    """``text`` as a name in Python, of which a few words are none, such as ``lambda`` and ``None``."""
    return f"{text}_" if keyword.iskeyword(text) else text
