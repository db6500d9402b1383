"""How long ``kube9 --help`` takes, beside what it cannot do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from attrs import frozen

__all__ = ["StartUp", "measure"]


@frozen(kw_only=True)
class StartUp:
    """Medians, in milliseconds."""

    help_ms: float
    click_ms: float
    runs: int

    @property
    def ratio(self) -> float:
        return self.help_ms / self.click_ms


def measure(runs: int) -> StartUp:
    """Run both by turns, ``runs`` times each and once more beforehand.

    :raises subprocess.CalledProcessError: one of them failed.
    """
    script = Path(sys.executable).with_name("kube9")
    # Where nothing is installed, as a module; that is a little slower.
    kube9_help = [str(script), "--help"] if script.exists() else [sys.executable, "-m", "kube9", "--help"]
    import_click = [sys.executable, "-c", "import click"]
    times = [(_run_ms(kube9_help), _run_ms(import_click)) for _ in range(runs + 1)][1:]
    help_ms, click_ms = zip(*times, strict=True)
    return StartUp(help_ms=median(help_ms), click_ms=median(click_ms), runs=runs)


def _run_ms(command: list[str]) -> float:
    start_ns = perf_counter_ns()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - both commands are those above
    return (perf_counter_ns() - start_ns) / 1_000_000
