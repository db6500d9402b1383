from __future__ import annotations

import json

import pytest

from kube9.cli.listing import Field
from kube9.cli.output import Column
from kube9.cli.watching import Watch, labels_of
from kube9.core.errors import ApiError

FIELDS = (
    Field(Column("name"), lambda each: each["metadata"]["name"]),
    Field(Column("status"), lambda each: each["status"]["phase"]),
)


def thing(name, phase="Ready", uid=""):
    return {"metadata": {"name": name, "uid": uid or f"uid-{name}"}, "status": {"phase": phase}}


class Server:
    """What there is, and what happens: each event with the thing as it is then, or ``None`` where it is gone."""

    def __init__(self, *happens):
        self.happens = happens
        self.now = {}

    def last_event_id(self):
        return 7

    def watch_events(self, *, after, kind, namespace):
        assert (after, kind, namespace) == (7, "Thing", None)
        for name, now in self.happens:
            self.now[name] = now
            yield {"name": name, "uid": f"uid-{name}"}

    def fetch(self, event):
        now = self.now[event["name"]]
        if now is None:
            raise ApiError("there is none", status=404)
        return now


def watched(capsys, server, first, *, output="table", wanted=lambda _: True, shown=lambda _: None):
    Watch(
        client=server,
        kind="Thing",
        fields=FIELDS,
        present=lambda: first,
        fetch=server.fetch,
        wanted=wanted,
        shown=shown,
    ).run(output)
    return capsys.readouterr().out.splitlines()


def test_those_there_are_stand_in_columns_and_changes_below(capsys):
    server = Server(("a", thing("a", "Suspect")), ("a", thing("a", "Suspect")))
    assert watched(capsys, server, [thing("a"), thing("a-long-name")]) == [
        "NAME         STATUS",
        "a            Ready",
        "a-long-name  Ready",
        "a            Suspect",
    ]


def test_where_there_is_nothing_yet_there_is_a_head(capsys):
    assert watched(capsys, Server(), []) == ["NAME  STATUS"]


@pytest.mark.parametrize(
    "after, expected",
    [
        (None, ["a     Deleted"]),
        (thing("a", uid="another"), ["a     Deleted"]),
        (thing("a", "Lost"), ["a     Lost"]),
    ],
    ids=["gone", "gone, and another has its name", "not wanted any more"],
)
def test_what_goes_comes_for_a_last_time(capsys, after, expected):
    server = Server(("a", after), ("a", after), ("b", None))
    lines = watched(capsys, server, [thing("a")], wanted=lambda each: each["status"]["phase"] != "Lost")
    assert lines[2:] == expected


def test_whatever_is_shown_is_told_of(capsys):
    told = []
    watched(capsys, Server(("b", thing("b"))), [thing("a")], shown=lambda each: told.append(each["metadata"]["name"]))
    assert told == ["a", "b"]


def test_for_programs_each_is_a_line(capsys):
    lines = watched(capsys, Server(("b", thing("b"))), [thing("a")], output="json")
    assert [json.loads(line) for line in lines] == [thing("a"), thing("b")]


@pytest.mark.parametrize("selector, expected", [(None, True), ("app=web", True), ("app!=web", False)])
def test_labels_are_read_as_the_server_does(selector, expected):
    assert labels_of(selector)({"metadata": {"labels": {"app": "web"}}}) is expected
