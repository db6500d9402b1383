"""A whole cluster in this process: SQLite in a folder, nodes in memory, the API on a real port."""

from __future__ import annotations

import os

from kube9.api import Server, Tokens, create_app
from kube9.app import App
from kube9.core.nodes import NodeSpec
from kube9.statedir import ServerRecord, StateDir
from kube9.store import open_store
from kube9.testing.reservedport import ReservedPort

GIB = 2**30
PATIENCE_S = 60.0


class Live:
    """A server that can be stopped and started again on the same port.

    The port stays bound, so that nobody else is given it meanwhile; the server may listen there by SO_REUSEADDR.
    """

    def __init__(self, path):
        self.folder = StateDir(path)
        self.app = App.load(env={"KUBE9_PLUGINS": ""})
        self._place = ReservedPort()
        self.port = self._place.number
        self.plane = self.server = None
        self.start()

    def start(self):
        with self.folder.held():
            token = self.folder.make_token()
        self.plane = self.app.make_control_plane(open_store(str(self.folder.database_file)))
        self.plane.start()
        api = create_app(self.plane, plugins=self.app.plugins, tokens=Tokens.of(token))
        self.server = Server(api, port=self.port)
        self.server.start()
        self.url = self.server.url
        self.folder.write_server(ServerRecord(self.url, os.getpid()))

    def stop(self):
        self.server.stop(PATIENCE_S)
        self.plane.stop()

    def close(self):
        """Stop for good."""
        self.stop()
        self._place.close()

    def add_nodes(self, *names, cpu_milli=4000):
        """Ready when this returns."""
        last = self.plane.events.last_id
        for name in names:
            self.plane.add_node(NodeSpec(name=name, capacity={"cpu": cpu_milli, "memory": 8 * GIB}), uid=f"uid-{name}")
        self.wait_for("NodeReady", len(names), after=last)

    def wait_for(self, type, count=1, *, after=0, timeout_s=PATIENCE_S):
        """Wait until so many events of a type happened behind an id."""
        seen = []
        while len(seen) < count:
            last = self.plane.events.last_id
            seen = [event for event in self.plane.events.since(after) if event.type == type]
            if len(seen) < count and not self.plane.events.wait(last, timeout_s):
                raise AssertionError(f"{len(seen)} of {count} {type} came")
        return seen
