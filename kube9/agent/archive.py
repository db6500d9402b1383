"""Files that are put into a container before it starts, as the archive that the engine takes."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["File", "archive_of"]

_FOLDER_MODE = 0o755


class File(NamedTuple):
    #: Absolute, in the container.
    path: str
    data: bytes
    mode: int
    #: The folder it is below that is there, or made, whatever else is: none above it is touched.
    root: str

    def __repr__(self) -> str:
        """Without what is in it, which may be secret."""
        return f"File({self.path!r}, {len(self.data)} bytes)"


def archive_of(files: Iterable[File]) -> bytes:
    """To be unpacked at ``/``. Only folders below the files' roots are written, so that none of an image's changes."""
    target = io.BytesIO()
    made: set[str] = set()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files:
            for folder in _folders(file):
                if folder not in made:
                    made.add(folder)
                    entry = tarfile.TarInfo(folder.lstrip("/"))
                    entry.type, entry.mode = tarfile.DIRTYPE, _FOLDER_MODE
                    archive.addfile(entry)
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(file.data), file.mode
            archive.addfile(entry, io.BytesIO(file.data))
    return target.getvalue()


def _folders(file: File) -> list[str]:
    """Those between a file's root and itself, the highest first."""
    steps = file.path[len(file.root) :].strip("/").split("/")[:-1]
    root = file.root.rstrip("/")
    return ["/".join([root, *steps[: count + 1]]) for count in range(len(steps))]
