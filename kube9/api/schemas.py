"""The schemas of what the API answers, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube9.api.requestschemas import REQUEST_SCHEMAS
from kube9.core.nodes import NodePhase
from kube9.core.pods import PodPhase
from kube9.core.whatif import DRAINED, FAILED, WAITING

__all__ = ["SCHEMAS"]

Schema = dict[str, Any]


def _object(about: str, properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    """An object that has all of ``properties`` but perhaps the ``optional``, and no others."""
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _text(about: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": about} if about else {}), **more}


def _maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def _whole(about: str = "", least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least, **({"description": about} if about else {})}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _words(words: type[NodePhase | PodPhase]) -> Schema:
    return {"type": "string", "enum": [word.value for word in words]}


_BOOLEAN: Schema = {"type": "boolean"}
_TEXTS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_COUNTS: Schema = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
_TIME = _text("RFC 3339, in UTC, with milliseconds.", format="date-time")
_API_VERSION = {"type": "string", "const": "kube9/v1"}
#: As it was asked for; the manifest of the kind tells what is in it.
_SPEC: Schema = {
    "type": "object",
    "description": "What was asked for, in the words of the manifest; no secret is shown.",
}


def _shown(kind: str, about: str, metadata: Schema, status: Schema) -> Schema:
    """A thing: what it is, what was asked for, and what became of it."""
    properties = {
        "apiVersion": _API_VERSION,
        "kind": {"type": "string", "const": kind},
        "metadata": metadata,
        "spec": _SPEC,
        "status": status,
    }
    return _object(about, properties)


def _listed(kind: str, *, paged: bool = True, **more: Schema) -> Schema:
    properties: Schema = {"apiVersion": _API_VERSION, "kind": {"type": "string", "const": f"{kind}List"}}
    if paged:
        properties["metadata"] = _ref("ListMetadata")
    return _object("A list.", {**properties, **more, "items": _list(_ref(kind))})


_METADATA = {
    "name": _text(),
    "namespace": _text(),
    "uid": _text("Unique for all time, unlike the name."),
    "creationTimestamp": _TIME,
    "labels": _TEXTS,
    "annotations": _TEXTS,
}
_MOVES_HELD = _maybe(_text("Why pods of nodes that are down stay where they are for now; null where they move."))
_NAMED = _object("Who it is.", _METADATA, optional=("labels", "annotations"))
_NODE_METADATA = _object(
    "Who it is.",
    {name: schema for name, schema in _METADATA.items() if name not in ("namespace", "annotations")},
    optional=("labels",),
)
_OWNER = _object(
    "The deployment it belongs to.",
    {"apiVersion": _API_VERSION, "kind": _text(), "name": _text(), "uid": _text(), "revision": _whole()},
)
_POD_METADATA = _object(
    "Who it is.",
    {**_METADATA, "ownerReferences": _list(_OWNER)},
    optional=("labels", "annotations", "ownerReferences"),
)
_USAGE = _object(
    "What it really takes, as its node measured it last; not there where nothing is measured.",
    {"cpu": _text("A quantity, such as `250m`."), "memory": _text("A quantity.")},
)
_POD_STATUS = _object(
    "What became of it.",
    {
        "phase": _words(PodPhase),
        "nodeName": _maybe(_text("The node it is bound to; null while it waits.")),
        "epoch": _whole("Grows with every bind."),
        "ready": {**_BOOLEAN, "description": "Whether it runs, and all its containers are ready."},
        "restarts": _whole("How often its node started a container of it again."),
        "reason": _text("Why it is in its phase: how it ended, what ails it, or the tally of why it waits."),
        "exitCode": _maybe({"type": "integer"}),
        "startedAt": _maybe(_TIME),
        "finishedAt": _maybe(_TIME),
        "devices": {"type": "object", "additionalProperties": _list(_whole())},
        "deleting": _BOOLEAN,
        "evicting": _BOOLEAN,
        "leaving": {**_BOOLEAN, "description": "It goes as soon as another one runs in its place."},
        "usage": _USAGE,
    },
    optional=("usage",),
)
_DRAIN = _object(
    "How far its drain is; null where it is not drained, or is empty by now.",
    {
        "total": _whole("How many pods there were at the beginning."),
        "left": _whole("How many are still there."),
        "moving": _whole("How many are under way: told to go, and not yet running elsewhere."),
        "waitingFor": _text("What it waits for, and why."),
        "startedAt": _TIME,
        "deadline": _maybe(_TIME),
    },
)
_NODE_STATUS = _object(
    "What became of it.",
    {
        "phase": _words(NodePhase),
        "reason": _text(),
        "failures": _whole("How often it has failed."),
        "deleting": _BOOLEAN,
        "capacity": _ref("Quantities"),
        "allocatable": _ref("Quantities"),
        "used": _ref("Quantities"),
        "pods": _whole("How many pods are on it."),
        "drain": _maybe(_DRAIN),
        "usage": _USAGE,
    },
    optional=("usage",),
)
_DEPLOYMENT_STATUS = _object(
    "What became of it.",
    {
        **{f"{word}eplicas": _whole() for word in ("r", "readyR", "pendingR", "updatedR")},
        "revision": _whole("Grows with every new template."),
        "failures": _whole("Pods that ended, one after the other."),
        "deleting": _BOOLEAN,
    },
)
_TICKET = {
    "type": ["object", "null"],
    "description": "What the node introduces itself by; null for one that was there already.",
    "properties": {"nodeUid": _text(), "serverUrl": _text(), "token": _text("Shown this once.")},
    "required": ["nodeUid", "serverUrl", "token"],
    "additionalProperties": False,
}
_PROBLEM_LINE = _object(
    "One thing that is wrong.",
    {"path": _text("Where, as it was written: `spec.containers[0].image`."), "message": _text()},
)

_PLACED = {"nodeName": _maybe(_text()), "reason": _text()}

SCHEMAS: Mapping[str, Schema] = {
    **REQUEST_SCHEMAS,
    "Problem": _object(
        "What went wrong (RFC 9457).",
        {
            "type": _text("The same for each problem of the kind.", format="uri-reference"),
            "title": _text("The same for each problem of the kind, for people."),
            "status": _whole("Of HTTP."),
            "detail": _text("What, which one, and what to do next."),
            "problems": _list(_PROBLEM_LINE),
        },
        optional=("problems",),
    ),
    "ListMetadata": _object(
        "How to go on; empty for the last page.",
        {"continue": _text("Give this as `continue` for the next page."), "remainingItemCount": _whole()},
        optional=("continue", "remainingItemCount"),
    ),
    "Node": _shown("Node", "A node.", _NODE_METADATA, _NODE_STATUS),
    "NodeList": _listed("Node"),
    "AddedNode": _object("A node that was asked for.", {"node": _ref("Node"), "ticket": _TICKET}),
    "NodeHealth": _object(
        "How a node is heard.",
        {
            "name": _text(),
            "uid": _text(),
            "phase": _words(NodePhase),
            "lastHeardMillisAgo": _maybe(_whole("Null where it was not heard since the server started.")),
            "suspicion": {
                "type": ["number", "null"],
                "description": "On the health check's own scale; null for a node that is not judged by its beats.",
            },
            "failures": _whole("How often it has failed."),
            "reason": _text(),
        },
    ),
    "NodeHealthList": _listed("NodeHealth", paged=False, movesHeld=_MOVES_HELD),
    "HeartbeatAnswer": _object(
        "What a node is to know.",
        {
            "intervalMillis": _whole("When to beat next."),
            "leaseMillis": _whole(
                "So long from the sending of this beat on it may run pods, and then must stop them: others are about "
                "to start them. 0 for no longer than it may already."
            ),
            "sequence": _whole("Of the beat that this is the answer to; like all below only where that had a body.", 1),
            "token": _text("To be said with the next beats. A new one is to be said at once."),
            "gone": {**_BOOLEAN, "description": "True for a node that is not known any more, and is to run nothing."},
            "boot": _text("Of the beat that this is the answer to."),
            "start": _list(_ref("StartOrder")),
            "stop": _list(_ref("StopOrder")),
        },
        optional=("sequence", "token", "gone", "boot", "start", "stop"),
    ),
    "StartOrder": _object(
        "A pod to start, said again until a beat lists it; void where a later beat was sent before this answer came.",
        {
            "uid": _text(),
            "epoch": _whole("Which copy of the pod it is: none of an older one may be started any more."),
            "namespace": _text(),
            "name": _text(),
            "owner": _text("The deployment that it belongs to; empty for none."),
            "spec": {"type": "object", "description": "As its manifest has it, texts of secrets included."},
            "devices": {
                "type": "object",
                "additionalProperties": _list(_whole()),
                "description": "The node's devices it may use, by kind.",
            },
        },
    ),
    "StopOrder": _object(
        "A copy to stop, said again until no beat lists it; of one that has ended nothing is kept any more.",
        {"uid": _text(), "epoch": _whole(), "graceMillis": _whole("By force after so long.")},
    ),
    "Pod": _shown("Pod", "A pod.", _POD_METADATA, _POD_STATUS),
    "PodList": _listed("Pod"),
    "PodOrBatch": {"oneOf": [_ref("Pod"), _ref("Batch")]},
    "Batch": _object("An answer for each pod of a list, in their order.", {"items": _list(_ref("BatchItem"))}),
    "BatchItem": {
        "oneOf": [
            _object(
                "What became of a pod.",
                {
                    "name": _text(),
                    "namespace": _text(),
                    "uid": _text(),
                    **_PLACED,
                    "phase": _words(PodPhase),
                    "created": {**_BOOLEAN, "description": "False where it was there already."},
                    "warnings": _list(_text()),
                },
                optional=("warnings",),
            ),
            _object("Why it was refused.", {"problem": _ref("Problem")}),
        ]
    },
    "Command": _object(
        "A command that runs.",
        {
            "id": _text("For the paths below `/v1/exec`."),
            "idleMillis": _whole("For how long nobody may read what it writes before it is left."),
        },
    ),
    "Explanation": _object(
        "What each node has to say to a pod.",
        {
            "pod": _text(),
            "namespace": _text(),
            "scheduler": _text(),
            "nodeName": _maybe(_text("The node it is bound to; null while it waits, and when it has ended.")),
            "winner": _maybe(_text("The node it would go to now; null where it fits on none.")),
            "tally": _text("Why it fits on none, counted."),
            "nodes": _list(
                _object(
                    "What one node has to say.",
                    {
                        "name": _text(),
                        "fits": _BOOLEAN,
                        "reason": _text("Why it does not fit."),
                        "score": {
                            "type": ["number", "null"],
                            "description": "Higher is better; null where it does not fit.",
                        },
                        "triedLast": {
                            "type": "boolean",
                            "description": "It failed again and again: it comes after all others that fit.",
                        },
                    },
                )
            ),
        },
    ),
    "Deployment": _shown("Deployment", "A deployment.", _NAMED, _DEPLOYMENT_STATUS),
    "DeploymentList": _listed("Deployment"),
    "Applied": _object(
        "What became of documents.",
        {
            "items": _list(
                _object(
                    "What became of one.",
                    {
                        "kind": _text(),
                        "namespace": _text("Empty for nodes."),
                        "name": _text(),
                        "uid": _text(),
                        "result": _text(enum=["created", "configured", "unchanged", "skipped"]),
                        **_PLACED,
                    },
                    optional=("nodeName", "reason"),
                )
            ),
            "warnings": _list(_text("What is not honoured and changes nothing that runs, with its place.")),
        },
    ),
    "Plan": _object(
        "What would land where.",
        {
            "items": _list(
                _object(
                    "Where one pod would go.",
                    {
                        "name": _text(),
                        "namespace": _text(),
                        **_PLACED,
                        "exists": {**_BOOLEAN, "description": "It is there already, and this is where it is."},
                    },
                )
            ),
            "moves": {
                **_list(_ref("PodMove")),
                "description": "Off failed nodes, then off drained ones, then out of the queue.",
            },
            "stillWaiting": _whole("How many pods wait now and still would."),
            "losses": _maybe(
                _object(
                    "What could be lost after all that. Pods that wait already are not counted.",
                    {
                        "nodes": _whole("How many nodes there are to lose: those that take pods or have some."),
                        "alone": {
                            **_list(_ref("NodeLoss")),
                            "description": "The nodes each of which, lost alone, leaves pods without a place.",
                        },
                        "inARow": _whole(
                            "How many can be lost one after the other, always the fullest that is left, until a pod "
                            "fits nowhere."
                        ),
                        "then": {
                            "anyOf": [_ref("NodeLoss"), {"type": "null"}],
                            "description": "The one after these; null if there is none.",
                        },
                    },
                )
            ),
            "warnings": _list(_text()),
        },
        optional=("moves", "stillWaiting", "losses"),
    ),
    "PodMove": _object(
        "A pod that would not be where it is any more, or could not.",
        {
            "name": _text(),
            "namespace": _text(),
            "cause": {
                "type": "string",
                "enum": [FAILED, DRAINED, WAITING],
                "description": "Why: its node is gone, its node is emptied, or it waited and there is room.",
            },
            "fromNode": _maybe(_text("Null for one that waits now.")),
            "toNode": _maybe(
                _text("Null where it fits on no other node: it then waits or, where its node is drained, stays.")
            ),
            "reason": _text("Why it fits on no other node."),
        },
    ),
    "NodeLoss": _object(
        "A node that cannot be lost without some of its pods having to wait.",
        {
            "nodeName": _text(),
            "pods": _list(_object("One that would have to.", {"name": _text(), "namespace": _text()})),
            "reason": _text("Why the first of them would."),
        },
    ),
    "Event": _object(
        "Something that happened.",
        {
            "id": _whole("Grows with every event."),
            "timestamp": _TIME,
            "type": _text("Such as `PodBound`."),
            "kind": _text(
                "Pod, Node or Deployment; empty for a report about something gone, or what is about many nodes."
            ),
            "uid": _text(),
            "namespace": _text("Empty for nodes."),
            "name": _text(),
            "nodeName": _text("The node it is about, or that the pod is or was on; empty where none is known."),
            "message": _text("For people."),
        },
    ),
    "EventList": _object(
        "Events.",
        {
            "apiVersion": _API_VERSION,
            "kind": {"type": "string", "const": "EventList"},
            "metadata": _object("How to go on.", {"lastId": _whole("Give this as `after` for those that follow.")}),
            "items": _list(_ref("Event")),
        },
    ),
    "Status": _object(
        "The server.",
        {
            "version": _text(),
            "ready": _BOOLEAN,
            "reason": _text("Why it takes on no work; empty where it does."),
            "startedAt": _maybe(_TIME),
            "defaultScheduler": _text(),
            "schedulers": _list(_text()),
            "backends": _list(_text()),
            "nodes": {**_COUNTS, "description": "How many, by phase."},
            "pods": {**_COUNTS, "description": "How many, by phase."},
            "deployments": _whole(),
            "lastEventId": _whole(),
            "storeOk": _BOOLEAN,
        },
    ),
    "PluginList": _object(
        "Plugins.",
        {
            "plugins": _list(
                _object(
                    "One plugin.",
                    {
                        "name": _text(),
                        "distribution": _maybe(_text()),
                        "version": _maybe(_text()),
                        "source": _maybe(_text()),
                        "builtIn": _BOOLEAN,
                        "hooks": _list(_text()),
                        "offers": {"type": "object", "additionalProperties": _list(_text())},
                        "error": _maybe(_text("Why nothing of it is used.")),
                        "leftOutBy": _maybe(_text()),
                    },
                )
            )
        },
    ),
    "OpenAPI": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Health": _object(
        "How the server is.", {"status": _text(enum=["ok", "unready"]), "reason": _text()}, optional=("reason",)
    ),
}
