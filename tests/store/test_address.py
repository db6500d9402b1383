from __future__ import annotations

import subprocess
import sys

import pytest

from kube9.core.errors import InvalidInput
from kube9.store.address import database_at


@pytest.mark.parametrize(
    "address, place",
    [
        ("/var/lib/kube9.db", "/var/lib/kube9.db"),
        ("sqlite:////var/lib/kube9.db", "/var/lib/kube9.db"),
        ("postgresql://kube9:secret@db/kube9", "postgresql://kube9:***@db/kube9"),
        ("postgresql+psycopg://db/kube9", "postgresql+psycopg://db/kube9"),
        ("postgres://db/kube9", "postgres://db/kube9"),
    ],
)
def test_a_place_is_named_without_its_password(address, place):
    database = database_at(address)
    assert database.place == place
    database.release()


def test_a_path_is_that_of_the_folder_one_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert database_at("here.db").place == database_at("sqlite:///here.db").place == str(tmp_path / "here.db")


@pytest.mark.parametrize(
    "address, message",
    [
        ("", "must be a file"),
        (":memory:", "must be a file"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("mysql://root@db/kube9", "there is no database 'mysql'; expected a path, sqlite:///path or postgresql://"),
        ("postgresql://kube9:secret@db:port/kube9", "the database's address cannot be read"),
    ],
)
def test_other_places_are_refused(address, message):
    with pytest.raises(InvalidInput, match=message) as raised:
        database_at(address)
    assert "secret" not in str(raised.value)


def test_a_driver_that_is_not_installed_is_told():
    code = """
import sys
sys.modules["psycopg"] = None
from kube9.core.errors import MissingExtra
from kube9.store.address import database_at
database_at("kube9.db")
try:
    database_at("postgresql://db/kube9")
except MissingExtra as exc:
    print(exc)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "install it with: pip install 'kube9[postgresql]'" in done.stdout
