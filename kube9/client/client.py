"""The REST API as methods. Documents are plain dicts, as the API has them; nothing is hidden and nothing renamed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from kube9.client.address import Address
from kube9.client.command import Command, exec_body
from kube9.client.stream import lines_of, messages
from kube9.client.transport import Transport, parts_of
from kube9.core.errors import ApiError, ServerUnreachable

__all__ = ["Client", "Document"]

#: A JSON object.
Document = dict[str, Any]

_PAGE = 500
_STREAM = "text/event-stream"


class Client:
    """A kube9 server, as a context manager::

        with kube9.Client() as cluster:
            cluster.launch_pod({"metadata": {"name": "web"}, "spec": {"requests": {"cpu": "500m"}}})

    What is not given is looked for in ``KUBE9_SERVER``, ``KUBE9_TOKEN`` and ``KUBE9_CA_CERT``, and then in the state
    directory of a server on this machine. Threads may share one client.

    Every method raises ``ServerUnreachable`` where nothing answers, and ``ApiError``, with the HTTP status and each
    problem, where the server refuses. Reading, and whatever does the same when it is done twice, is tried again while
    the server is busy or away, for ``retry_for_s`` at the most. What is created gets a key, so that it is never
    created twice: by default a new one each time; a script that may be started again gives one of its own.

    :param ca_cert: a file of certificates to trust instead of the system's.
    :param timeout_s: how long an answer may take.
    :raises InvalidInput: an argument or variable cannot be used.
    """

    def __init__(
        self,
        server: str | None = None,
        token: str | None = None,
        ca_cert: str | None = None,
        *,
        state_dir: str | None = None,
        timeout_s: float = 30.0,
        retry_for_s: float = 10.0,
    ) -> None:
        address = Address.find(server=server, token=token, ca_cert=ca_cert, state_dir=state_dir)
        self._transport = Transport(address, timeout_s=timeout_s, retry_for_s=retry_for_s)

    def __enter__(self) -> Client:  # noqa: PYI034  (typing.Self comes with Python 3.11)
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._transport.address.url

    # ------------------------------------------------------------------ nodes

    def nodes(self, *, selector: str | None = None) -> Iterator[Document]:
        """Every node in the order they joined, page by page as they are asked for.

        :param selector: labels they must have, such as ``zone=a,disk!=hdd``.
        """
        return self._pages("/v1/nodes", {"labelSelector": selector})

    def node_page(
        self, *, limit: int, after: str | None = None, selector: str | None = None, phase: str | None = None
    ) -> Document:
        """So many nodes at the most as a list document; its ``metadata.continue``, as ``after``, brings the next ones.

        :param phase: such as ``Ready``.
        """
        return self._page("/v1/nodes", limit, after, {"labelSelector": selector, "phase": phase})

    def node(self, name: str) -> Document:
        return self._get(_node(name))

    def node_health(self) -> Document:
        """What was last heard of each node."""
        return self._get("/v1/health")

    def add_node(self, document: Mapping[str, Any], *, key: str | None = None) -> Document:
        """Ask for a node; answers with the ``node`` and with the ``ticket`` that it joins by.

        There is no ticket for a node that was there already.

        :param document: a manifest; ``apiVersion`` and ``kind`` may be left out.
        """
        return self._create("/v1/nodes", document, key)

    def cordon_node(self, name: str) -> Document:
        return self._post(_node(name, "cordon"), repeatable=True)

    def uncordon_node(self, name: str) -> Document:
        return self._post(_node(name, "uncordon"), repeatable=True)

    def drain_node(
        self,
        name: str,
        *,
        grace_s: float | None = None,
        deadline_s: float | None = None,
        no_deadline: bool = False,
        parallel: int | None = None,
        interval_s: float | None = None,
        move_batch: bool = False,
    ) -> Document:
        """Cordon a node and move its pods; answers at once, while they go, and ``status.drain`` tells how far that is.

        :param grace_s: how long they get to end; ``None`` for what each says itself.
        :param deadline_s: in how long whatever is left is stopped, 0 for at once; ``None`` for the server's own time.
        :param no_deadline: nothing is ever stopped before it can run elsewhere.
        :param parallel: how many are under way at a time; ``None`` for one.
        :param interval_s: the least time between the beginnings of two moves.
        :param move_batch: pods that are to come to an end move like any other, rather than run on.
        """
        body = _given(
            gracePeriodSeconds=grace_s,
            deadlineSeconds=deadline_s,
            noDeadline=no_deadline or None,
            parallel=parallel,
            intervalSeconds=interval_s,
            moveBatch=move_batch or None,
        )
        return self._post(_node(name, "drain"), body)

    def cancel_drain(self, name: str, *, keep_cordoned: bool = False) -> Document:
        """Undo a drain: what is left stays, and new pods come again, unless the node is to stay cordoned."""
        params = _given(keepCordoned="true" if keep_cordoned else None)
        answer: Document = self._call("DELETE", _node(name, "drain"), params=params, repeatable=True)
        return answer

    def fail_node(self, name: str, *, for_s: float | None = None, permanent: bool = False) -> Document:
        """Break a node on purpose, where its backend can.

        :param for_s: how long it is down; ``None`` for until its backend restarts it.
        :param permanent: it never comes back.
        """
        return self._post(_node(name, "fail"), _given(downForSeconds=for_s, permanent=permanent or None))

    def delete_node(self, name: str, *, force: bool = False) -> Document | None:
        """Take a node away. With ``force`` one that has failed is forgotten, whatever may still run there."""
        return self._delete(_node(name), force="true" if force else None)

    # ------------------------------------------------------------------ pods

    def pods(
        self,
        *,
        namespace: str | None = None,
        selector: str | None = None,
        phase: str | None = None,
        node: str | None = None,
        owner: str | None = None,
    ) -> Iterator[Document]:
        """Every pod in the order they came, page by page as they are asked for.

        :param namespace: ``None`` for all of them.
        :param owner: the uid of a deployment.
        """
        filters = {"labelSelector": selector, "phase": phase, "nodeName": node, "owner": owner}
        return self._pages("/v1/pods", {"namespace": namespace, **filters})

    def pod_page(
        self,
        *,
        limit: int,
        after: str | None = None,
        namespace: str | None = None,
        selector: str | None = None,
        phase: str | None = None,
        node: str | None = None,
    ) -> Document:
        """So many pods at the most as a list document; its ``metadata.continue``, as ``after``, brings the next ones.

        :param namespace: ``None`` for all of them.
        """
        filters = {"namespace": namespace, "labelSelector": selector, "phase": phase, "nodeName": node}
        return self._page("/v1/pods", limit, after, filters)

    def pod(self, name: str, *, namespace: str = "default") -> Document:
        return self._get(_pod(name), namespace=namespace)

    def launch_pod(self, document: Mapping[str, Any], *, key: str | None = None) -> Document:
        """Ask for a pod; answers after the decision, with the node it got or the reason why it waits."""
        return self._create("/v1/pods", document, key)

    def launch_pods(self, documents: Iterable[Mapping[str, Any]], *, key: str | None = None) -> list[Document]:
        """Ask for many pods at once; one answer each, in their order, some of which may be a ``problem``."""
        answer = self._create("/v1/pods", {"kind": "PodList", "items": list(documents)}, key)
        items: list[Document] = answer["items"]
        return items

    def delete_pod(self, name: str, *, namespace: str = "default", grace_s: float | None = None) -> Document | None:
        """Stop a pod and forget it; answers at once, while it ends."""
        return self._delete(_pod(name), namespace=namespace, gracePeriodSeconds=grace_s)

    def explain_pod(self, name: str, *, namespace: str = "default") -> Document:
        """What each node has to say to a pod: whether it fits, or why not, its score, and who won."""
        return self._get(_pod(name, "explain"), namespace=namespace)

    def pod_logs(
        self,
        name: str,
        *,
        namespace: str = "default",
        container: str | None = None,
        follow: bool = False,
        tail: int | None = None,
        previous: bool = False,
    ) -> Iterator[bytes]:
        """What a container of a pod has written, in pieces.

        :param container: ``None`` for the only one, or the first that is no init container.
        :param follow: go on with what it writes, however long that takes, until it has ended.
        :param tail: so many lines from the end; ``None`` for all there are.
        :param previous: of its run before the present one.
        """
        params = _given(
            namespace=namespace,
            container=container,
            follow="true" if follow else None,
            tail=tail,
            previous="true" if previous else None,
        )
        with self._transport.stream(_pod(name, "logs"), params=params, headers={}, silent=follow) as response:
            yield from parts_of(response) if follow else response.iter_content(chunk_size=65_536)

    def exec_pod(
        self,
        name: str,
        command: Sequence[str],
        *,
        namespace: str = "default",
        container: str | None = None,
        terminal: bool = False,
        size: tuple[int, int] | None = None,
    ) -> Command:
        """Run a command in a container of a pod::

            with cluster.exec_pod("web", ["cat", "/etc/hostname"]) as command:
                print(command.run().stdout)

        :param container: ``None`` for the only one, or the first that is no init container.
        :param terminal: give it one; everything it writes is stdout then.
        :param size: rows and columns of the terminal.
        """
        body = exec_body(command, container, size, terminal)
        return Command(self._transport, self._post(_pod(name, "exec"), body, params={"namespace": namespace})["id"])

    # ------------------------------------------------------------------ deployments

    def deployments(self, *, namespace: str | None = None, selector: str | None = None) -> Iterator[Document]:
        """Every deployment, page by page as they are asked for.

        :param namespace: ``None`` for all of them.
        """
        return self._pages("/v1/deployments", {"namespace": namespace, "labelSelector": selector})

    def deployment(self, name: str, *, namespace: str = "default") -> Document:
        return self._get(_deployment(name), namespace=namespace)

    def apply_deployment(self, document: Mapping[str, Any], *, key: str | None = None) -> Document:
        """Ask for a deployment, or for another state of the one of that name."""
        return self._create("/v1/deployments", document, key)

    def scale_deployment(self, name: str, replicas: int, *, namespace: str = "default") -> Document:
        """Have so many pods of a deployment."""
        answer: Document = self._call(
            "PATCH",
            _deployment(name),
            json={"spec": {"replicas": replicas}},
            params={"namespace": namespace},
            repeatable=True,
        )
        return answer

    def delete_deployment(self, name: str, *, namespace: str = "default") -> Document | None:
        """Take a deployment away with all its pods."""
        return self._delete(_deployment(name), namespace=namespace)

    # ------------------------------------------------------------------ documents of any kind

    def apply(self, documents: Iterable[Mapping[str, Any]], *, namespace: str | None = None) -> Document:
        """Create or change what ``documents`` describe; all are checked before anything is done.

        :param namespace: where all of them must be; ``None`` for where each says itself.
        """
        return self._post("/v1/apply", {"items": list(documents)}, repeatable=True, params=_given(namespace=namespace))

    def plan(
        self,
        documents: Iterable[Mapping[str, Any]] = (),
        *,
        namespace: str | None = None,
        fail: Iterable[str] = (),
        drain: Iterable[str] = (),
        add: Iterable[Mapping[str, Any]] = (),
        losses: bool | None = None,
    ) -> Document:
        """Where the pods of ``documents`` would go now, or why they would wait; changes nothing.

        :param fail: names of nodes that are supposed to be gone.
        :param drain: of nodes that are supposed to be drained.
        :param add: manifests of nodes that are supposed to be there beside the others.
        :param losses: whether to tell how many nodes can be lost after that; ``None`` for where one of these is given.
        """
        supposed = {"fail": list(fail), "drain": list(drain), "add": list(add)}
        body = {**{field: each for field, each in supposed.items() if each}, **_given(losses=losses)}
        return self._post(
            "/v1/plan", {"items": list(documents), **body}, repeatable=True, params=_given(namespace=namespace)
        )

    # ------------------------------------------------------------------ what happened

    def events(self, *, after: int | None = None, limit: int | None = None, **filters: str | None) -> list[Document]:
        """Events in their order, from right ``after`` an id, or the last ones where that is ``None``.

        :param limit: how many at the most; ``None`` for as many as the server gives at a time.
        :param filters: ``kind``, ``name``, ``namespace`` or ``type``.
        """
        items: list[Document] = self._get("/v1/events", after=after, limit=limit, **filters)["items"]
        return items

    def last_event_id(self) -> int:
        """The id of the last event there is; 0 where there is none yet."""
        last: int = self.status()["lastEventId"]
        return last

    def watch_events(
        self, *, after: int | None = None, patience_s: float | None = None, **filters: str | None
    ) -> Iterator[Document]:
        """Events as they happen, without end; when the connection breaks it goes on behind the last one it had.

        :param after: begin right after that id; ``None`` for with the next that happens.
        :param patience_s: how long a server may be away; ``None`` for ever. One that was never there is not waited for.
        """
        # Told to the server always, so that nothing is lost should the first connection break before its first event.
        seen, attempt, away_s = self.last_event_id() if after is None else after, 0, 0.0
        while True:
            try:
                for event in self._stream(seen, filters):
                    seen, attempt, away_s = int(event["id"]), 0, 0.0
                    yield event
            except ApiError as exc:
                patient = self._transport.heard and (patience_s is None or away_s < patience_s)
                if not patient or not _passing(exc):
                    raise
            pause_s = self._transport.pause_s(attempt)
            attempt, away_s = attempt + 1, away_s + pause_s
            self._transport.sleep(pause_s)

    def _stream(self, after: int, filters: Mapping[str, str | None]) -> Iterator[Document]:
        headers = {"Accept": _STREAM, "Last-Event-ID": str(after)}
        with self._transport.stream("/v1/events/stream", params=_given(**filters), headers=headers) as response:
            yield from messages(lines_of(parts_of(response)))

    # ------------------------------------------------------------------ the server

    def status(self) -> Document:
        """Schedulers, backends, and how much of everything there is."""
        return self._get("/v1/status")

    def plugins(self) -> Document:
        """The server's plugins."""
        return self._get("/v1/plugins")

    def ready(self) -> bool:
        """Whether the server takes requests now."""
        with suppress(ServerUnreachable):
            try:
                self._call("GET", "/readyz")
            except ApiError as exc:
                if exc.status != 503:
                    raise
            else:
                return True
        return False

    # ------------------------------------------------------------------ requests

    def _get(self, path: str, **params: object) -> Document:
        answer: Document = self._call("GET", path, params=_given(**params), repeatable=True)
        return answer

    def _post(self, path: str, body: Mapping[str, Any] | None = None, **options: Any) -> Document:
        answer: Document = self._call("POST", path, json=body or {}, **options)
        return answer

    def _delete(self, path: str, **params: object) -> Document | None:
        answer: Document | None = self._call("DELETE", path, params=_given(**params))
        return answer

    def _create(self, path: str, body: Mapping[str, Any], key: str | None) -> Document:
        return self._post(path, body, headers={"Idempotency-Key": key or str(uuid4())}, repeatable=True)

    def _call(self, method: str, path: str, **given: Any) -> Any:
        return self._transport.json(method, path, **given)

    def _page(self, path: str, limit: int, after: str | None, filters: Mapping[str, str | None]) -> Document:
        return self._get(path, limit=limit, **{"continue": after}, **filters)

    def _pages(self, path: str, filters: Mapping[str, str | None]) -> Iterator[Document]:
        token = None
        while True:
            page = self._page(path, _PAGE, token, filters)
            yield from page["items"]
            token = page.get("metadata", {}).get("continue")
            if not token:
                return


def _passing(error: ApiError) -> bool:
    """Whether it may be over when it is tried again."""
    return isinstance(error, ServerUnreachable) or error.status in (429, 503)


def _given(**params: object) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _path(kind: str, name: str, *verb: str) -> str:
    # Quoted, so that no name leads to another place.
    return "/".join(["/v1", kind, quote(name, safe=""), *verb])


def _node(name: str, *verb: str) -> str:
    return _path("nodes", name, *verb)


def _pod(name: str, *verb: str) -> str:
    return _path("pods", name, *verb)


def _deployment(name: str, *verb: str) -> str:
    return _path("deployments", name, *verb)
