from __future__ import annotations

import logging

import pytest

from kube9.cli.logs import show_logs, show_server_logs


def say_everything():
    logger = logging.getLogger("kube9.somewhere")
    logger.debug("debug=%s", 1)
    logger.info("info")
    logger.warning("warning")
    try:
        int("why")
    except ValueError:
        logger.exception("error")


@pytest.mark.parametrize(
    "verbosity, said",
    [
        (-1, ["Error: error"]),
        (0, ["Warning: warning", "Error: error"]),
        (1, ["Debug: debug=1", "Info: info", "Warning: warning", "Error: error"]),
    ],
)
def test_what_is_said_depends_on_the_verbosity(capsys, verbosity, said):
    show_logs(verbosity)
    say_everything()
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[: len(said)] == said
    assert any(line.startswith("ValueError: ") for line in lines) == (verbosity == 1)


def test_showing_them_again_does_not_say_things_twice(capsys):
    show_logs(1)
    show_logs(0)
    say_everything()
    assert capsys.readouterr().err == "Warning: warning\nError: error\n"


@pytest.mark.parametrize(
    "verbosity, said",
    [
        (-1, ["WARNING warning", "ERROR error"]),
        (0, ["INFO info", "WARNING warning", "ERROR error"]),
        (1, ["DEBUG debug=1", "INFO info", "WARNING warning", "ERROR error"]),
    ],
)
def test_a_server_says_when_and_always_where_it_broke(capsys, verbosity, said):
    show_logs(1)
    show_server_logs(verbosity)
    say_everything()
    lines = capsys.readouterr().err.splitlines()
    dated = [line for line in lines if line[:2] == "20"]
    assert [line[20:] for line in dated] == said
    assert any(line.startswith("ValueError: ") for line in lines)
