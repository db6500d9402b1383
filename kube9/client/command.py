"""A command that runs in a container of a pod, for whoever began it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from kube9.client.frames import ENDED, FAILED, NOTHING, frames_in
from kube9.client.transport import Transport, parts_of
from kube9.core.errors import ApiError

__all__ = ["Command", "Finished", "exec_body"]

STDOUT, STDERR = 1, 2

_INPUT_BYTES = 256 * 1024
_NOT_FOUND = 404


class Finished(NamedTuple):
    """A command that has ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class Command:
    """What :meth:`kube9.Client.exec_pod` began, as a context manager that leaves it in the end.

    For a whole one there is :meth:`run`. Otherwise read :meth:`output`, once and soon: the server leaves a command that
    nobody reads. Other threads may write meanwhile.
    """

    def __init__(self, transport: Transport, id: str) -> None:
        self._transport, self.id = transport, id
        #: What it ended with; ``None`` until its output was read to the end.
        self.exit_code: int | None = None

    def __enter__(self) -> Command:  # noqa: PYI034  (typing.Self comes with Python 3.11)
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def run(self, input: bytes = b"") -> Finished:
        """Give it all its input, and wait for its end.

        :raises ApiError: it cannot be told how it ended.
        """
        written: dict[int, list[bytes]] = {STDOUT: [], STDERR: []}
        # Beside the reading: a command that writes while it reads waits for somebody to read that.
        writing = threading.Thread(target=self._give, args=(input,), name="kube9-input", daemon=True)
        writing.start()
        for stream, data in self.output():
            written[stream].append(data)
        writing.join()
        assert self.exit_code is not None, "whoever reads to the end knows how it ended"
        return Finished(self.exit_code, b"".join(written[STDOUT]), b"".join(written[STDERR]))

    def output(self) -> Iterator[tuple[int, bytes]]:
        """What it writes, as it comes: 1 and what went to stdout, or 2 and what went to stderr.

        :raises ApiError: it cannot be told how it ended.
        """
        with self._transport.stream(self._path("output"), params={}, headers={}) as response:
            for kind, data in frames_in(parts_of(response)):
                if kind in (STDOUT, STDERR):
                    yield kind, data
                elif kind == ENDED:
                    self.exit_code = int(data)
                    return
                elif kind == FAILED:
                    raise ApiError(data.decode(errors="replace"))
                else:
                    assert kind == NOTHING, f"the server sent a frame of kind {kind}"
        raise ApiError("the server broke the command's output off; it may still run")

    def write(self, data: bytes) -> None:
        """Give it something to read; waits until it was taken."""
        for start in range(0, len(data), _INPUT_BYTES):
            self._send(data[start : start + _INPUT_BYTES])

    def close_input(self) -> None:
        """It reads the end of its input from here on."""
        self._send(b"", close="true")

    def resize(self, rows: int, columns: int) -> None:
        """Its terminal has another size."""
        self._post("resize", json={"rows": rows, "columns": columns})

    def close(self) -> None:
        """Nobody wants to know any more. Nothing where it has ended."""
        self._call("DELETE", self._path())

    def _give(self, data: bytes) -> None:
        # Whoever reads is told what went wrong.
        with suppress(ApiError):
            self.write(data)
            self.close_input()

    def _send(self, data: bytes, **params: str) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        # A command reads when it likes.
        self._post("input", data=data, params=params, headers=headers, silent=True)

    def _post(self, verb: str, **given: Any) -> None:
        self._call("POST", self._path(verb), **given)

    def _call(self, method: str, path: str, **given: Any) -> None:
        try:
            self._transport.json(method, path, **given)
        except ApiError as exc:
            # It has ended, or was left: then there is nobody to be told.
            if exc.status != _NOT_FOUND:
                raise

    def _path(self, *verb: str) -> str:
        return "/".join(["/v1/exec", self.id, *verb])


def exec_body(command: Sequence[str], container: str | None, size: tuple[int, int] | None, terminal: bool) -> Any:
    """What the server is told of a command."""
    body: dict[str, Any] = {"command": list(command), "terminal": terminal}
    if container is not None:
        body["container"] = container
    if size is not None:
        body["rows"], body["columns"] = size
    return body
