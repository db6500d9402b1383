"""Tells a webhook what happens in a cluster. Everything is set by the environment; README.md lists it."""

from __future__ import annotations

import os

from kube9_notify.messages import EVENTS, Message
from kube9_notify.notifier import Notifier
from kube9_notify.settings import Settings
from kube9_notify.signature import signed, verify

__all__ = ["EVENTS", "Message", "Notifier", "Settings", "plugin", "signed", "verify"]

#: What the entry point names. With settings that cannot be, kube9 shows the plugin as broken and says why.
plugin = Notifier(Settings.from_env(os.environ))
