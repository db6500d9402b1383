"""The API's own description: for programs, and as a page for people, with nothing from elsewhere."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.wrappers import Response

from kube9.api.endpoint import Access, Answer, Call, Resource
from kube9.api.reply import json_reply
from kube9.api.referencepage import chapters

__all__ = ["RESOURCE"]

RESOURCE = Resource("docs", "This description.")

#: The page has no script, and loads nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@RESOURCE.endpoint(
    "GET",
    "/openapi.json",
    access=Access.BROWSER,
    answers={200: Answer("The OpenAPI document of this API, version 3.1.", "OpenAPI")},
)
def openapi_json(call: Call) -> Response:
    """Describe the API for programs."""
    return json_reply(call.services.openapi)


@RESOURCE.endpoint(
    "GET",
    "/docs",
    access=Access.BROWSER,
    answers={200: Answer("A page for people.", media_type="text/html")},
)
def docs_page(call: Call) -> Response:
    """Describe the API for people; a browser asks for a name, which is any, and a password, which is the token."""
    openapi = call.services.openapi
    page = _environment().get_template("docs.html.j2").render(info=openapi["info"], chapters=chapters(openapi))
    headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    return Response(page, headers=headers, content_type="text/html; charset=utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Escapes all that is put in."""
    return Environment(
        loader=PackageLoader("kube9.api", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
