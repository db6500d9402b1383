"""The server's plugins."""

from __future__ import annotations

from typing import Any

from flask import Response

from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.reply import json_reply
from kube9.plugins.info import PluginInfo

__all__ = ["RESOURCE"]

RESOURCE = Resource("plugins", "What the server was extended with.")


@RESOURCE.endpoint("GET", "/v1/plugins", answers={200: Answer("Every plugin that was found.", "PluginList")})
def list_plugins(call: Call) -> Response:
    """List plugins: where each is from, what it offers, and why it failed."""
    return json_reply({"plugins": [_document(info) for info in call.services.plugins.infos]})


def _document(info: PluginInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "distribution": info.distribution or None,
        "version": info.version or None,
        "source": info.source or None,
        "builtIn": info.built_in,
        "hooks": list(info.hooks),
        "offers": {_camel(kind): list(names) for kind, names in info.offers.items()},
        "error": info.error,
        "leftOutBy": info.left_out_by,
    }


def _camel(kind: str) -> str:
    first, *rest = kind.split("_")
    return first + "".join(map(str.capitalize, rest))
