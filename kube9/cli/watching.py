"""Things as they change: first all there are, then a line for each change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from kube9.cli.listing import Field, columns_of, row_of, show_on_one_line
from kube9.cli.output import LinePrinter
from kube9.core.errors import ApiError

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["Watch", "labels_of"]

Document = dict[str, Any]


@frozen(kw_only=True)
class Watch:
    """What is watched, and who of it."""

    client: Client
    #: As events call them.
    kind: str
    fields: Sequence[Field]
    #: All there are now that are wanted.
    present: Callable[[], Iterable[Document]]
    #: The one that an event is about.
    #:
    #: :raises ApiError: there is none of that name any more.
    fetch: Callable[[Document], Document]
    wanted: Callable[[Document], bool]
    namespace: str | None = None
    #: Told of everything that is shown.
    shown: Callable[[Document], None] = field(default=lambda _: None)

    def run(self, output: str) -> None:
        """Show them without end; a server that is away for a while is waited for."""
        after = self.client.last_event_id()
        first = list(self.present())
        printer = None
        if output in ("table", "wide"):
            printer = LinePrinter(columns_of(self.fields, output))
            printer.begin([row_of(document, self.fields, output) for document in first])
        for document in first if printer is None else ():
            show_on_one_line(document, output)
        for document in first:
            self.shown(document)
        for document in self._changes(first, after):
            if printer is None:
                show_on_one_line(document, output)
            else:
                printer.show(row_of(document, self.fields, output))
            self.shown(document)

    def _changes(self, first: Iterable[Document], after: int) -> Iterator[Document]:
        """Each again whenever it changed.

        One that is gone comes for a last time with the phase ``Deleted``; one that is not wanted any more comes for a
        last time as it is.
        """
        seen = {document["metadata"]["uid"]: document for document in first}
        for event in self.client.watch_events(after=after, kind=self.kind, namespace=self.namespace):
            uid = event["uid"]
            before, now = seen.get(uid), self._now(event)
            if now is None:
                if before is not None:
                    del seen[uid]
                    yield {**before, "status": {**before["status"], "phase": "Deleted", "deleting": False}}
                continue
            if self.wanted(now):
                seen[uid] = now
            elif seen.pop(uid, None) is None:
                continue
            if now != before:
                yield now

    def _now(self, event: Document) -> Document | None:
        try:
            document = self.fetch(event)
        except ApiError as exc:
            if exc.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return document if document["metadata"]["uid"] == event["uid"] else None


def labels_of(selector: str | None) -> Callable[[Document], bool]:
    """Whether a document's labels meet a selector, by the server's own reading of it."""
    if selector is None:
        return lambda _: True
    from kube9.api.selector import parse_selector

    read = parse_selector(selector)
    return lambda document: read.selects(document["metadata"].get("labels", {}))
