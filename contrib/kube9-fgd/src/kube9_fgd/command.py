"""``kube9 fgd``: the paper's experiment."""

from __future__ import annotations

import click

__all__ = ["fgd"]


@click.group()
def fgd() -> None:
    """Fragmentation gradient descent."""
