"""Where the real workload is."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def lublin(pytestconfig):
    """The folder with the workload and what was published of it; it stands beside kube9's checkout."""
    path = pytestconfig.rootpath.parent / "shared" / "data" / "lublin"
    if not (path / "lublin_256.swf").is_file():
        pytest.skip(f"needs the Lublin workload in {path}: put that folder there")
    return path
