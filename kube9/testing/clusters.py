"""Clusters made of kube9's own parts and the one that is to be tested."""

from __future__ import annotations

from collections.abc import Iterable

from kube9.core.cluster import Cluster
from kube9.core.pipeline import Pipeline
from kube9.core.ports import DeviceChooser, Filter, QueueDiscipline, Scheduler
from kube9.core.settings import Settings
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Devices, NodeAffinity, NodeReady, NodeSelector, Resources, Taints
from kube9.plugins.policies import BestFit
from kube9.plugins.queues import Priority

__all__ = ["cluster_with"]

_OWN_FILTERS = (NodeReady, NodeSelector, NodeAffinity, Taints, Resources, Devices)


def cluster_with(
    scheduler: Scheduler | None = None,
    *,
    filters: Iterable[Filter] = (),
    chooser: DeviceChooser | None = None,
    discipline: QueueDiscipline | None = None,
    settings: Settings | None = None,
) -> Cluster:
    """A new and empty cluster; what is not given is as kube9 has it by default.

    :param filters: come after kube9's own, which are always there.
    """
    pipeline = Pipeline(
        name="tested",
        scheduler=scheduler or BestFit(),
        filters=tuple((type(each).__name__, each) for each in (*(kind() for kind in _OWN_FILTERS), *filters)),
        chooser=chooser or LeastLeft(),
        owner="this test",
    )
    return Cluster(
        pipelines={"tested": pipeline}, default="tested", discipline=discipline or Priority(), settings=settings
    )
