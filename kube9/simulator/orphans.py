"""Worker processes that must not outlive the one that began them, however that ends."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import threading

__all__ = ["end_with_the_parent"]


def end_with_the_parent() -> None:
    """End this process as soon as the one is gone that began it; to be called once, in the worker.

    Workers of a pool wait for work through a pipe that each of them holds open for the others, so none would notice.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), name="kube9-orphan", daemon=True).start()


def _follow(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    # At once: whoever would read what is left to say is gone.
    os._exit(1)
