"""The API's own description: for programs, and as a page for people, with nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING

from flask import Response
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from kube9.api.endpoint import Access, Answer, Call, Resource
from kube9.api.referencepage import chapters, errors, shapes
from kube9.api.reply import json_reply

if TYPE_CHECKING:
    from kube9.api.services import Services

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
    """Describe the API for people."""
    page = _page(call.services, call.request.host_url)
    headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    return Response(page, headers=headers, content_type="text/html; charset=utf-8")


def _page(services: Services, url: str) -> str:
    openapi, folder = services.openapi, files("kube9.api")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(inline=_inline, linked=partial(_linked, openapi["components"]["schemas"]))
    template = environment.from_string(folder.joinpath("docs.html.j2").read_text(encoding="utf-8"))
    css = Markup(folder.joinpath("docs.css").read_text(encoding="utf-8"))  # noqa: S704  (a file of this package)
    told = {"chapters": chapters(openapi), "errors": errors(openapi), "shapes": shapes(openapi)}
    return template.render(css=css, info=openapi["info"], url=url, **told)


def _inline(text: str) -> Markup:
    """Plain text, with what stands between backquotes as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  (escaped just now)


def _linked(names: Collection[str], text: str) -> Markup:
    """The same, with each name of a shape leading there, unless it is code."""

    def link(match: re.Match[str]) -> str:
        return f'<a href="#shape-{match[0]}">{match[0]}</a>' if match[0] in names else match[0]

    return Markup(re.sub(r"(?<![>\w])\w+(?![<\w])", link, str(_inline(text))))  # noqa: S704  (escaped before)
