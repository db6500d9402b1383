"""``kube9 plugin``: a package of one's own, to begin with."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from kube9.cli.newpackage import KINDS, NewPackage
from kube9.cli.noun import Noun
from kube9.cli.options import plugin_options
from kube9.cli.output import output_option, show_document
from kube9.core.errors import DuplicateName

if TYPE_CHECKING:
    from kube9.app import App

__all__ = ["plugin"]

#: The registries in which a name of each kind must be free.
_REGISTRIES = {
    "scheduler": "schedulers",
    "filter": "filters",
    "health": "health_checks",
    "backend": "backends",
}
#: How each kind is tried once it is installed.
_TRIED = {
    "scheduler": "kube9 simulate --trace FILE --nodes 10xcpu=8,memory=32Gi --scheduler {name}",
    "filter": "kube9 demo   # every filter that is installed is used",
    "health": "kube9 serve --health {name}",
    "backend": "kube9 serve --backend {name} --nodes 3xcpu=4,memory=8Gi",
    "events": "kube9 demo   # it hears of everything",
}


@click.group(cls=Noun)
def plugin() -> None:
    """Make a package with a plugin of your own; 'kube9 plugins' lists those there are."""


@plugin.command("new", cls=click.Command)
@plugin_options
@output_option
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(tuple(KINDS)), help="What it is to be.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    help="Where to make it: new, or empty; else kube9-NAME in this directory.",
)
def new(app: App, name: str, kind: str, directory: Path | None, output: str) -> None:
    """Make a package with a plugin that works, passes the tests of its kind, and is yours to change.

    NAME is what users will write, as in --scheduler NAME; the package is called kube9-NAME.
    """
    package = NewPackage.named(name, kind)
    _check_free(app, package)
    where = directory or Path(package.package)
    files = package.write(where)
    if output == "table":
        click.echo("\n".join(_next_steps(package, where)))
    else:
        show_document(
            {
                "name": package.name,
                "kind": kind,
                "package": package.package,
                "directory": str(where),
                "files": [str(path.relative_to(where)) for path in files],
            },
            output,
        )


def _check_free(app: App, package: NewPackage) -> None:
    """The package's entry point is a plugin of that name, and offers a strategy of that name."""
    plugins, attribute = app.plugins, _REGISTRIES.get(package.kind)
    registry = app.registries.by_name()[attribute] if attribute else None
    if registry is not None and package.name in registry:
        owner = plugins.owner_of(registry.entry(package.name).plugin)
        raise DuplicateName(f"{owner} offers a {package.kind} {package.name!r} already; give yours another name")
    if any(info.name == package.name for info in plugins.infos):
        owner = plugins.owner_of(package.name)
        raise DuplicateName(f"{owner} has a plugin {package.name!r} already; give yours another name")


def _next_steps(package: NewPackage, where: Path) -> list[str]:
    return [
        f"Made {package.package} in {where}. {package.source} is where to write; it works already:",
        "",
        f"  cd {quote(str(where))}",
        "  pip install --editable '.[test]'",
        "  pytest",
        f"  kube9 plugins check {package.name}",
        f"  {_TRIED[package.kind].format(name=package.name)}",
        "",
        "README.md says what to do before you publish it.",
    ]
