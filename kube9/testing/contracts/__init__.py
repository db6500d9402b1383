"""One suite per port. What an implementation cannot do is declared by name, never skipped here and there."""

from __future__ import annotations

from kube9.testing.contracts.backend import BackendContract
from kube9.testing.contracts.contract import Contract
from kube9.testing.contracts.device_chooser import DeviceChooserContract
from kube9.testing.contracts.filter import FilterContract
from kube9.testing.contracts.health_check import HealthCheckContract
from kube9.testing.contracts.queue_discipline import QueueDisciplineContract
from kube9.testing.contracts.scheduler import SchedulerContract
from kube9.testing.contracts.subscriber import SubscriberContract

__all__ = [
    "BackendContract",
    "Contract",
    "DeviceChooserContract",
    "FilterContract",
    "HealthCheckContract",
    "QueueDisciplineContract",
    "SchedulerContract",
    "SubscriberContract",
]
