"""kube9 with a store that acknowledges before it writes, for the tool to catch: ``python forgetful.py serve ...``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import kube9.store
from kube9.cli.main import main
from kube9.store.store import Store

#: Commits that are written together; those that wait for the last of them are lost when the server is killed. It takes
#: more than there are between two kills: what is lost is all that was acknowledged, and not only how it fared.
TOGETHER = 100_000


class ForgetfulStore(Store):
    """Keeps commits in memory until there are enough of them."""

    waiting: list[tuple[Any, Any]]

    def commit(self, changes: Sequence[Any], events: Sequence[Any] = ()) -> None:
        self.waiting.append((changes, events))
        if len(self.waiting) == TOGETHER:
            for waiting in self.waiting:
                super().commit(*waiting)
            self.waiting.clear()


def open_forgetful(address: str, **options: Any) -> Store:
    store = open_soundly(address, **options)
    store.__class__ = ForgetfulStore
    store.waiting = []
    return store


if __name__ == "__main__":
    open_soundly = kube9.store.open_store
    kube9.store.open_store = open_forgetful
    main()
