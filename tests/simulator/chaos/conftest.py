from __future__ import annotations

import pytest

from kube9.app import App
from kube9.simulator.chaos.runs import Chaos


@pytest.fixture(scope="session")
def app():
    return App.load()


@pytest.fixture
def chaos(app):
    """Runs as ``kube9 chaos`` makes them."""
    return Chaos(workbench=app, scheduler="best-fit", queue="priority", devices="least-left")
