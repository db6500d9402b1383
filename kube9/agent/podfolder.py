"""The folder of a copy of a pod: made with all that its containers need, and removed with all that is in it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # whoever only reads what was written down need not load it
    from kube9.agent.processrecipe import Link, ProcessRecipe, TextFile

__all__ = ["NOTE", "read_document", "remove_folder", "remove_links", "set_up", "write_document"]

#: What is known of the copy.
NOTE = "copy.json"
_FOLDER_MODE = 0o700


def set_up(recipe: ProcessRecipe) -> None:
    """Make what a container needs; what is there already stays as it is.

    :raises OSError: that cannot be done.
    :raises ValueError: something else is in its place.
    """
    for folder in recipe.folders:
        os.makedirs(folder, mode=_FOLDER_MODE, exist_ok=True)
    for file in recipe.files:
        _write(file)
    for link in recipe.links:
        _link(link)


def _write(file: TextFile) -> None:
    os.makedirs(os.path.dirname(file.path), mode=_FOLDER_MODE, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with suppress(FileExistsError), os.fdopen(os.open(file.path, flags, file.mode), "wb") as target:
        target.write(file.data)
        os.fchmod(target.fileno(), file.mode)


def _link(link: Link) -> None:
    if os.path.islink(link.path) and os.readlink(link.path) == link.to:
        return
    if not os.path.exists(link.to):
        os.makedirs(link.to, mode=_FOLDER_MODE)
    os.makedirs(os.path.dirname(link.path), mode=_FOLDER_MODE, exist_ok=True)
    try:
        os.symlink(link.to, link.path)
    except FileExistsError:
        raise ValueError(f"something else is at {link.path}, where a volume is to be") from None


def remove_links(recipe: ProcessRecipe) -> None:
    """Those that lead into the copy's own folder from elsewhere."""
    for link in recipe.links:
        with suppress(OSError):
            if os.readlink(link.path) == link.to:
                os.unlink(link.path)


def remove_folder(path: str) -> None:
    """With all that is in it; no link is followed.

    :raises OSError:
    """

    def allow(exc: OSError) -> None:
        with suppress(OSError):
            if exc.filename is not None:
                os.chmod(os.path.join(path, os.fsdecode(exc.filename)), _FOLDER_MODE)

    for _ in range(2):  # what was locked is open the second time
        with suppress(FileNotFoundError):
            for _, folders, files, place in os.fwalk(path, topdown=False, onerror=allow):
                _empty(place, folders, files)
        with suppress(OSError):
            os.rmdir(path)
        if not os.path.lexists(path):
            return
    os.rmdir(path)


def _empty(place: int, folders: list[str], files: list[str]) -> None:
    with suppress(OSError):
        os.fchmod(place, _FOLDER_MODE)
    for name in files:
        with suppress(OSError):
            os.unlink(name, dir_fd=place)
    for name in folders:
        try:
            os.rmdir(name, dir_fd=place)
        except NotADirectoryError:
            os.unlink(name, dir_fd=place)
        except OSError:
            with suppress(OSError):
                os.chmod(name, _FOLDER_MODE, dir_fd=place)


def write_document(path: str, document: Any) -> None:
    """Whole, or not at all.

    :raises OSError:
    """
    with os.fdopen(os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
    os.replace(f"{path}.new", path)


def read_document(path: str) -> Any:
    """``None`` where there is none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
