"""Where the engine is, found as the ``docker`` command finds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from kube9.core.errors import InvalidInput

__all__ = ["DEFAULT_SOCKET", "Endpoint", "Tls", "find_endpoint"]

DEFAULT_SOCKET = "/var/run/docker.sock"
_SCHEMES = ("unix", "tcp", "http", "https", "ssh")


@frozen(kw_only=True)
class Tls:
    """Files in PEM; empty for none."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    verify: bool = True


@frozen(kw_only=True)
class Endpoint:
    """An engine's address."""

    url: str
    #: Where that was found, for people.
    source: str
    tls: Tls | None = None

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    @property
    def socket_path(self) -> str | None:
        """The path of its socket, if it is one of this machine."""
        return self.url.removeprefix("unix://") if self.scheme == "unix" else None

    def __str__(self) -> str:
        return f"{self.url} ({self.source})"


def find_endpoint(host: str, env: Mapping[str, str], home: Path) -> Endpoint:
    """The engine at ``host``; where that is empty, that of ``DOCKER_HOST``, the current context, or the usual socket.

    :raises InvalidInput: what was found cannot be used.
    """
    config = Path(env.get("DOCKER_CONFIG") or home / ".docker")
    if host:
        return _named(host, "option 'host'", env, config)
    if named := env.get("DOCKER_HOST"):
        return _named(named, "DOCKER_HOST", env, config)
    context = env.get("DOCKER_CONTEXT") or _current_context(config / "config.json")
    if context != "default":
        return _of_context(context, config)
    own = Path(env["XDG_RUNTIME_DIR"]) / "docker.sock" if env.get("XDG_RUNTIME_DIR") else None
    if own is not None and own.exists() and not Path(DEFAULT_SOCKET).exists():
        return Endpoint(url=f"unix://{own}", source="the rootless engine's usual socket")
    return Endpoint(url=f"unix://{DEFAULT_SOCKET}", source="the usual socket")


def _named(url: str, source: str, env: Mapping[str, str], config: Path) -> Endpoint:
    checked = _checked(url, source)
    encrypted = checked.startswith("https://") or env.get("DOCKER_TLS_VERIFY") or env.get("DOCKER_CERT_PATH")
    if checked.startswith(("unix://", "ssh://")) or not encrypted:
        return Endpoint(url=checked, source=source)
    folder = Path(env.get("DOCKER_CERT_PATH") or config)
    tls = _tls(folder, verify=bool(env.get("DOCKER_TLS_VERIFY")) or checked.startswith("https://"))
    if tls.verify and not tls.ca and env.get("DOCKER_CERT_PATH"):
        raise InvalidInput(f"{source} {checked}: DOCKER_TLS_VERIFY is set, but there is no file {folder / 'ca.pem'}")
    return Endpoint(url=checked, source=source, tls=tls)


def _checked(url: str, source: str) -> str:
    full = url if "://" in url else f"tcp://{url}"
    parts = urlsplit(full)
    if parts.scheme not in _SCHEMES or not (parts.netloc or (parts.scheme == "unix" and parts.path)):
        known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise InvalidInput(f"{source} must be the address of an engine that begins with one of {known}, got {url!r}")
    return full


def _current_context(file: Path) -> str:
    document = _document(file) if file.exists() else {}
    return str(document.get("currentContext") or "default")


def _of_context(name: str, config: Path) -> Endpoint:
    digest = hashlib.sha256(name.encode()).hexdigest()
    file = config / "contexts" / "meta" / digest / "meta.json"
    if not file.exists():
        raise InvalidInput(f"there is no docker context {name!r} (no {file}); see 'docker context ls'")
    source = f"docker context {name!r}"
    engine = _document(file).get("Endpoints", {}).get("docker", {})
    url = _checked(str(engine.get("Host") or f"unix://{DEFAULT_SOCKET}"), source)
    folder = config / "contexts" / "tls" / digest / "docker"
    if not folder.is_dir():
        return Endpoint(url=url, source=source)
    return Endpoint(url=url, source=source, tls=_tls(folder, verify=not engine.get("SkipTLSVerify", False)))


def _tls(folder: Path, *, verify: bool) -> Tls:
    files = {name: str(folder / f"{name}.pem") if (folder / f"{name}.pem").exists() else "" for name in _TLS_FILES}
    if bool(files["cert"]) is not bool(files["key"]):
        raise InvalidInput(f"{folder}: expected cert.pem and key.pem, or neither of them")
    return Tls(verify=verify, **files)


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InvalidInput(f"{file} cannot be read: {exc}; say where the engine is by the option 'host'") from exc
    if not isinstance(document, dict):
        raise InvalidInput(f"{file}: expected a JSON object, got {type(document).__name__}")
    return document


_TLS_FILES = ("ca", "cert", "key")
