"""The program: ``python tests/reliability``, from the root of the checkout or from anywhere else."""

from __future__ import annotations

import sys
from pathlib import Path

# Python puts this folder on its path, where its modules would have names without a package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from reliability.command import main  # noqa: E402

if __name__ == "__main__":
    main()
