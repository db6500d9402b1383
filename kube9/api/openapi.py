"""The OpenAPI document, made of what the endpoints say of themselves."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from kube9 import __version__
from kube9.api.body import BYTES_TYPE
from kube9.api.endpoint import BYTES, Access, Answer, Endpoint, Resource
from kube9.api.identity import KEY_LENGTH_MAX
from kube9.api.limits import Limits
from kube9.api.parameters import NAME_LENGTH_MAX, NAME_PATTERN, Parameter
from kube9.api.schemas import SCHEMAS

__all__ = ["openapi_document"]

Document = dict[str, Any]

_ABOUT = """\
A kube9 cluster. Words, names and quantities are Kubernetes's; kube9's own manifests are of `apiVersion: kube9/v1`.

Whatever changes something answers when the change is durable. What is created may be given an `Idempotency-Key`: asked
again with the same key, or in the same words under the same name, it is answered with what there is.

Every error is an RFC 9457 problem document, which lists each fault with the path of what was written.
"""

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Asked again with the same key, the same thing is meant, and is not created twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[ -~]+$"},
}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Go on behind the event with this id. Browsers send it by themselves.",
    "schema": {"type": "integer", "minimum": 0},
}

#: What each status of a problem means, in general.
_PROBLEMS = {
    400: "Something in the request cannot be used; `problems` lists everything that is wrong.",
    401: "The token is missing or unknown.",
    403: "The token is a node's, and not meant for this.",
    404: "There is nothing of that name.",
    409: "The name is taken by another, or the thing is in no state for this.",
    413: "The body is too large.",
    415: "The body is not said to be what is taken here: JSON or, for the input of a command, bytes.",
    500: "Something is wrong in the server; its log says what.",
    502: "The node or its backend could not do it.",
    503: "Not now: the database is away, too much is waiting, or the server is shutting down.",
}


def openapi_document(resources: Sequence[Resource], limits: Limits) -> Document:
    """The document, in OpenAPI 3.1."""
    paths: dict[str, Document] = {}
    for resource in resources:
        for endpoint in resource.endpoints:
            paths.setdefault(endpoint.template, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kube9",
            "version": __version__,
            "description": f"{_ABOUT}\nA body may have {limits.body_bytes} bytes and {limits.items} documents.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": resource.name, "description": resource.about} for resource in resources],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": dict(SCHEMAS), "securitySchemes": _security_schemes()},
    }


def _security_schemes() -> Document:
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "The token in the server's state directory."},
        "nodeToken": {
            "type": "http",
            "scheme": "bearer",
            "description": "A node's own; it can only beat for that node.",
        },
        "password": {"type": "http", "scheme": "basic", "description": "For browsers: any name, and the token."},
    }


def _operation(endpoint: Endpoint) -> Document:
    story = inspect.cleandoc(endpoint.view.__doc__ or "")
    summary, _, rest = story.partition("\n\n")
    operation: Document = {
        "operationId": endpoint.name,
        "tags": [endpoint.tag],
        "summary": " ".join(summary.split()),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if rest:
        operation["description"] = textwrap.dedent(rest)
    if endpoint.body:
        content: Document = {"application/json": {"schema": _ref(endpoint.body)}}
        if endpoint.body == BYTES:
            content = {BYTES_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": endpoint.body_required, "content": content}
    security = _SECURITY.get(endpoint.access)
    if security is not None:
        operation["security"] = security
    return operation


#: Where it is not as for everything else.
_SECURITY: Mapping[str, list[Document]] = {
    Access.OPEN: [],
    Access.NODE: [{"token": []}, {"nodeToken": []}],
    Access.BROWSER: [{"token": []}, {"password": []}],
}


def _parameters(endpoint: Endpoint) -> list[Document]:
    found = [_path_parameter(name) for name in endpoint.path_parameters]
    found += [_query_parameter(parameter) for parameter in endpoint.query]
    if endpoint.keyed:
        found.append(_KEY)
    if endpoint.resumed:
        found.append(_LAST_EVENT_ID)
    return found


def _path_parameter(name: str) -> Document:
    schema = {"type": "string", "pattern": NAME_PATTERN, "maxLength": NAME_LENGTH_MAX}
    return {"name": name, "in": "path", "required": True, "description": "Its name.", "schema": schema}


def _query_parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _responses(endpoint: Endpoint) -> Document:
    responses = {str(status): _answer(endpoint, answer) for status, answer in sorted(endpoint.answers.items())}
    problems = {400, 500, *endpoint.problems}
    if endpoint.access != Access.OPEN:
        problems |= {401, 403}
    if endpoint.body:
        problems |= {413, 415}
    for status in sorted(problems - endpoint.answers.keys()):
        responses[str(status)] = _problem(status)
    return responses


def _answer(endpoint: Endpoint, answer: Answer) -> Document:
    response: Document = {"description": answer.about}
    if answer.schema:
        response["content"] = {answer.media_type: {"schema": _ref(answer.schema)}}
    elif answer.media_type != "application/json":
        response["content"] = {answer.media_type: {"schema": {"type": "string"}}}
    if endpoint.keyed:
        text = {"schema": {"type": "string"}}
        response["headers"] = {
            "Location": {"description": "Where it is now; not for a list.", **text},
            "Warning": {"description": "What is not honoured and changes nothing that runs, one each.", **text},
        }
    return response


def _problem(status: int) -> Document:
    response: Document = {
        "description": _PROBLEMS.get(status, HTTPStatus(status).phrase),
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        schema = {"type": "integer", "minimum": 0}
        response["headers"] = {
            "Retry-After": {"description": "Seconds until it is worth trying again.", "schema": schema}
        }
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {
            "WWW-Authenticate": {"description": "How to prove oneself.", "schema": {"type": "string"}}
        }
    return response


def _ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}
