from __future__ import annotations

import pytest

from kube9.core.errors import StoreError


def test_an_opened_database_has_the_newest_version(opened, address, meddle):
    from kube9.store.schema import SCHEMA_VERSION

    for _ in range(2):
        opened(address).close()
        assert meddle("SELECT version_num FROM kube9_schema") == [(SCHEMA_VERSION,)]


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(opened, address, meddle):
    opened(address).close()
    meddle("UPDATE kube9_schema SET version_num = '9999'")
    with pytest.raises(
        StoreError, match="written by a newer kube9: its tables have version 9999, .* up to 0001; install"
    ):
        opened(address)
    assert meddle("SELECT epoch FROM leader") == [(1,)]


def test_a_database_of_something_else_is_refused_and_left_as_it_is(opened, address, meddle):
    meddle("CREATE TABLE pods (whales TEXT)")
    with pytest.raises(StoreError, match="holds tables that are not kube9's: pods; give kube9 a database of its own"):
        opened(address)
    assert meddle("SELECT * FROM pods") == []


def test_an_upgrade_that_fails_leaves_nothing_behind(opened, address, meddle):
    """A view in the place of the last table stops it half way."""
    meddle("CREATE VIEW leader AS SELECT 1 AS one")
    with pytest.raises(StoreError):
        opened(address)
    meddle("DROP VIEW leader")
    assert opened(address).load().nodes == ()
