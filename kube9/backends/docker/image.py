"""The image of a node: a base image with Python, and kube9's agent in it."""

from __future__ import annotations

import hashlib
import io
import logging
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kube9.backends.agentfile import AgentFile
from kube9.backends.docker.engine import Engine, EngineRefused
from kube9.core.errors import BackendError

__all__ = ["AGENT_PATH", "NodeImage", "PullProgress"]

_log = logging.getLogger(__name__)

AGENT_PATH = "/opt/kube9/agent.pyz"
REPOSITORY = "kube9-node"
#: What node images are found by. They belong to no cluster: whoever has the same agent and base shares one.
_BASE, _BASE_ID, _AGENT = "kube9.image-base", "kube9.image-base-id", "kube9.image-agent"
_SAY_EVERY_S = 3.0
#: Whoever needs one again makes it within a second.
_KEPT_S = 86_400


class NodeImage:
    """Made when it is first needed; any thread may ask.

    :param agent: gives the agent's zipapp.
    """

    def __init__(self, engine: Engine, base: str, pull: str, agent: Callable[[], AgentFile]) -> None:
        self._engine, self._base, self._pull, self._agent = engine, base, pull, agent
        self._lock = threading.Lock()
        self._pulled = False
        self._tag = ""

    def ensure(self) -> str:
        """Its name, once it is there.

        :raises BackendError: the base image cannot be had.
        """
        with self._lock:
            agent, base_id = self._agent(), self._base_id()
            digest = hashlib.sha256(f"{base_id}\n{_dockerfile(self._base)}\n{agent.sha256}".encode())
            tag = f"{REPOSITORY}:{digest.hexdigest()[:12]}"
            if self._id_of(tag) is None:
                self._build(tag, base_id, agent)
            self._tag = tag
            return tag

    def remove_leftovers(self) -> None:
        """Remove node images of earlier agents or bases that nobody has used for a day, and those without a name."""
        with self._engine.calls() as client:
            found = client.images(filters={"label": _AGENT})
        long_ago_s = time.time() - _KEPT_S
        for image in found:
            named = [tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]
            if named and (self._tag in named or int(image.get("Created") or 0) > long_ago_s):
                continue
            try:
                with self._engine.calls() as client:
                    client.remove_image(image["Id"])
            except EngineRefused:
                # In use, by whatever cluster.
                continue

    def _base_id(self) -> str:
        present = self._id_of(self._base)
        if self._pull == "Always" and not self._pulled:
            self._pull_base()
            present = self._id_of(self._base)
        if present is None:
            if self._pull == "Never":
                raise BackendError(
                    f"base image {self._base!r} is not on the engine, and is never to be pulled; load it with "
                    "'docker load', or name one that is there by --backend docker:base=IMAGE"
                )
            self._pull_base()
            present = self._id_of(self._base)
        if present is None:
            raise BackendError(f"base image {self._base!r} was pulled, but is not on the engine")
        return present

    def _id_of(self, image: str) -> str | None:
        try:
            with self._engine.calls() as client:
                return str(client.inspect_image(image)["Id"])
        except EngineRefused as exc:
            if exc.status == 404:
                return None
            raise

    def _pull_base(self) -> None:
        from docker.utils import parse_repository_tag

        repository, tag = parse_repository_tag(self._base)
        _log.info("pulling base image %s", self._base)
        try:
            with self._engine.stream() as client:
                PullProgress(self._base).follow(client.pull(repository, tag=tag or "latest", stream=True, decode=True))
        except EngineRefused as exc:
            raise _no_base(self._base, str(exc)) from exc
        self._pulled = True
        _log.info("pulled base image %s", self._base)

    def _build(self, tag: str, base_id: str, agent: AgentFile) -> None:
        labels = {_BASE: self._base, _BASE_ID: base_id, _AGENT: agent.sha256}
        _log.info("building node image %s from %s", tag, self._base)
        context = _packed({"Dockerfile": _dockerfile(self._base).encode(), "agent.pyz": agent.data})
        try:
            with self._engine.stream() as client:
                steps = client.build(
                    fileobj=io.BytesIO(context),
                    custom_context=True,
                    tag=tag,
                    labels=labels,
                    rm=True,
                    forcerm=True,
                    decode=True,
                )
                failures = [str(step["error"]) for step in steps if "error" in step]
        except EngineRefused as exc:
            failures = [str(exc)]
        if failures:
            raise BackendError(f"node image {tag} could not be built from {self._base!r}: {failures[0]}")


class PullProgress:
    """Says now and then how far a pull has come.

    :param now_s: a clock that never runs backwards.
    """

    def __init__(self, image: str, now_s: Callable[[], float] = time.monotonic) -> None:
        self._image, self._now_s = image, now_s
        self._said_s = now_s()
        #: Bytes that are there, and of how many, by layer.
        self._layers: dict[str, tuple[int, int]] = {}

    def follow(self, steps: Iterable[Mapping[str, Any]]) -> None:
        """:raises BackendError: the image cannot be had."""
        for step in steps:
            if "error" in step:
                raise _no_base(self._image, str(step["error"]))
            detail = step.get("progressDetail") or {}
            if step.get("status") == "Downloading" and detail.get("total"):
                self._layers[str(step.get("id"))] = (int(detail["current"]), int(detail["total"]))
            elif step.get("status") in ("Download complete", "Pull complete") and step.get("id") in self._layers:
                total = self._layers[str(step["id"])][1]
                self._layers[str(step["id"])] = (total, total)
            if self._layers and self._now_s() - self._said_s >= _SAY_EVERY_S:
                self._said_s = self._now_s()
                _log.info("pulling base image %s: %s", self._image, self)

    def __str__(self) -> str:
        there, total = (sum(sizes) for sizes in zip(*self._layers.values(), strict=True)) if self._layers else (0, 0)
        return f"{there / 1e6:.1f} of {total / 1e6:.1f} MB in {len(self._layers)} layers"


def _no_base(image: str, why: str) -> BackendError:
    return BackendError(
        f"base image {image!r} is not on the engine and could not be pulled: {why}; check the name and the engine's "
        "way to its registry, or name an image that is there and has Python 3.8 or later: --backend docker:base=IMAGE"
    )


def _dockerfile(base: str) -> str:
    return f'FROM {base}\nCOPY agent.pyz {AGENT_PATH}\nENTRYPOINT ["python3", "{AGENT_PATH}"]\nCMD []\n'


def _packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
