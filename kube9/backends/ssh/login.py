"""Logs in to a machine, through others where it is reached through them."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kube9.backends.ssh.failures import MachineAway, MachineRefused
from kube9.backends.ssh.hostkeys import check_host_key, known_keys
from kube9.backends.ssh.settings import PASSPHRASE_VARIABLE, PASSWORD_VARIABLE
from kube9.backends.ssh.target import Target
from kube9.core.errors import MissingExtra

if TYPE_CHECKING:
    from paramiko import PKey, Transport

__all__ = ["Connection", "Login", "require_paramiko"]

#: A machine that ends the connection after fewer has not done so for their number.
_TRIES_MIN = 3
#: How often it looks whether a machine has answered.
_LOOK_S = 0.1
#: In how much longer than it waits here paramiko would give up by itself, in words of its own.
_LATER_S = 60.0
#: What a thread of paramiko's that is to end gets for it.
_END_S = 5.0
_USUAL_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa")
#: What paramiko writes is told by what it raises as well, and better.
_WIRE_LOG = "kube9.backends.ssh.wire"
logging.getLogger(_WIRE_LOG).setLevel(logging.CRITICAL + 1)


def require_paramiko() -> None:
    """:raises MissingExtra: what talks with machines is not installed."""
    try:
        import paramiko  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("the ssh backend needs paramiko, which is missing: pip install 'kube9[ssh]'") from exc


class Connection:
    """A machine that was logged in to, and those on the way to it."""

    def __init__(self, transports: list[Transport]) -> None:
        self._transports = transports
        self.transport = transports[-1]

    @property
    def alive(self) -> bool:
        return self.transport.is_active()

    def close(self) -> None:
        """The machine first, then those on the way."""
        for transport in reversed(self._transports):
            # It may be gone already in a way that it stumbles over.
            with suppress(Exception):
                transport.close()


@frozen(kw_only=True)
class Login:
    """How to log in, the same for all machines."""

    timeout_ms: int
    keepalive_ms: int
    #: Where secrets are read from, each time anew.
    environment: Mapping[str, str] = os.environ

    def connect(self, target: Target) -> Connection:
        """:raises MachineAway: it did not answer.
        :raises MachineRefused: it is not to be trusted, or does not let us in.
        """
        transports: list[Transport] = []
        try:
            for hop in (*target.jumps, target):
                where = str(hop) if hop is target else f"{hop}, on the way to {target},"
                with _told(where, hop.host):
                    transports.append(self._begin(hop, transports[-1] if transports else None))
                    self._check(hop, transports[-1])
                    _Authentication(hop, transports[-1], self.environment).run()
                    transports[-1].set_keepalive(max(1, self.keepalive_ms // 1000))
        except BaseException:
            for transport in reversed(transports):
                transport.close()
            raise
        return Connection(transports)

    def _begin(self, hop: Target, via: Transport | None) -> Transport:
        import paramiko

        timeout_s = self.timeout_ms / 1000
        transport = paramiko.Transport(self._socket(hop, via))
        transport.set_log_channel(_WIRE_LOG)
        transport.daemon = True
        transport.auth_timeout = timeout_s
        transport.banner_timeout = transport.handshake_timeout = timeout_s + _LATER_S
        _prefer_known(transport, hop)
        try:
            _agree(transport, timeout_s)
        except BaseException:
            transport.close()
            if transport.is_alive():
                transport.join(_END_S)
            # Else the thread of paramiko's that gives up on it lasts for a while, also where it has failed by now.
            transport.packetizer.complete_handshake()
            raise
        return transport

    def _socket(self, hop: Target, via: Transport | None) -> Any:
        import paramiko

        if via is not None:
            return via.open_channel("direct-tcpip", (hop.host, hop.port), ("127.0.0.1", 0), timeout=self._timeout_s)
        if hop.proxy_command:
            return paramiko.ProxyCommand(hop.proxy_command)
        link = socket.create_connection((hop.host, hop.port), self._timeout_s)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # Without it what is sent to a machine that lost its power is tried again for a quarter of an hour.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3 * self.keepalive_ms)
        return link

    @property
    def _timeout_s(self) -> float:
        return self.timeout_ms / 1000

    @staticmethod
    def _check(hop: Target, transport: Transport) -> None:
        check_host_key(hop.name, transport.get_remote_server_key(), hop.known_hosts)


def _agree(transport: Transport, timeout_s: float) -> None:
    """Agree on keys with a machine.

    Time in which this process stood still is not the machine's: what it said meanwhile is still to be read.
    """
    import paramiko

    over = threading.Event()
    transport.start_client(event=over)
    left_s = timeout_s
    while not over.wait(min(_LOOK_S, left_s)):
        left_s -= _LOOK_S
        if left_s <= 0:
            raise TimeoutError
    if not transport.is_active():
        raise transport.get_exception() or paramiko.SSHException("it ended the connection")


def _prefer_known(transport: Transport, hop: Target) -> None:
    """Have it prove itself with a kind of key that is known of it, as ssh does; else with the shortest."""
    options = transport.get_security_options()
    kinds = {key.kind for key in known_keys(hop.name, hop.known_hosts)}

    def rank(offered: str) -> tuple[bool, bool]:
        kind = "ssh-rsa" if offered.startswith("rsa-sha2") else offered
        return (kind not in kinds, "ed25519" not in kind)

    options.key_types = tuple(sorted(options.key_types, key=rank))


@contextmanager
def _told(where: str, host: str) -> Iterator[None]:
    """Tells apart what paramiko and the system raise of a machine."""
    try:
        yield
    except (MachineAway, MachineRefused):
        raise
    except socket.gaierror as exc:
        raise MachineAway(f"{where} cannot be reached: nobody knows a host {host!r}") from exc
    except TimeoutError as exc:
        raise MachineAway(f"{where} did not answer in time") from exc
    except (OSError, EOFError) as exc:
        raise MachineAway(f"{where} cannot be reached: {_words(exc)}") from exc
    except Exception as exc:  # besides its own, paramiko raises whatever it stumbled over in what a machine said
        raise MachineAway(f"{where} could not be logged in to: {_words(exc)}") from exc


def _words(exc: BaseException) -> str:
    return str(getattr(exc, "strerror", "")) or str(exc) or type(exc).__name__


class _Authentication:
    """Proves who we are, with one key after the other, and a password in the end if there is one."""

    def __init__(self, target: Target, transport: Transport, environment: Mapping[str, str]) -> None:
        self._target, self._transport = target, transport
        self._password = environment.get(PASSWORD_VARIABLE, "")
        self._passphrase = environment.get(PASSPHRASE_VARIABLE, "")
        self._home = Path(environment.get("HOME", "~")).expanduser()
        self._tried: list[str] = []
        #: Keys that could not even be tried, and why.
        self._unusable: list[str] = []

    def run(self) -> None:
        """:raises MachineRefused: the machine takes none of it."""
        for name, make in self._keys():
            key = make()
            if key is not None and self._attempt(name, lambda key=key: self._with_key(key)):  # type: ignore[misc]
                return
        if self._password and self._attempt("the password", self._with_password):
            return
        raise MachineRefused(
            f"{self._target} lets nobody in with {', '.join(self._tried) or 'nothing, for there is no key to try'}"
            + "".join(f"; {each}" for each in self._unusable)
            + f"; add a public key to ~{self._target.user}/.ssh/authorized_keys there (ssh-copy-id), or name another "
            "key or user by --key and --user"
        )

    def _keys(self) -> Iterator[tuple[str, Callable[[], PKey | None]]]:
        import paramiko

        for name in self._target.keys:
            yield f"key {name}", lambda name=name: self._load(Path(name))  # type: ignore[misc]
        if self._target.only_keys:
            return
        agent = paramiko.Agent()
        try:
            for key in agent.get_keys():
                yield f"a key of the ssh-agent ({key.get_name()})", lambda key=key: key  # type: ignore[misc]
        finally:
            agent.close()
        usual = [self._home / ".ssh" / name for name in _USUAL_KEYS]
        for path in usual:
            if str(path) not in self._target.keys and path.is_file():
                yield f"key {path}", lambda path=path: self._load(path)  # type: ignore[misc]

    def _load(self, path: Path) -> PKey | None:
        import paramiko

        try:
            try:
                return paramiko.PKey.from_path(path)
            except (paramiko.PasswordRequiredException, TypeError):
                return self._unlocked(path)
        except FileNotFoundError:
            self._unusable.append(f"there is no key file {path}")
        except Exception as exc:  # paramiko and what it is made of raise whatever they like here
            self._unusable.append(f"key {path} cannot be read: {_words(exc)}")
        return None

    def _unlocked(self, path: Path) -> PKey | None:
        """Only where it is locked: a passphrase that is not needed is refused as well."""
        import paramiko

        if not self._passphrase:
            self._unusable.append(f"key {path} has a passphrase: set {PASSPHRASE_VARIABLE}, or ssh-add it to an agent")
            return None
        # Of paramiko's two readers of files, one wants bytes and the other takes them.
        passphrase: Any = self._passphrase.encode()
        try:
            return paramiko.PKey.from_path(path, passphrase)
        except Exception:
            self._unusable.append(f"key {path} has another passphrase than that in {PASSPHRASE_VARIABLE}")
            return None

    def _attempt(self, name: str, do: Callable[[], list[str]]) -> bool:
        """Whether that was enough."""
        import paramiko

        self._tried.append(name)
        try:
            left = do()
        except paramiko.AuthenticationException as exc:
            if "timeout" in str(exc):
                raise MachineAway(f"{self._target} did not answer in time to {name}") from exc
            if self._transport.is_active():
                return False
            if len(self._tried) < _TRIES_MIN:
                raise MachineAway(f"{self._target} ended the connection at {name}") from exc
            raise MachineRefused(
                f"{self._target} ended the connection after {', '.join(self._tried)}; it may allow no more tries: "
                "name the right key by --key"
            ) from exc
        return not left

    def _with_key(self, key: PKey) -> list[str]:
        return self._transport.auth_publickey(self._target.user, key)

    def _with_password(self) -> list[str]:
        return self._transport.auth_password(self._target.user, self._password)
