"""Make ``day.csv``: the pods of one invented working day on a cluster of twelve GPU nodes.

Run it as ``python examples/make_day.py > examples/day.csv``; the same seed makes the same day.
"""

import csv
import math
import random
import sys

PODS = 900
SECONDS = 24 * 3600
COLUMNS = ("name", "arrival", "duration", "cpu", "memory", "gpu", "gpu_milli", "priority", "labels")

#: Name, share of all pods, mean duration in seconds, cpu, memory, gpus, milli of each, priority.
KINDS = (
    ("web", 0.22, 9 * 3600, ("500m", "1", "2"), ("1Gi", "2Gi", "4Gi"), (0,), (1000,), 100),
    ("batch", 0.28, 40 * 60, ("4", "8", "16"), ("8Gi", "16Gi", "64Gi"), (0,), (1000,), 0),
    ("serve", 0.24, 5 * 3600, ("2", "4"), ("8Gi", "16Gi"), (1,), (200, 350, 500), 50),
    ("train", 0.20, 100 * 60, ("8", "12"), ("32Gi", "64Gi"), (1, 1, 2), (1000,), 10),
    ("big", 0.06, 3 * 3600, ("48", "64"), ("256Gi", "384Gi"), (4, 8), (1000,), 10),
)


def moments(rng: random.Random) -> list[int]:
    """When pods arrive: more of them by day than by night."""
    found: list[int] = []
    while len(found) < PODS:
        at = rng.uniform(0, SECONDS)
        if rng.random() < 0.55 - 0.45 * math.cos(2 * math.pi * at / SECONDS):
            found.append(round(at))
    return sorted(found)


def main() -> None:
    rng = random.Random(9)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for number, at in enumerate(moments(rng)):
        kind, _, mean, cpu, memory, gpu, milli, priority = rng.choices(KINDS, weights=[kind[1] for kind in KINDS])[0]
        size = rng.randrange(len(cpu))
        gpus = rng.choice(gpu)
        duration = max(30, round(rng.expovariate(1 / mean)))
        devices = (gpus, rng.choice(milli)) if gpus else ("", "")
        out.writerow((f"{kind}-{number:03}", at, duration, cpu[size], memory[size], *devices, priority, f"app={kind}"))


if __name__ == "__main__":
    main()
