"""Pods as JSON, kept as long as they stay as they are: a long list is asked for again and again, and changes little."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from kube9.agent.brain import PodUse
from kube9.controlplane import Usage, View
from kube9.core.pods import Pod
from kube9.manifest import pod_document, usage_document

__all__ = ["PodDocuments"]


class _Kept(NamedTuple):
    pod: Pod
    node_name: str | None
    json: bytes
    fragment: orjson.Fragment


class PodDocuments:
    """Pods as JSON, made when they are first listed. Threads may share it.

    :param kept: how many pods; beyond that all are forgotten, and made anew as they are listed.
    """

    def __init__(self, view: View, usage: Usage, kept: int = 20_000) -> None:
        self._view, self._usage = view, usage
        self._most = kept
        self._kept: dict[str, _Kept] = {}

    def documents(self, pods: Iterable[Pod]) -> list[orjson.Fragment]:
        """One for each of ``pods``, to stand in a document that is made into JSON."""
        node_name, use_of = self._view.node_name, self._usage.of_pod
        documents = []
        for pod in pods:
            name = node_name(pod.node_uid)
            kept = self._kept.get(pod.uid)
            # A change makes a new value, so the same value has the same JSON, until its node is gone.
            if kept is None or kept.pod is not pod or kept.node_name != name:
                json = orjson.dumps(pod_document(pod, name))
                kept = _Kept(pod, name, json, orjson.Fragment(json))
                if len(self._kept) >= self._most:
                    self._kept = {}
                self._kept[pod.uid] = kept
            use = use_of(pod.uid, pod.epoch)
            documents.append(kept.fragment if use is None else _with_use(kept.json, use))
        return documents


def _with_use(json: bytes, use: PodUse) -> orjson.Fragment:
    """A pod's JSON with what it takes, which is told with every beat: nothing else of it is made anew for that."""
    measured = orjson.dumps({"usage": usage_document(use.cpu_milli, use.memory_bytes)})
    # The status is the last thing in the document, so that two braces end both.
    return orjson.Fragment(b"".join((json[:-2], b",", measured[1:], b"}")))
