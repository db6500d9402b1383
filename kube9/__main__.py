"""``python -m kube9``: the same as the ``kube9`` program."""

from __future__ import annotations

from kube9.cli.main import main

main()
