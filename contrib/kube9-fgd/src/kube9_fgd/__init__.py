"""Policies for shared GPUs: fragmentation gradient descent, and the five that its authors compared it with.

Weng, Yang, Yu, Wang, Tang, Yang, Zhang: Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
Gradient Descent. USENIX Annual Technical Conference, 2023.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import kube9

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterCommand, RegisterScheduler

__all__ = ["kube9_register_commands", "kube9_register_schedulers"]


@kube9.hookimpl
def kube9_register_schedulers(register: RegisterScheduler) -> None:
    from kube9_fgd.anynode import AnyNode
    from kube9_fgd.bestfit import BestFit
    from kube9_fgd.clustering import Clustering
    from kube9_fgd.dotproduct import DotProduct
    from kube9_fgd.gradient import FragmentationGradient
    from kube9_fgd.packing import Packing

    register("dot-product", DotProduct)
    register("fgd", FragmentationGradient.of_list)
    register("gpu-best-fit", BestFit)
    register("gpu-clustering", Clustering)
    register("gpu-packing", Packing)
    register("gpu-random", AnyNode)


@kube9.hookimpl
def kube9_register_commands(register: RegisterCommand) -> None:
    from kube9_fgd.command import fgd

    register("fgd", lambda: fgd)
