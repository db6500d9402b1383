"""Carries connections from an address that nodes can reach to one that only this machine can."""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import threading
from contextlib import suppress

__all__ = ["Address", "Relay"]

_log = logging.getLogger(__name__)

Address = tuple[str, int]

#: What may wait in one direction of a connection before no more is read.
_BUFFER_BYTES = 65_536
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class _Way:
    """One direction of a connection."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.waiting = bytearray()
        #: The source has said its last word, and the target has been told.
        self.ended = self.finished = False

    @property
    def wants(self) -> bool:
        """Whether more may be read."""
        return not self.ended and len(self.waiting) < _BUFFER_BYTES

    def read(self) -> None:
        data = self.source.recv(_BUFFER_BYTES)
        self.waiting += data
        self.ended = not data
        self.write()

    def write(self) -> None:
        with suppress(BlockingIOError):
            while self.waiting:
                del self.waiting[: self.target.send(self.waiting)]
        if self.ended and not self.waiting and not self.finished:
            self.finished = True
            with suppress(OSError):  # it may be gone altogether
                self.target.shutdown(socket.SHUT_WR)


class _Pair:
    """A connection that came, and the one that was opened for it."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far
        self.there, self.back = _Way(near, far), _Way(far, near)
        self.connecting = True

    @property
    def over(self) -> bool:
        return self.there.finished and self.back.finished

    def interest(self, sock: socket.socket) -> int:
        """What is to be waited for on one of the two."""
        if self.connecting:
            return _WRITE if sock is self.far else 0
        reading, writing = (self.there, self.back) if sock is self.near else (self.back, self.there)
        return (_READ if reading.wants else 0) | (_WRITE if writing.waiting else 0)

    def go_on(self, sock: socket.socket, ready: int) -> None:
        """:raises OSError: one of the two is broken."""
        if self.connecting:
            if code := self.far.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, "the server does not answer")
            self.connecting = False
            return
        reading, writing = (self.there, self.back) if sock is self.near else (self.back, self.there)
        with suppress(BlockingIOError):
            if ready & _READ:
                reading.read()
        if ready & _WRITE:
            writing.write()

    def close(self) -> None:
        self.near.close()
        self.far.close()


class Relay:
    """One thread for all connections, until it is closed.

    :param listen_on: where connections come in; another port where that one is taken.
    :param forward_to: where they are carried to, for each anew.
    :param connections_max: more wait until others are over.
    :raises OSError: that address is not one of this machine.
    """

    def __init__(self, listen_on: Address, forward_to: Address, connections_max: int = 2_000) -> None:
        self.forward_to, self._connections_max = forward_to, connections_max
        self._listener = _listen(listen_on)
        self.address: Address = self._listener.getsockname()[:2]
        self._pairs: dict[socket.socket, _Pair] = {}
        self._selector = selectors.DefaultSelector()
        self._listening = False
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, _READ)
        self._listen_again()
        self._thread = threading.Thread(target=self._run, name="kube9-relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all connections. May be called again."""
        with suppress(OSError):
            self._wake.send(b".")
        self._thread.join()
        self._wake.close()

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        except Exception:
            _log.exception("the relay to %s:%s failed", *self.forward_to)
        finally:
            for pair in set(self._pairs.values()):
                pair.close()
            for sock in (self._listener, self._woken):
                sock.close()
            self._selector.close()

    def _turn(self) -> bool:
        for key, ready in self._selector.select():
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            if sock is self._woken:
                return False
            if sock is self._listener:
                self._accept()
            elif (pair := self._pairs.get(sock)) is not None:  # its pair may have been closed in this very turn
                self._carry(pair, sock, ready)
        return True

    def _accept(self) -> None:
        if len(self._pairs) // 2 >= self._connections_max:
            self._selector.unregister(self._listener)
            self._listening = False
            return
        try:
            near, _ = self._listener.accept()
        except OSError as exc:
            if exc.errno in (errno.EMFILE, errno.ENFILE):
                # As soon as a connection ends there is room again.
                self._selector.unregister(self._listener)
                self._listening = False
            return
        far = socket.socket(socket.AF_INET6 if ":" in self.forward_to[0] else socket.AF_INET)
        for sock in (near, far):
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(near, far)
        self._pairs[near] = self._pairs[far] = pair
        if far.connect_ex(self.forward_to) not in (0, errno.EINPROGRESS):
            self._end(pair)
            return
        self._watch(pair)

    def _carry(self, pair: _Pair, sock: socket.socket, ready: int) -> None:
        try:
            pair.go_on(sock, ready)
        except OSError:
            self._end(pair)
            return
        if pair.over:
            self._end(pair)
        else:
            self._watch(pair)

    def _watch(self, pair: _Pair) -> None:
        for sock in (pair.near, pair.far):
            interest = pair.interest(sock)
            known = self._selector.get_map().get(sock)
            if known is None:
                if interest:
                    self._selector.register(sock, interest)
            elif not interest:
                self._selector.unregister(sock)
            elif known.events != interest:
                self._selector.modify(sock, interest)

    def _end(self, pair: _Pair) -> None:
        for sock in (pair.near, pair.far):
            with suppress(KeyError):
                self._selector.unregister(sock)
            self._pairs.pop(sock, None)
        pair.close()
        self._listen_again()

    def _listen_again(self) -> None:
        if not self._listening:
            self._listening = True
            self._selector.register(self._listener, _READ)


def _listen(at: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in at[0] else socket.AF_INET
    for port in (at[1], 0):
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((at[0], port))
            listener.listen(512)
        except OSError as exc:
            listener.close()
            if port == 0 or exc.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            listener.setblocking(False)
            return listener
    raise AssertionError("a port that the system chooses is never taken")
