from __future__ import annotations

import pytest

from kube9.core.errors import FileError, InvalidInput
from kube9.simulator.chaos.weathers import WEATHERS, weather


def test_each_name_is_a_weather_of_its_own():
    assert len({repr(climate) for climate in WEATHERS.values()}) == len(WEATHERS)
    for name, climate in WEATHERS.items():
        assert weather(name) is climate


def test_a_file_says_what_is_unlike_fair_weather(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("nodes: 3\ncrash_every_ms: 60000\nremote_hands: false\nlink: {loss: 0.5, delay_ms: 7}\n")
    read, fair = weather(str(file)), WEATHERS["quiet"]
    assert (read.nodes, read.crash_every_ms, read.remote_hands) == (3, 60_000, False)
    assert (read.link.loss, read.link.delay_ms, read.link.jitter_ms) == (0.5, 7, fair.link.jitter_ms)
    assert read.pods == fair.pods


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("nodes: 0\nwind: 3\npods: many\ncut_every_ms: -1\ncrash_every_ms: 1.5\nlink: {loss: 1, speed: 2}\n")
    with pytest.raises(InvalidInput) as refused:
        weather(str(file))
    told = str(refused.value)
    for part in (
        "nodes",
        "wind: unknown",
        "pods",
        "cut_every_ms",
        "crash_every_ms",
        "link.loss",
        "link.speed: unknown",
        "storm_ms, and link with delay_ms, jitter_ms, loss, twice, late, late_ms;",
    ):
        assert part in told, part


def test_whoever_misspells_a_key_is_told_all_there_are(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("crsh_every: 3\n")
    with pytest.raises(
        InvalidInput, match=r"crsh_every: unknown; there are nodes, .*, and link with delay_ms, .*late_ms$"
    ):
        weather(str(file))


@pytest.mark.parametrize(
    "text,message",
    [
        ("- 1\n", "expected fields"),
        ("a: [", "is no YAML"),
        ("link: 3\n", "link: expected fields with values; there are delay_ms, "),
    ],
)
def test_what_is_no_weather_is_refused(tmp_path, text, message):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        weather(str(file))


def test_a_name_that_there_is_not():
    with pytest.raises(FileError, match=r"is no weather kube9 knows \(quiet, crashes"):
        weather("hail")
