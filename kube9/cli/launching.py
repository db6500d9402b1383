"""Asking for one pod or many, and telling what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kube9.cli.errors import FAILED
from kube9.cli.podtable import pod_status
from kube9.cli.several import Done, tell
from kube9.core.errors import ApiError, Conflict

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["failed", "launch", "outcome", "waits_to_run"]

Document = dict[str, Any]


def launch(client: Client, documents: Sequence[Document]) -> Done[str, Document]:
    """Ask for pods, all at once where they are several; those that were refused are told of at once."""
    if len(documents) == 1:
        return Done((documents[0]["metadata"]["name"],), (client.launch_pod(documents[0]),))
    done, code = [], 0
    for document, answer in zip(documents, client.launch_pods(documents), strict=True):
        name = document["metadata"]["name"]
        if problem := answer.get("problem"):
            told = problem.get("detail") or problem.get("title")
            code = tell(ApiError(f"pod {name}: {told}", status=problem.get("status", 0)))
        else:
            done.append((name, answer))
    return Done(tuple(name for name, _ in done), tuple(answer for _, answer in done), code)


def outcome(answer: Document) -> str:
    """``pod web is Starting on n1``, of a pod or of one answer of many."""
    status = answer.get("status", answer)
    name = answer["metadata"]["name"] if "metadata" in answer else answer["name"]
    where = f" on {status['nodeName']}" if status.get("nodeName") else ""
    why = f": {status['reason']}" if status.get("reason") else ""
    return f"pod {name} is {status['phase']}{where}{why}"


def waits_to_run(pod: Document | None) -> str:
    """What keeps a pod from running, or from having run; empty where nothing does.

    :raises Conflict: it was deleted, and so never will.
    """
    if pod is None:
        raise Conflict("the pod was deleted while it was waited for")
    if pod["status"]["phase"] in ("Running", "Succeeded", "Failed"):
        return ""
    reason = pod["status"].get("reason")
    return f"is {pod_status(pod)}" + (f" ({reason})" if reason else "")


def failed(pods: Sequence[Document]) -> int:
    """The exit code for pods that were waited for."""
    return FAILED if any(pod.get("status", pod)["phase"] == "Failed" for pod in pods) else 0
