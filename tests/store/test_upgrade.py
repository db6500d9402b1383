from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from kube9.core.drains import Drain
from kube9.core.errors import StoreError
from kube9.core.nodes import Node, NodePhase
from kube9.core.outcome import NodeStored
from kube9.store.schema import SCHEMA_VERSION
from kube9.store.spectext import SpecWriter


def test_an_opened_database_has_the_newest_version(opened, address, meddle):
    for _ in range(2):
        opened(address).close()
        assert meddle("SELECT version_num FROM kube9_schema") == [(SCHEMA_VERSION,)]


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(opened, address, meddle):
    opened(address).close()
    meddle("UPDATE kube9_schema SET version_num = '9999'")
    with pytest.raises(
        StoreError,
        match=f"written by a newer kube9: its tables have version 9999, .* up to {SCHEMA_VERSION}; install",
    ):
        opened(address)
    assert meddle("SELECT epoch FROM leader") == [(1,)]


def test_a_database_of_something_else_is_refused_and_left_as_it_is(opened, address, meddle):
    meddle("CREATE TABLE pods (whales TEXT)")
    with pytest.raises(StoreError, match="holds tables that are not kube9's: pods; give kube9 a database of its own"):
        opened(address)
    assert meddle("SELECT * FROM pods") == []


@pytest.fixture
def written_by_the_first(address, meddle, make):
    """A database of version 0001 with a node that has failed and one that is up."""
    url = address.replace("postgresql:", "postgresql+psycopg:") if "://" in address else f"sqlite:///{address}"
    config = Config()
    config.set_main_option("script_location", "kube9.store:migrations")
    with create_engine(url, poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    for number, phase, failures in ((1, "Recovering", 2), (2, "Ready", 0)):
        meddle(
            "INSERT INTO nodes (uid, name, ordinal, created_at_ms, phase, cordoned, deleting, failures, "
            "recovery_attempts, reason, token_digest, spec) VALUES (:uid, :name, :ordinal, 7, :phase, 1, 0, :failures, "
            "1, 'silent', 'abc', :spec)",
            uid=f"node-{number}",
            name=f"n{number}",
            ordinal=number,
            phase=phase,
            failures=failures,
            spec=SpecWriter().node(make.node(number).spec),
        )
    return address


class TestADatabaseOfVersion0001:
    def test_opens_with_all_that_it_has(self, opened, written_by_the_first, make, meddle):
        loaded = opened(written_by_the_first).load()
        assert meddle("SELECT version_num FROM kube9_schema") == [(SCHEMA_VERSION,)]
        kept = {"created_at_ms": 7, "cordoned": True, "recovery_attempts": 1, "reason": "silent", "token_digest": "abc"}
        assert loaded.nodes == (
            make.node(1, phase=NodePhase.RECOVERING, failures=2, **kept),
            make.node(2, phase=NodePhase.READY, **kept),
        )

    def test_knows_nothing_of_what_is_newer(self, opened, written_by_the_first):
        for node in opened(written_by_the_first).load().nodes:
            assert isinstance(node, Node)
            assert (node.lease_left_ms, node.failed_at_ms, node.streak, node.tried_last) == (0, None, 0, False)
            assert (node.incarnation, node.drain) == ("", None)

    def test_takes_what_is_newer(self, opened, written_by_the_first, make):
        newer = {"lease_left_ms": 9, "failed_at_ms": 8, "streak": 3, "tried_last": True, "incarnation": "boot-1"}
        newer["drain"] = Drain(began_at_ms=1, deadline_at_ms=None, moving=("p",))
        store = opened(written_by_the_first)
        store.commit([NodeStored(make.node(1, **newer)), NodeStored(make.node(3, **newer))])
        store.close()
        nodes = {node.uid: node for node in opened(written_by_the_first).load().nodes}
        assert (nodes["node-1"], nodes["node-3"]) == (make.node(1, **newer), make.node(3, **newer))


def test_an_upgrade_that_fails_leaves_nothing_behind(opened, address, meddle):
    """A view in the place of the last table stops it half way."""
    meddle("CREATE VIEW leader AS SELECT 1 AS one")
    with pytest.raises(StoreError):
        opened(address)
    meddle("DROP VIEW leader")
    assert opened(address).load().nodes == ()
