"""A client of the REST API, for scripts and for the command line."""

from __future__ import annotations

from kube9.client.client import Client
from kube9.client.command import Command, Finished

__all__ = ["Client", "Command", "Finished"]
