"""Databases of both kinds, stores on them, and clusters to keep in them."""

from __future__ import annotations

import pytest
from sqlalchemy import NullPool, create_engine, text

from kube9.core import events as e
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodSpec
from kube9.store import event_record, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """A database of the test's own, once of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "kube9.db")
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def opened():
    """Open a store, and close it after the test."""
    stores = []

    def opened(address, **options):
        stores.append(open_store(address, **options))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(opened, address):
    return opened(address)


@pytest.fixture
def meddle(address):
    """Run a statement behind the store's back; returns the rows of a query."""

    def meddle(statement, **values):
        url = address.replace("postgresql:", "postgresql+psycopg:") if "://" in address else f"sqlite:///{address}"
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else None

    return meddle


@pytest.fixture
def make():
    """Make values of the core that say little but are all different."""
    return Maker()


class Maker:
    def node(self, number=1, **given):
        spec = NodeSpec(name=f"n{number}", capacity={"cpu": 4000})
        return Node(**{"uid": f"node-{number}", "spec": spec, "ordinal": number, **given})

    def pod(self, number=1, **given):
        spec = PodSpec(name=f"p{number}", requests={"cpu": 100})
        return Pod(**{"uid": f"pod-{number}", "spec": spec, "ordinal": number, "created_at_ms": 5, **given})

    def deployment(self, number=1, **given):
        spec = DeploymentSpec(name=f"d{number}", template=PodSpec(name=f"d{number}", requests={"cpu": 100}))
        return Deployment(
            **{"uid": f"deployment-{number}", "spec": spec, "ordinal": number, "created_at_ms": 5, **given}
        )

    def event(self, id, pod=None, at_ms=7, kind=e.PodDeleted):
        return event_record(id, kind(at_ms=at_ms, pod=pod or self.pod()))

    def bound(self, id, pod, node, at_ms=7):
        return event_record(id, e.PodBound(at_ms=at_ms, pod=pod, node=node))
