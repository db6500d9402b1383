from __future__ import annotations

from contextlib import closing

import pytest

from kube9.agent.wardenlink import WardenAway, WardenRefused
from kube9.agent.wardentalk import Talk, question


def test_one_thing_is_asked_and_answered(warden):
    assert question(str(warden.folder), {"do": "list"})["runs"] == []
    with pytest.raises(WardenRefused, match="there is no run x"):
        question(str(warden.folder), {"do": "signal", "run": "x", "signal": 9})


def test_where_there_is_no_warden_that_is_said(tmp_path):
    with pytest.raises(WardenAway, match="is not there: No such file or directory"):
        question(str(tmp_path), {"do": "list"})


def test_news_between_question_and_answer_are_kept(warden):
    with closing(Talk(str(warden.folder))) as talk:
        talk.ask({"do": "watch"})
        warden.start("exec sleep 1000")
        assert len(talk.ask({"do": "list"})["runs"]) == 1
        assert [event["state"] for event in talk.events] == ["running"]


def test_the_end_of_the_warden_is_the_end_of_the_talk(warden):
    with closing(Talk(str(warden.folder))) as talk:
        warden.ask("stop")
        with pytest.raises(WardenAway, match="gone|does not answer"):
            talk.listen()
