"""Make ``heartbeats.csv``: an invented quarter of an hour in which six nodes were to beat every second.

Run it as ``python examples/make_heartbeats.py > examples/heartbeats.csv``; the same seed makes the same beats.
"""

import csv
import random
import sys

SECONDS = 15 * 60

#: Name, the usual delay of a beat in ms, how much delays differ, the share of beats that get lost, the share of seconds
#: in which a stall of some seconds begins.
NODES = (
    ("quiet-1", 2, 0.5, 0, 0),
    ("quiet-2", 2, 0.5, 0, 0),
    ("far-1", 300, 0.9, 0, 0),
    ("far-2", 300, 0.9, 0.02, 0),
    ("busy-1", 5, 0.5, 0, 0.005),
    ("radio-1", 40, 1.0, 0.08, 0),
)

#: Node, second and what happened then; ``cut`` is a network that is away for five seconds.
EVENTS = (
    ("quiet-1", 240.3, "down"),
    ("quiet-1", 290.0, "up"),
    ("quiet-1", 700.1, "down"),
    ("quiet-1", 731.0, "up"),
    ("quiet-2", 400.0, "cut"),
    ("far-1", 512.8, "down"),
    ("far-1", 560.0, "up"),
    ("far-2", 841.4, "down"),
    ("busy-1", 330.6, "down"),
    ("busy-1", 365.0, "up"),
    ("radio-1", 620.2, "down"),
    ("radio-1", 655.0, "up"),
    ("quiet-2", 800.0, "gone"),
)


def is_heard(name: str, at: float) -> bool:
    """Whether a beat of that second is sent and gets through, by what happened until then."""
    heard = True
    for node, since, event in EVENTS:
        if node == name and since <= at and (event != "cut" or at < since + 5):
            heard = event == "up"
    return heard


def beats(rng: random.Random, node: tuple[str, float, float, float, float]) -> list[int]:
    """When one node was heard, in milliseconds."""
    name, delay_ms, differing, lost, stalling = node
    found, at = [], rng.random()
    while at < SECONDS:
        if is_heard(name, at) and rng.random() >= lost:
            found.append(round(at * 1000 + delay_ms * rng.lognormvariate(0, differing)))
        at += rng.uniform(1.5, 4.5) if rng.random() < stalling else 1.0
    return [at_ms for at_ms in found if is_heard(name, at_ms / 1000)]


def main() -> None:
    rng = random.Random(9)
    lines = [(at_ms, node[0], "") for node in NODES for at_ms in beats(rng, node)]
    lines += [(round(at * 1000), name, event) for name, at, event in EVENTS if event != "cut"]
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("node", "at_ms", "event"))
    out.writerows((name, at_ms, event) for at_ms, name, event in sorted(lines, key=lambda line: (line[0], line[2])))


if __name__ == "__main__":
    main()
