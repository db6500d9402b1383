"""Kinds of weather by name, and read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, fields

from kube9.core.errors import FileError, InvalidInput
from kube9.simulator.chaos.weather import Climate, LinkQuality

__all__ = ["KEYS", "LINK_KEYS", "WEATHERS", "weather"]

_FAIR = Climate(
    nodes=20,
    pods=60,
    link=LinkQuality(delay_ms=20, jitter_ms=20.0),
    drift=0.001,
    user_every_ms=0,
    storm_ms=1_800_000,
)

#: What there is by name.
WEATHERS: Mapping[str, Climate] = {
    "quiet": _FAIR,
    "crashes": evolve(_FAIR, crash_every_ms=60_000, fault_ms=60_000),
    "slow-links": evolve(_FAIR, link=LinkQuality(delay_ms=200, jitter_ms=150.0, late=0.02, late_ms=3_000)),
    "flaky-links": evolve(_FAIR, link=LinkQuality(delay_ms=50, jitter_ms=100.0, loss=0.2, late=0.02, late_ms=4_000)),
    "blips": evolve(_FAIR, cut_every_ms=30_000, one_way_cut_every_ms=60_000, fault_ms=5_000),
    "partitions": evolve(_FAIR, partition_every_ms=300_000, fault_ms=30_000),
    "pauses": evolve(_FAIR, freeze_every_ms=60_000, agent_pause_every_ms=60_000, fault_ms=10_000),
    "restarts": evolve(_FAIR, server_restart_every_ms=120_000, server_pause_every_ms=120_000, fault_ms=15_000),
}

#: What a file may not say, or says in a place of its own.
_OWN = ("health", "patience", "link", "lease_intervals")
#: What a file may say, and what it may say below ``link``.
KEYS = tuple(each.name for each in fields(Climate) if each.name not in _OWN)
LINK_KEYS = tuple(each.name for each in fields(LinkQuality))


def weather(name_or_file: str) -> Climate:
    """The weather of that name, or that a YAML file describes: fields of :class:`Climate`, and its ``link``.

    :raises FileError: there is no such name, and the file cannot be read.
    :raises InvalidInput: the file says something that is no weather; all that is wrong at once.
    """
    if name_or_file in WEATHERS:
        return WEATHERS[name_or_file]
    import yaml

    try:
        told = yaml.safe_load(Path(name_or_file).read_text(encoding="utf-8"))
    except OSError as exc:
        names = ", ".join(WEATHERS)
        raise FileError(name_or_file, f"is no weather kube9 knows ({names}), and no file: {exc.strerror}") from exc
    except yaml.YAMLError as exc:
        raise InvalidInput(f"{name_or_file} is no YAML: {exc}") from exc
    if not isinstance(told, dict):
        raise InvalidInput(f"{name_or_file}: expected fields with values, got {type(told).__name__}")
    problems: list[str] = []
    link = told.pop("link", {})
    if not isinstance(link, dict):
        problems.append(f"link: expected fields with values; there are {', '.join(LINK_KEYS)}")
        link = {}
    values = _read(told, _FAIR, problems, "")
    of_link = _read(link, _FAIR.link, problems, "link.")
    if problems:
        raise InvalidInput(f"{name_or_file}: " + "; ".join(problems))
    return evolve(_FAIR, link=evolve(_FAIR.link, **of_link), **values)


def _read(told: Mapping[Any, Any], like: Climate | LinkQuality, problems: list[str], place: str) -> dict[str, Any]:
    known = {each.name: getattr(like, each.name) for each in fields(type(like)) if each.name not in _OWN}
    below = f", and link with {', '.join(LINK_KEYS)}" if isinstance(like, Climate) else ""
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name not in known:
            problems.append(f"{place}{name}: unknown; there are {', '.join(known)}{below}")
        elif isinstance(known[name], bool) != isinstance(value, bool) or not isinstance(value, (bool, int, float)):
            wanted = "true or false" if isinstance(known[name], bool) else "a number"
            problems.append(f"{place}{name}: expected {wanted}")
        elif value < 0 or (isinstance(known[name], int) and value != int(value)):
            problems.append(f"{place}{name}: expected a whole number that is not negative, got {value}")
        elif name in ("loss", "twice", "late", "drift") and value >= 1:
            problems.append(f"{place}{name}: expected a share below 1, got {value}")
        elif name in ("nodes", "storm_ms", "fault_ms") and value < 1:
            problems.append(f"{place}{name}: expected at least 1, got {value}")
        else:
            values[name] = type(known[name])(value)
    return values
