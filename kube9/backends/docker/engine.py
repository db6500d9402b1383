"""The engine, by docker-py: connections, and its errors told apart."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kube9.backends.docker.endpoint import DEFAULT_SOCKET, Endpoint
from kube9.backends.docker.sshway import SshWay, require_ssh
from kube9.backends.patience import Away
from kube9.core.errors import MissingExtra

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["Engine", "EngineAway", "EngineRefused", "require_docker"]

#: Calls and streams at a time; over ssh all of them share one connection.
_SSH_CALLS, _SSH_STREAMS = 8, 32
_CALLS, _STREAMS = 32, 256
#: What an engine answers while it is being stopped or started; it is as good as away.
_PASSING = ("connection is closing", "transport is closing", "context canceled", "error reading server preface")


class EngineAway(Away):
    """No answer came, and it is worth trying again. It never leaves the backend."""


class EngineRefused(Exception):
    """The engine said no. It never leaves the backend.

    :param status: of HTTP.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def require_docker(endpoint: Endpoint) -> None:
    """:raises MissingExtra: what talks with an engine at ``endpoint`` is not installed."""
    try:
        import docker  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("the docker backend needs docker-py, which is missing: pip install 'kube9[docker]'") from exc
    if endpoint.scheme == "ssh":
        require_ssh()


class Engine:
    """One engine; any thread may call. Over ssh all share one connection, and wait for their turn on it.

    :param socket: of the engine on its own machine, where that is reached over ssh.
    """

    def __init__(self, endpoint: Endpoint, timeout_ms: int, socket: str = "") -> None:
        self.endpoint, self._timeout_ms = endpoint, timeout_ms
        ssh = endpoint.scheme == "ssh"
        self._way = SshWay(endpoint.url, socket or DEFAULT_SOCKET, timeout_ms) if ssh else None
        self._turns = threading.BoundedSemaphore(_SSH_CALLS if ssh else _CALLS)
        self._streams = threading.BoundedSemaphore(_SSH_STREAMS if ssh else _STREAMS)
        self._pool_size = _SSH_CALLS if ssh else _CALLS
        self._lock = threading.Lock()
        self._client: APIClient | None = None
        self._closed = False

    def close(self) -> None:
        """Let go of all connections."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
        if client is not None:
            client.close()
        if self._way is not None:
            self._way.close()

    @contextmanager
    def calls(self) -> Iterator[APIClient]:
        """Talk with it; what docker-py raises is told apart.

        :raises EngineAway: it does not answer.
        :raises EngineRefused: it refused.
        """
        with self._turns, self.answers() as client:
            yield client

    @contextmanager
    def stream(self) -> Iterator[APIClient]:
        """As :meth:`calls`, for what may last: such calls do not use up the turns of the others."""
        if not self._streams.acquire(timeout=self._timeout_ms / 1000):
            raise EngineAway(f"the engine at {self.endpoint} streams as much as its connection takes; try again later")
        try:
            with self.answers() as client:
                yield client
        finally:
            self._streams.release()

    @contextmanager
    def answers(self) -> Iterator[APIClient]:
        """As :meth:`calls`, without waiting for a turn."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        try:
            self._knock()
            yield self._connected()
        except APIError as exc:
            text = str(exc.explanation or exc)
            if exc.status_code == 503 or any(passing in text for passing in _PASSING):
                raise EngineAway(f"the engine at {self.endpoint} is not ready: {text}") from exc
            raise EngineRefused(text, exc.status_code or 0) from exc
        except (DockerException, RequestException, HTTPError, OSError, EOFError) as exc:
            raise self._unreachable(exc) from exc

    def _unreachable(self, exc: BaseException) -> Exception:
        what = f"the engine at {self.endpoint} cannot be reached: {exc}"
        if "Permission denied" in str(exc):
            # Trying again changes nothing.
            return EngineRefused(
                f"{what}; join the group that may use it (often 'docker'), or use one of your own", 403
            )
        return EngineAway(
            f"{what}; is it running? Say where it is by DOCKER_HOST, a docker context, or --backend docker:host=ADDRESS"
        )

    def _knock(self) -> None:
        """docker-py leaves a socket open whenever nobody answers, which an engine that is away for long makes many."""
        path = self.endpoint.socket_path if self._way is None else self._way.open()
        if path is not None:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)

    def _connected(self) -> APIClient:
        from docker.tls import TLSConfig

        from kube9.backends.docker.client import Client

        with self._lock:
            if self._closed:
                raise EngineAway("the backend is closed")
            if self._client is None:
                tls: TLSConfig | bool = False
                if (files := self.endpoint.tls) is not None:
                    pair = (files.cert, files.key) if files.cert else None
                    tls = TLSConfig(client_cert=pair, ca_cert=files.ca or None, verify=files.verify)
                self._client = Client(
                    base_url=self.endpoint.url if self._way is None else f"unix://{self._way.open()}",
                    version="auto",
                    timeout=max(1, self._timeout_ms // 1000),
                    tls=tls,
                    max_pool_size=self._pool_size,
                )
            return self._client

    # What is asked of it more than once.

    def info(self) -> Mapping[str, Any]:
        """What it says of itself and its host."""
        with self.calls() as client:
            return dict(client.info())

    def containers(self, labels: Sequence[str], *, every: bool = True) -> list[dict[str, Any]]:
        """Those with all these labels, each as ``name=value``.

        :param every: also those that do not run.
        """
        with self.calls() as client:
            return list(client.containers(all=every, filters={"label": list(labels)}))

    def inspect(self, container: str) -> dict[str, Any] | None:
        """All there is to know of a container; ``None`` where there is none."""
        try:
            with self.calls() as client:
                return dict(client.inspect_container(container))
        except EngineRefused as exc:
            if exc.status == 404:
                return None
            raise

    def kill(self, container: str, signal: str = "KILL") -> None:
        """Send a signal, if it runs."""
        with self._unless(404, 409), self.calls() as client:
            client.kill(container, signal)

    def remove(self, container: str) -> None:
        """Remove it with its anonymous volumes, by force."""
        # 409: its removal is under way already.
        with self._unless(404, 409), self.calls() as client:
            client.remove_container(container, v=True, force=True)

    def read_file(self, container: str, path: str) -> bytes | None:
        """A small file of a container that may be stopped; ``None`` where there is none."""
        try:
            with self.calls() as client:
                pieces, _ = client.get_archive(container, path)
                packed = b"".join(pieces)
        except EngineRefused as exc:
            if exc.status == 404:
                return None
            raise
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            member = next((each for each in archive if each.isfile()), None)
            content = None if member is None else archive.extractfile(member)
            return None if content is None else content.read()

    def put_archive(self, container: str, packed: bytes) -> None:
        """Unpack a tar archive at the root of a container that may be stopped."""
        with self.calls() as client:
            client.put_archive(container, "/", packed)

    def last_lines(self, container: str, lines: int = 5) -> str:
        """What it wrote last, in one line; empty where that cannot be had."""
        try:
            with self.calls() as client:
                written = client.logs(container, stdout=True, stderr=True, tail=lines)
        except (EngineAway, EngineRefused):
            return ""
        text = bytes(written).decode(errors="replace") if isinstance(written, bytes) else ""
        return " | ".join(filter(None, (line.strip() for line in text.splitlines())))

    @contextmanager
    def _unless(self, *statuses: int) -> Iterator[None]:
        """Take a refusal with one of these for an answer: what was asked for is so already."""
        try:
            yield
        except EngineRefused as exc:
            if exc.status not in statuses:
                raise
