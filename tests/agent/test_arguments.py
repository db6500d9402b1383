from __future__ import annotations

from pathlib import Path

import pytest

from kube9.agent.arguments import Arguments


def test_what_is_not_said_is_as_usual():
    found = Arguments([])
    assert (found.config, found.log, found.leave_seconds, found.begun) == (Path("/etc/kube9"), None, 10.0, None)


def test_a_value_follows_as_a_word_or_behind_a_sign():
    found = Arguments(["--config", "a=b", "--log=c=d", "--leave-seconds", "0.5", "--begun", "3"])
    assert (found.config, found.log, found.leave_seconds, found.begun) == (Path("a=b"), Path("c=d"), 0.5, 3)


@pytest.mark.parametrize(
    "words, why",
    [
        (["--nonsense"], "there is no --nonsense"),
        (["nonsense"], "there is no nonsense"),
        (["--config"], "--config: expected a value"),
        (["--begun", "-1"], "--begun: expected the number of an open file, got '-1'"),
        (["--leave-seconds=soon"], "--leave-seconds: expected seconds from 0 to 86400, got 'soon'"),
    ],
)
def test_what_cannot_be_used_is_said(words, why, capsys):
    with pytest.raises(SystemExit) as caught:
        Arguments(words)
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: agent.pyz ")
    assert told.endswith(f"error: {why}\n")


def test_who_asks_for_help_gets_it(capsys):
    with pytest.raises(SystemExit) as caught:
        Arguments(["--config", "x", "--help"])
    assert caught.value.code == 0
    assert "--config DIR" in capsys.readouterr().out
