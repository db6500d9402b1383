"""What those who write a plugin test it with: a contract per port, strategies for Hypothesis, tables and clocks.

Inherit a contract, override its one fixture, and run pytest::

    class TestMine(SchedulerContract):
        @pytest.fixture
        def scheduler(self):
            return Mine()
"""

from __future__ import annotations

from kube9.core.errors import MissingExtra

try:
    import hypothesis
    import pytest
except ImportError as exc:
    raise MissingExtra(f"kube9.testing needs {exc.name}; install it with: pip install 'kube9[testing]'") from exc

# Before the contracts are imported: their plain assertions then say what differed.
pytest.register_assert_rewrite("kube9.testing.contracts", "kube9.testing.cluster_machine", "kube9.testing.copies")

from kube9.clocks import RealClock, VirtualClock
from kube9.testing import strategies
from kube9.testing.agenthost import AgentHost
from kube9.testing.cluster_machine import ClusterMachine
from kube9.testing.clusters import cluster_with
from kube9.testing.contracts import (
    BackendContract,
    Contract,
    DeviceChooserContract,
    FilterContract,
    HealthCheckContract,
    QueueDisciplineContract,
    SchedulerContract,
    SubscriberContract,
)
from kube9.testing.deliveries import Deliveries
from kube9.testing.fitting import fits
from kube9.testing.random_run import random_run
from kube9.testing.tables import table_of

__all__ = [
    "AgentHost",
    "BackendContract",
    "ClusterMachine",
    "Contract",
    "Deliveries",
    "DeviceChooserContract",
    "FilterContract",
    "HealthCheckContract",
    "QueueDisciplineContract",
    "RealClock",
    "SchedulerContract",
    "SubscriberContract",
    "VirtualClock",
    "cluster_with",
    "fits",
    "random_run",
    "strategies",
    "table_of",
]
