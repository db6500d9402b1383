"""What the benchmark ran on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
from attrs import asdict, frozen

import kube9

__all__ = ["Machine"]


@frozen(kw_only=True)
class Machine:
    cpu: str
    cores: int
    system: str
    python: str
    numpy: str
    kube9: str
    #: How many processes wanted to run in the minute before; ``None`` where the system does not say.
    load: float | None

    @classmethod
    def this(cls) -> Machine:
        return cls(
            cpu=_cpu_model(),
            cores=os.cpu_count() or 1,
            system=f"{platform.system()} {platform.machine()}",
            python=f"{platform.python_implementation()} {platform.python_version()}",
            numpy=np.__version__,
            kube9=kube9.__version__,
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        )

    def json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        parts = [
            self.cpu,
            f"{self.cores} cores",
            self.system,
            self.python,
            f"NumPy {self.numpy}",
            f"kube9 {self.kube9}",
        ]
        if self.load is not None:
            parts.append(f"load {self.load:.1f} when it began")
        return ", ".join(parts)


def _cpu_model() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown processor"
