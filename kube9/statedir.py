"""The folder where a server keeps what outlives it, and where clients on the same machine find it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from kube9.core.errors import InvalidInput, StoreLocked

__all__ = ["STATE_DIR_VARIABLE", "ServerRecord", "StateDir"]

#: The environment variable that names the folder.
STATE_DIR_VARIABLE = "KUBE9_STATE_DIR"

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_TOKEN_BYTES = 32
#: Anything shorter can be guessed, and was not made here.
_TOKEN_LENGTH_MIN = 20


class ServerRecord(NamedTuple):
    """A running server, as it tells of itself; nothing secret."""

    url: str
    pid: int
    #: The certificate it shows, for clients on the same machine to trust; empty without TLS.
    certificate: str = ""


class StateDir:
    """Its files. Nothing is read or written before a method is called."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()

    @classmethod
    def find(cls, path: str | None = None, env: Mapping[str, str] = os.environ) -> StateDir:
        """The folder ``path``, else ``KUBE9_STATE_DIR``, else ``kube9`` where the system keeps users' state."""
        named = path or env.get(STATE_DIR_VARIABLE)
        base = env.get("XDG_STATE_HOME") or "~/.local/state"
        return cls(named or f"{base}/kube9")

    @property
    def token_file(self) -> Path:
        """The token of whoever may do everything."""
        return self.path / "token"

    @property
    def server_file(self) -> Path:
        """There only while a server runs, or after one was killed."""
        return self.path / "server.json"

    @property
    def database_file(self) -> Path:
        """Where the cluster is kept unless another database is named."""
        return self.path / "kube9.db"

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.database_file}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder where it is missing, and keep every other server out of it.

        :raises StoreLocked: another server is in it.
        :raises InvalidInput: it cannot be made or written to.
        """
        with self._told("cannot be used"):
            self.path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        try:
            self._lock(lock)
            yield
        finally:
            os.close(lock)  # which also gives the lock back, as the end of the process would

    def _lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = self.server()
            who = f"the server at {other.url} (process {other.pid})" if other else "another server"
            raise StoreLocked(
                f"state directory {self.path} is in use by {who}; stop that one, or name another with --state-dir"
            ) from None

    def token(self) -> str | None:
        """The token, or ``None`` where there is none or it is not for us to read."""
        try:
            return self.token_file.read_text(encoding="ascii").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def make_token(self) -> str:
        """The token, made where there is none, in a file that only its owner can read.

        :raises InvalidInput: what is in the file is no token, or the file cannot be written.
        """
        with self._told("cannot keep a token"):
            if not self.token_file.exists():
                self._write(self.token_file, secrets.token_urlsafe(_TOKEN_BYTES) + "\n")
            self.token_file.chmod(_FILE_MODE)
        token = self.token() or ""
        if len(token) < _TOKEN_LENGTH_MIN or not token.isprintable() or " " in token:
            raise InvalidInput(f"{self.token_file} holds no token; delete it, and the next start makes one")
        return token

    def server(self) -> ServerRecord | None:
        """The server that was started last and has not ended in order; ``None`` where there is none."""
        try:
            told = json.loads(self.server_file.read_text(encoding="utf-8"))
            return ServerRecord(str(told["url"]), int(told["pid"]), str(told.get("certificate", "")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_server(self, server: ServerRecord) -> None:
        """Tell clients on this machine where the server is."""
        with self._told("cannot be written to"):
            self._write(self.server_file, json.dumps(server._asdict()) + "\n")

    def forget_server(self) -> None:
        """Take back what :meth:`write_server` told."""
        with suppress(FileNotFoundError):
            self.server_file.unlink()

    def _write(self, path: Path, text: str) -> None:
        """Whoever reads at the same time sees the old text or the new, never half of it."""
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(FileNotFoundError):
            draft.unlink()
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise InvalidInput(
                f"state directory {self.path} {what}: {exc.strerror or exc}; name another with --state-dir"
            ) from exc
