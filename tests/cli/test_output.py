"""Tables for people, documents for programs."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout

import pytest
import yaml

from kube9.cli.output import Column, LinePrinter, show_document, show_table

COLUMNS = (Column("name"), Column("nodes", right=True), Column("note"))
ROWS = (("best-fit", "1038", "a [bold]note[/bold]"), ("ff", "7", ""), ("long", "12", "two\nlines and  more"))
DOCUMENT = {"zeta": [1, 2.5, None, True], "alpha": {"name": "übung", "empty": []}}


class Terminal(io.StringIO):
    """Text that was written to a terminal."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def surroundings(monkeypatch):
    """A terminal, if it is one, has 100 columns and can show colours."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def shown_on_terminal(columns, rows):
    with redirect_stdout(Terminal()) as screen:
        show_table(columns, rows)
    return screen.getvalue()


def test_a_piped_table_is_plain_with_one_line_a_row(capsys):
    show_table(COLUMNS, ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "NAME      NODES  NOTE",
        "best-fit   1038  a [bold]note[/bold]",
        "ff            7",
        "long         12  two lines and more",
    ]


def test_a_piped_table_without_rows_is_its_header(capsys):
    show_table(COLUMNS, ())
    assert capsys.readouterr().out == "NAME  NODES  NOTE\n"


def test_a_piped_table_is_never_cut(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    show_table((Column("name"),), [("x" * 500,)])
    assert "x" * 500 in capsys.readouterr().out


@pytest.mark.parametrize("output, read", [("json", json.loads), ("yaml", yaml.safe_load)])
def test_a_document_says_the_same_in_either_form_and_keeps_its_order(capsys, output, read):
    show_document(DOCUMENT, output)
    text = capsys.readouterr().out
    assert read(text) == DOCUMENT
    assert list(read(text)) == ["zeta", "alpha"]
    assert "übung" in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_a_terminal_gets_a_fitted_table_with_a_bold_head():
    text = shown_on_terminal(COLUMNS, ROWS)
    assert "\x1b[1mname" in text
    assert "a [bold]note[/bold]" in text
    assert "1038" in text


def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert re.search(r"\x1b\[[34]\d", shown_on_terminal(COLUMNS, ROWS)) is None


def test_a_long_cell_is_folded_and_not_lost_on_a_terminal():
    text = shown_on_terminal((Column("name"), Column("problem")), [("x", "y" * 300)])
    assert text.count("y") == 300
    assert all(len(line) <= 100 for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines())


COLOURED = (Column("name"), Column("status", colour=lambda cell: "red" if cell == "Failed" else ""), Column("note"))


def test_a_cell_may_have_a_colour_on_a_terminal_alone(capsys):
    rows = [("a", "Failed", "x"), ("b", "Ready", "y")]
    assert "\x1b[31mFailed" in shown_on_terminal(COLOURED, rows)
    show_table(COLOURED, rows)
    assert "\x1b" not in capsys.readouterr().out


class TestLinePrinter:
    def test_the_head_comes_with_the_first_row_and_columns_only_grow(self, capsys):
        printer = LinePrinter(COLUMNS)
        assert capsys.readouterr().out == ""
        for row in ROWS:
            printer.show(row)
        assert capsys.readouterr().out.splitlines() == [
            "NAME      NODES  NOTE",
            "best-fit   1038  a [bold]note[/bold]",
            "ff            7",
            "long         12  two lines and more",
        ]
        printer.show(("a-much-longer-name", "1", "x"))
        printer.show(("b", "1", "x"))
        assert capsys.readouterr().out.splitlines() == ["a-much-longer-name      1  x", "b" + " " * 23 + "1  x"]

    @pytest.mark.parametrize("no_color", [False, True])
    def test_a_terminal_has_colours_unless_they_are_not_wanted(self, monkeypatch, no_color):
        if no_color:
            monkeypatch.setenv("NO_COLOR", "1")
        with redirect_stdout(Terminal()) as screen:
            LinePrinter(COLOURED).show(("a", "Failed", "x"))
        assert ("\x1b[31mFailed" in screen.getvalue()) is not no_color
