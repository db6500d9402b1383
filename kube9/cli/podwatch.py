"""Pods as they change: first all there are, then a line for each change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from kube9.cli.listing import Field, columns_of, row_of, show_on_one_line
from kube9.cli.output import LinePrinter
from kube9.core.errors import ApiError

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["changed_pods", "watch_pods"]

Document = dict[str, Any]


def watch_pods(client: Client, output: str, fields: Sequence[Field], *, namespace: str | None, **filters: Any) -> None:
    """Show the pods that the filters let through, without end; a server that is away for a while is waited for."""
    printer = LinePrinter(columns_of(fields, output)) if output in ("table", "wide") else None
    for pod in changed_pods(client, namespace=namespace, **filters):
        if printer is None:
            show_on_one_line(pod, output)
        else:
            printer.show(row_of(pod, fields, output))


def changed_pods(
    client: Client, *, namespace: str | None, selector: str | None, phase: str | None, node: str | None
) -> Iterator[Document]:
    """Every pod as it is, and then each again whenever it changed.

    One that is gone comes for a last time with the phase ``Deleted``; one that the filters no longer let through comes
    for a last time as it is.
    """
    last_id = client.last_event_id()
    selects = _labels_of(selector)
    seen: dict[str, Document] = {}
    for pod in client.pods(namespace=namespace, selector=selector, phase=phase, node=node):
        seen[pod["metadata"]["uid"]] = pod
        yield pod
    for event in client.watch_events(after=last_id, kind="Pod", namespace=namespace):
        uid = event["uid"]
        before = seen.get(uid)
        now = _now(client, event)
        if now is None:
            if before is not None:
                del seen[uid]
                yield {**before, "status": {**before["status"], "phase": "Deleted", "deleting": False}}
            continue
        status = now["status"]
        wanted = phase in (None, status["phase"]) and node in (None, status["nodeName"]) and selects(now)
        if wanted:
            seen[uid] = now
        elif seen.pop(uid, None) is None:
            continue
        if now != before:
            yield now


def _labels_of(selector: str | None) -> Callable[[Document], bool]:
    """Whether a pod's labels meet a selector, by the server's own reading of it."""
    if selector is None:
        return lambda _: True
    from kube9.api.selector import parse_selector

    read = parse_selector(selector)
    return lambda pod: read.selects(pod["metadata"].get("labels", {}))


def _now(client: Client, event: Document) -> Document | None:
    try:
        pod = client.pod(event["name"], namespace=event["namespace"])
    except ApiError as exc:
        if exc.status == HTTPStatus.NOT_FOUND:
            return None
        raise
    return pod if pod["metadata"]["uid"] == event["uid"] else None
