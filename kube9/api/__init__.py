"""The REST API: a thin Flask app over a control plane, and the web server for it."""

from __future__ import annotations

from kube9.api.application import create_app
from kube9.api.limits import Limits
from kube9.api.server import Server
from kube9.api.tokens import Tokens

__all__ = ["Limits", "Server", "Tokens", "create_app"]
