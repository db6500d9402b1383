"""Requests and answers: connections that are kept, patience that ends, and every failure as an error of kube9."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests

from kube9 import __version__
from kube9.client.address import Address, is_loopback
from kube9.core.errors import ApiError, Problem, ServerUnreachable

__all__ = ["Transport", "parts_of"]

#: How long a server may take to accept a connection.
_CONNECT_TIMEOUT_S = 5.0
_PAUSE_S_MIN, _PAUSE_S_MAX = 0.1, 2.0
#: What a server answers that may well take the same request a little later.
_BUSY = (429, 503)


class Transport:
    """Sends requests to one server. Threads may share one.

    :param timeout_s: how long an answer may take to begin, and to go on.
    :param retry_for_s: how long a request that may be repeated is, altogether; a server that has never answered is not
        waited for.
    """

    def __init__(self, address: Address, *, timeout_s: float = 30.0, retry_for_s: float = 10.0) -> None:
        self.address = address
        self._timeout_s, self._retry_for_s = timeout_s, retry_for_s
        self._session = requests.Session()
        self._adapter = requests.adapters.HTTPAdapter()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, self._adapter)
        self._session.auth = _Bearer(address.token)
        self._session.verify = address.ca_cert or True
        self._session.headers["User-Agent"] = f"kube9/{__version__}"
        if is_loopback(urlsplit(address.url).hostname or ""):
            self._session.trust_env = False  # a proxy has another loopback
        #: Whether the server has ever answered.
        self.heard = False
        self._never = threading.Event()  # never set: to wait for it is to sleep

    def close(self) -> None:
        """Close the connections that are kept."""
        # A session only forgets its pools, which an error that is still held may keep open for long.
        pools = self._adapter.poolmanager.pools
        for key in list(pools.keys()):
            if (pool := pools.get(key)) is not None:
                pool.close()
        self._session.close()

    def json(self, method: str, path: str, *, repeatable: bool = False, silent: bool = False, **given: Any) -> Any:
        """The document that the server answers with; ``None`` for an empty answer.

        :param repeatable: doing it twice does what doing it once does, so that it may be sent again.
        :param silent: the answer may take any time.
        :raises ApiError: the server refused, or what answered is no kube9 server.
        :raises ServerUnreachable: nothing answered.
        """
        started_s = time.monotonic()
        for attempt in count():
            try:
                return self._once(method, path, given, None if silent else self._timeout_s)
            except ApiError as exc:
                pause_s = self._pause_s(exc, attempt) if repeatable else None
                if pause_s is None or time.monotonic() + pause_s - started_s > self._retry_for_s:
                    raise
            self.sleep(pause_s)
        raise AssertionError("the loop above ends by itself")

    @contextmanager
    def stream(
        self, path: str, *, params: Mapping[str, Any], headers: Mapping[str, str], silent: bool = False
    ) -> Iterator[requests.Response]:
        """An answer that is read as it comes; what goes wrong on the way is told as by :meth:`json`.

        :param silent: it may go on for any time without a word.
        """
        with self._translated("GET"):
            given = {"params": params, "headers": headers}
            response = self._send("GET", path, given, patience_s=None if silent else self._timeout_s, stream=True)
            with response:
                yield response

    def sleep(self, pause_s: float) -> None:
        """Pass some time; an interrupt ends it."""
        self._never.wait(pause_s)

    def pause_s(self, attempt: int) -> float:
        """How long to wait after failure ``attempt``, counted from 0: longer each time, and never quite alike."""
        return float(min(_PAUSE_S_MAX, _PAUSE_S_MIN * 2 ** min(attempt, 10)) * random.uniform(0.7, 1.0))

    def _pause_s(self, error: ApiError, attempt: int) -> float | None:
        if isinstance(error, ServerUnreachable):
            return self.pause_s(attempt) if self.heard else None
        if error.status in _BUSY:
            return self.pause_s(attempt) if error.retry_after_s is None else error.retry_after_s
        return None

    def _once(self, method: str, path: str, given: Mapping[str, Any], patience_s: float | None) -> Any:
        with self._translated(method), self._send(method, path, given, patience_s=patience_s) as response:
            if not response.content:
                return None
            try:
                return response.json()
            except ValueError:
                raise self._stranger(response) from None

    def _send(
        self, method: str, path: str, given: Mapping[str, Any], *, patience_s: float | None, **options: Any
    ) -> requests.Response:
        timeout = (min(_CONNECT_TIMEOUT_S, self._timeout_s), patience_s)
        url = self.address.url + path
        # A redirect might lead the token elsewhere, and no kube9 server sends one.
        response = self._session.request(method, url, timeout=timeout, allow_redirects=False, **given, **options)
        self.heard = True
        if response.status_code < 300:
            return response
        with response:
            raise self._refusal(response)

    def _refusal(self, response: requests.Response) -> ApiError:
        try:
            told = response.json()
            message = str(told.get("detail") or told["title"])
            problems = [Problem(each.get("path", ""), each["message"]) for each in told.get("problems") or ()]
        except (ValueError, KeyError, AttributeError, TypeError):
            return self._stranger(response)
        if response.status_code == 401:
            message = f"{message} (looked for in {self.address.token_sought})"
        lines = [str(problem) for problem in problems if problem.message not in message]
        return ApiError(
            "\n  ".join([message, *lines]),
            status=response.status_code,
            problems=problems,
            retry_after_s=_seconds(response.headers.get("Retry-After")),
        )

    def _stranger(self, response: requests.Response) -> ApiError:
        return ApiError(
            f"{self.address.url} answered {response.status_code} {response.reason} with something that is not "
            "kube9's; is that a kube9 server?",
            status=response.status_code,
            retry_after_s=_seconds(response.headers.get("Retry-After")),
        )

    @contextmanager
    def _translated(self, method: str) -> Iterator[None]:
        url = self.address.url
        unsure = "" if method == "GET" else "; it may have done what it was asked all the same"
        try:
            yield
        except requests.exceptions.SSLError as exc:
            raise ServerUnreachable(_tls_trouble(url, exc)) from exc
        except requests.exceptions.ConnectTimeout as exc:
            raise ServerUnreachable(f"nothing at {url} accepts a connection; is the address right?") from exc
        except requests.exceptions.Timeout as exc:
            raise ServerUnreachable(f"{url} did not answer within {self._timeout_s:g} s{unsure}") from exc
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as exc:
            raise ServerUnreachable(self._silence(exc, unsure)) from exc
        except requests.exceptions.RequestException as exc:
            raise ApiError(f"{url} could not be asked: {exc}") from exc

    def _silence(self, exc: requests.exceptions.RequestException, unsure: str) -> str:
        url, pid = self.address.url, self.address.pid
        if "Read timed out" in str(exc):  # what requests makes of a stream that falls silent
            return f"{url} said nothing for {self._timeout_s:g} s"
        if not _refused(exc):
            return f"{url} broke the connection off{unsure}"
        was = f", where process {pid} served" if pid is not None else ""
        return f"no server answers at {url}{was}; start one with 'kube9 serve', or name it with --server"


def parts_of(response: requests.Response) -> Iterator[bytes]:
    """What comes of a stream, as it comes."""
    # Chunk by chunk, or, where the answer has none, byte by byte: nothing may wait for what comes after it.
    parts: Iterator[bytes] = response.iter_content(chunk_size=None if response.raw.chunked else 1)
    return parts


class _Bearer(requests.auth.AuthBase):
    """Sends the token. As the session's `auth`, so that no ~/.netrc takes its place."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _refused(exc: BaseException | None) -> bool:
    """Whether no connection came about, so that nothing can have been done."""
    text = str(exc)
    return "NewConnectionError" in text or "NameResolutionError" in text or "Connection refused" in text


def _tls_trouble(url: str, exc: Exception) -> str:
    text = str(exc)
    if "WRONG_VERSION_NUMBER" in text or "wrong version number" in text:
        return f"the server at {url} speaks no TLS; name it as http://, if you trust the network between"
    return (
        f"the certificate of {url} is not to be trusted: {_reason(text)}; "
        "name the one that vouches for it with --ca-cert or KUBE9_CA_CERT"
    )


def _reason(text: str) -> str:
    """OpenSSL's own words within what urllib3 and requests make of them."""
    _, found, rest = text.partition("certificate verify failed: ")
    return rest.partition(" (_ssl")[0] if found else text


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
