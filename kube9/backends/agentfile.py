"""The program that runs on nodes, as one file."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import marshal
import zipfile
from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

import kube9.agent
from kube9.core.frozen import FrozenMap

__all__ = ["AgentFile", "agent_file"]

_HEAD = b"#!/usr/bin/env python3\n"
_MAIN = b"import sys\n\nfrom kube9.agent.commands import main\n\nsys.exit(main())\n"
_PACKAGE = b'"""As much of kube9 as runs on a node."""\n'
#: Compiled code for whichever Python has the same, to be used as it is: nothing compares it with its source.
_COMPILED_HEAD = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
#: Of the ways to write code down, the latest that does not depend on what else this process has in memory.
_MARSHAL_VERSION = 2
#: The earliest that a zip file can tell; whenever it is made, it is the same.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@frozen(kw_only=True)
class AgentFile:
    #: To be run as ``python3 agent.pyz --config DIR``, by Python 3.8 or later.
    data: bytes = field(repr=False)
    #: In hex; another one means another program.
    sha256: str


def agent_file(extra: Mapping[str, bytes] = FrozenMap()) -> AgentFile:
    """The same bytes for the same source, whoever makes them with the same Python and when.

    Beside each source is what this Python compiles of it: any other passes over it, and the same has less to do each
    time that it runs the program.

    :param extra: what else is to be in it, by its path there.
    """
    package = Path(kube9.agent.__file__).parent
    files = {f"kube9/agent/{path.relative_to(package).as_posix()}": path.read_bytes() for path in package.rglob("*.py")}
    files |= {"__main__.py": _MAIN, "kube9/__init__.py": _PACKAGE, **extra}
    data = _HEAD + _zipped({**files, **_compiled(files)})
    return AgentFile(data=data, sha256=hashlib.sha256(data).hexdigest())


def _compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Without texts that nobody reads there, which take memory."""
    return {
        f"{path}c": _COMPILED_HEAD
        + marshal.dumps(compile(source, path, "exec", dont_inherit=True, optimize=2), _MARSHAL_VERSION)
        for path, source in files.items()
        if path.endswith(".py")
    }


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
