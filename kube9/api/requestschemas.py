"""The schemas of what the API takes. The fields of manifests are told by the tables that they are read by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube9.api.beats import ERROR_LENGTH_MAX, EXIT_CODE_MAX, PHASES, TEXT_LENGTH_MAX, WAIT_MAX_MS, WHOLE_MAX
from kube9.api.body import LIST_VERSIONS
from kube9.api.drainoptions import DRAIN_OPTIONS
from kube9.api.execoptions import EXEC_OPTIONS, SIZE_OPTIONS
from kube9.api.parameters import GRACE_S_MAX, LABEL_LENGTH_MAX, LABEL_PATTERN, NAME_LENGTH_MAX, NAME_PATTERN
from kube9.manifest import API_VERSION, KINDS, REPLICAS_MAX
from kube9.manifest.deployments import DEPLOYMENT_SPEC
from kube9.manifest.nodes import NODE_SPEC
from kube9.manifest.pods import POD_SPEC
from kube9.manifest.shape import Shape, Treatment

__all__ = ["REQUEST_SCHEMAS"]

Schema = dict[str, Any]

#: What the words for types in those tables are in JSON; other words are left to the description.
_TYPES: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "boolean": {"type": "boolean"},
    "whole number": {"type": "integer"},
    "seconds": {"type": "number", "minimum": 0},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "texts by name": {"type": "object", "additionalProperties": {"type": "string"}},
    "quantities by resource": {"$ref": "#/components/schemas/Quantities"},
}

_KEY_PATTERN = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
_VALUE_PATTERN = r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"


def _labels() -> Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": _KEY_PATTERN},
        "additionalProperties": {"type": "string", "pattern": _VALUE_PATTERN},
    }


def _metadata(*, namespace: bool) -> Schema:
    properties: Schema = {
        "name": {"type": "string", "pattern": NAME_PATTERN, "maxLength": NAME_LENGTH_MAX},
        "labels": _labels(),
    }
    if namespace:
        properties["namespace"] = {
            "type": "string",
            "pattern": LABEL_PATTERN,
            "maxLength": LABEL_LENGTH_MAX,
            "default": "default",
        }
        properties["annotations"] = {
            "type": "object",
            "propertyNames": {"pattern": _KEY_PATTERN},
            "additionalProperties": {"type": "string"},
        }
    return {"type": "object", "properties": properties, "required": ["name"]}


def _spec(shape: Shape) -> Schema:
    """The fields that are honoured; the others are refused or warned about, each in its own words."""
    fields = [each for each in shape.fields if each.treatment is Treatment.HONOURED]
    schema: Schema = {"type": "object", "properties": {each.name: _field(each.type, each.says) for each in fields}}
    if required := [each.name for each in fields if each.required]:
        schema["required"] = required
    return schema


def _field(words: str, says: str) -> Schema:
    about = f"{words[:1].upper()}{words[1:]}. {says}".strip()
    known = _TYPES.get(words)
    if known is None:
        known = {"type": "array"} if words.startswith("list of ") else {}
    return {"description": about, **known}


def _manifest(kind: str, shape: Shape, *, others: str, namespace: bool = True) -> Schema:
    versions = [API_VERSION, *others.split()]
    return {
        "type": "object",
        "description": f"A {kind} as it is asked for. `apiVersion` and `kind` may be left out.",
        "properties": {
            "apiVersion": {"type": "string", "enum": versions},
            "kind": {"type": "string", "const": kind},
            "metadata": _metadata(namespace=namespace),
            "spec": _spec(shape),
        },
        "required": ["metadata", "spec"],
    }


def _items(kinds: tuple[str, ...], about: str, item: Schema) -> Schema:
    return {
        "type": "object",
        "description": about,
        "properties": {
            "apiVersion": {"type": "string", "enum": list(LIST_VERSIONS)},
            "metadata": {"type": "object"},
            "kind": {"type": "string", "enum": list(kinds)},
            "items": {"type": "array", "items": item},
        },
        "required": ["items"],
    }


def _text(least: int, most: int, about: str) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most, "description": about}


def _whole(least: int, most: int, about: str) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "description": about}


def _beat() -> Schema:
    copy = {
        "type": "object",
        "properties": {
            "uid": _text(1, TEXT_LENGTH_MAX, "The pod's."),
            "epoch": _whole(0, WHOLE_MAX, "Which copy of the pod it is."),
            "phase": {"type": "string", "enum": list(PHASES)},
            "exitCode": {
                **_whole(-EXIT_CODE_MAX, EXIT_CODE_MAX, "Of one that has ended."),
                "type": ["integer", "null"],
            },
            "error": _text(0, ERROR_LENGTH_MAX, "Why it could not be started; it never ran then."),
            "ready": {
                "type": "boolean",
                "default": True,
                "description": "Of one that runs: whether all its containers run and are ready.",
            },
            "restarts": _whole(0, WHOLE_MAX, "How often a container of it was started again; 0 where it is unsaid."),
            "reason": _text(0, ERROR_LENGTH_MAX, "What ails it, or how it ended; it holds no time that goes on."),
        },
        "required": ["uid", "epoch", "phase"],
        "additionalProperties": False,
    }
    use = {
        "type": "object",
        "properties": {
            "uid": _text(1, TEXT_LENGTH_MAX, "The pod's."),
            "epoch": _whole(0, WHOLE_MAX, "Which copy of the pod it is."),
            "cpuMillis": _whole(0, WHOLE_MAX, "Thousandths of a core."),
            "memoryBytes": _whole(0, WHOLE_MAX, "What it holds."),
        },
        "required": ["uid", "epoch", "cpuMillis", "memoryBytes"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "What a node's agent tells each time: all there is to know of it.",
        "properties": {
            "boot": _text(1, TEXT_LENGTH_MAX, "Which start of the agent this is; no other start calls itself so."),
            "token": _text(0, TEXT_LENGTH_MAX, "What the last answer gave; empty before the first."),
            "sequence": _whole(1, WHOLE_MAX, "Grows with every beat of this start."),
            "pods": {
                "type": "array",
                "items": copy,
                "description": "All that runs there, and what ended there lately.",
            },
            "use": {"type": "array", "items": use, "description": "What was measured last, of pods that run."},
            "waitMillis": _whole(
                0, WAIT_MAX_MS, "For how long the answer may be kept back while there is nothing to do; 0 where unsaid."
            ),
        },
        "required": ["boot", "token", "sequence"],
        "additionalProperties": False,
    }


def _names(about: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": about}


_LIST = _items(
    ("List",),
    f"Documents of any kind, each of which says its `apiVersion` and `kind`: {', '.join(KINDS)}, and `v1` "
    "ConfigMap, Secret and Service, as far as they matter to the others.",
    {"type": "object", "required": ["apiVersion", "kind", "metadata"]},
)

REQUEST_SCHEMAS: Mapping[str, Schema] = {
    "Quantities": {
        "type": "object",
        "description": "Amounts by resource, as Kubernetes writes them: `500m` of cpu, `8Gi` of memory.",
        "additionalProperties": {"type": ["string", "number"]},
    },
    "NodeManifest": _manifest("Node", NODE_SPEC, others="", namespace=False),
    "PodManifest": _manifest("Pod", POD_SPEC, others="v1"),
    "DeploymentManifest": _manifest("Deployment", DEPLOYMENT_SPEC, others="apps/v1"),
    "PodManifestOrList": {
        "anyOf": [{"$ref": "#/components/schemas/PodManifest"}, {"$ref": "#/components/schemas/PodManifestList"}]
    },
    "PodManifestList": {
        **_items(
            ("PodList", "List"),
            "Many pods at once. What is wrong with one of them is told in its own answer, and stops no other.",
            {"description": "A PodManifest."},
        ),
        "required": ["kind", "items"],
    },
    "ManifestList": _LIST,
    "PlanRequest": {
        "type": "object",
        "description": "Documents as in a ManifestList, and what to suppose; one of them must be there.",
        "properties": {
            **_LIST["properties"],
            "fail": _names("Nodes that are gone: their pods are queued again, by the same rules as those that wait."),
            "drain": _names("Nodes that take no more pods, and whose pods move one after the other."),
            "add": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/NodeManifest"},
                "description": "Nodes that are there beside the others, Ready and empty.",
            },
            "losses": {
                "type": "boolean",
                "description": "Whether to tell how many nodes can be lost after all that; true where one of the "
                "above is given.",
            },
        },
        "anyOf": [{"required": [field]} for field in ("items", "fail", "drain", "add", "losses")],
    },
    "DrainOptions": DRAIN_OPTIONS,
    "FailOptions": {
        "type": "object",
        "properties": {
            "downForSeconds": {
                "type": ["number", "null"],
                "minimum": 0,
                "maximum": GRACE_S_MAX,
                "description": "How long it is down; until its backend restarts it where this is not given.",
            },
            "permanent": {"type": "boolean", "default": False, "description": "It never comes back."},
        },
        "additionalProperties": False,
    },
    "ExecOptions": EXEC_OPTIONS,
    "TerminalSize": SIZE_OPTIONS,
    "Beat": _beat(),
    "Scale": {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {"replicas": {"type": "integer", "minimum": 0, "maximum": REPLICAS_MAX}},
                "required": ["replicas"],
                "additionalProperties": False,
            }
        },
        "required": ["spec"],
        "additionalProperties": False,
    },
}
