"""The picture of the demonstration."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from kube9.app import App
from kube9.cli.demoscreen import Screen
from kube9.simulator.demo import Demo


@pytest.fixture
def pictures():
    """Play the demonstration as far as ``until_ms`` and return the picture then, as text of the given width."""

    def pictures(until_ms, *, width=80, lines=8):
        demo = Demo(
            App.load(env={"KUBE9_PLUGINS": ""}), scheduler="best-fit", queue="priority", devices="least-left", seed=0
        )
        screen = Screen(demo, lines)
        while demo.next_at_ms is not None and demo.next_at_ms <= until_ms:
            for event in demo.step():
                screen.note(event)
        console = Console(width=width, height=40, file=io.StringIO(), force_terminal=True, color_system=None)
        console.print(screen.picture(until_ms))
        return console.file.getvalue()

    return pictures


def row_of(picture, name):
    return next(line.split() for line in picture.splitlines() if line.strip().startswith(f"{name} "))


def test_before_anything_there_are_no_nodes(pictures):
    picture = pictures(-1)
    assert "kube9 demo" in picture
    assert "small-1" not in picture


def test_nodes_appear_and_fill(pictures):
    assert row_of(pictures(500), "small-1")[1:3] == ["○", "Provisioning"]
    assert row_of(pictures(3_500), "small-1")[1:3] == ["●", "Ready"]
    assert "0%" in row_of(pictures(3_500), "small-1")
    row = row_of(pictures(20_000), "small-1")
    assert "0%" not in row
    assert "■" in row


def test_a_node_that_died_is_silent_and_keeps_its_pods_until_that_is_noticed(pictures):
    silent = row_of(pictures(33_000), "small-1")
    assert silent[1:3] == ["✕", "silent"]
    assert silent.count("■") + silent.count("□") >= 3
    failed = row_of(pictures(35_100), "small-1")
    assert failed[1:3] == ["◌", "Recovering"]
    assert "■" not in failed
    assert row_of(pictures(50_000), "small-1")[1:3] == ["●", "Ready"]


def test_who_waits_is_shown_below(pictures):
    waiting = [line.split("waiting")[1] for line in pictures(35_500).splitlines() if "waiting" in line]
    assert "□" in waiting[0]
    assert "none" in next(line for line in pictures(20_000).splitlines() if "waiting" in line)


@pytest.mark.parametrize("lines", [4, 9])
def test_the_log_has_its_last_lines_and_no_more(pictures, lines):
    picture = pictures(30_000, lines=lines)
    assert sum("s  pod " in line or "s  node " in line for line in picture.splitlines()) == lines


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(pictures, width):
    picture = pictures(35_500, width=width)
    assert max(len(line) for line in picture.splitlines()) <= width
    assert len({len(row_of(pictures(at, width=width), "node")) for at in (4_000, 30_000)}) == 1
    assert len(picture.splitlines()) == len(pictures(10_000, width=width).splitlines()), "it does not jump"
