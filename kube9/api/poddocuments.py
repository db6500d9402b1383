"""Pods as JSON, kept as long as they stay as they are: a long list is asked for again and again, and changes little."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from kube9.controlplane import View
from kube9.core.pods import Pod
from kube9.manifest import pod_document

__all__ = ["PodDocuments"]


class _Kept(NamedTuple):
    pod: Pod
    node_name: str | None
    json: orjson.Fragment


class PodDocuments:
    """Pods as JSON, made when they are first listed. Threads may share it.

    :param kept: how many pods; beyond that all are forgotten, and made anew as they are listed.
    """

    def __init__(self, view: View, kept: int = 20_000) -> None:
        self._view = view
        self._most = kept
        self._kept: dict[str, _Kept] = {}

    def documents(self, pods: Iterable[Pod]) -> list[orjson.Fragment]:
        """One for each of ``pods``, to stand in a document that is made into JSON."""
        node_name = self._view.node_name
        documents = []
        for pod in pods:
            name = node_name(pod.node_uid)
            kept = self._kept.get(pod.uid)
            # A change makes a new value, so the same value has the same JSON, until its node is gone.
            if kept is None or kept.pod is not pod or kept.node_name != name:
                kept = _Kept(pod, name, orjson.Fragment(orjson.dumps(pod_document(pod, name))))
                if len(self._kept) >= self._most:
                    self._kept = {}
                self._kept[pod.uid] = kept
            documents.append(kept.json)
        return documents
