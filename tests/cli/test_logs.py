from __future__ import annotations

import logging

import pytest

from kube9.cli.logs import show_logs


@pytest.fixture(autouse=True)
def as_it_was():
    logger = logging.getLogger("kube9")
    before = logger.handlers[:], logger.level
    yield
    logger.handlers[:], logger.level = before


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
