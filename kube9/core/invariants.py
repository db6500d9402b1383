"""What must hold of a cluster after every stimulus, whatever happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from collections.abc import Set as AbstractSet

import numpy as np

from kube9.core.binder import Binder
from kube9.core.drainturns import movable
from kube9.core.errors import PluginError
from kube9.core.ledger import Ledger
from kube9.core.livetable import LiveTable
from kube9.core.nodes import NodePhase
from kube9.core.outcome import CreateNode
from kube9.core.pods import Pod, PodPhase
from kube9.core.queue import PendingQueue
from kube9.core.replicas import Replicas, wish
from kube9.core.table import UNLIMITED

_UP = (NodePhase.READY, NodePhase.SUSPECT)


def check_places(ledger: Ledger, queue: PendingQueue, backing_off: AbstractSet[str], to_move: Collection[str]) -> None:
    """Every pod is in exactly one place: the queue, a pause before the next try, one node, or finished.

    A node that is not up has pods only while they may still run there, or while it is among those ``to_move``.
    """
    for uid in to_move:
        assert uid in ledger.nodes, f"pods are to move off node {uid}, which is gone"
        assert ledger.nodes[uid].phase not in _UP, (
            f"pods are to move off node {uid}, which is {ledger.nodes[uid].phase.value}"
        )
    places: Counter[str] = Counter([*queue, *backing_off, *ledger.finished])
    for node_uid, uids in ledger.bound.items():
        places.update(uids.keys())
        node = ledger.nodes[node_uid]
        counted_on = node.phase in _UP
        may_have_pods = counted_on or node.lease_left_ms or node_uid in to_move
        assert node.down or not node.lease_left_ms, f"node {node_uid} is {node.phase.value} and waits for its lease"
        assert node.phase in _UP or not node.tried_last, f"node {node_uid} is {node.phase.value} and tried last"
        assert may_have_pods or not uids, f"node {node_uid} is {node.phase.value} and has pods: {list(uids)}"
        for uid in uids:
            assert uid in ledger.pods, f"pod {uid} is bound but unknown"
            pod = ledger.pods[uid]
            assert pod.node_uid == node_uid, f"pod {uid} is counted on {node_uid} but bound elsewhere"
            assert pod.phase in (PodPhase.STARTING, PodPhase.RUNNING), f"pod {uid} is bound and {pod.phase.value}"
    for uid, pod in ledger.pods.items():
        assert places.pop(uid, 0) == 1, f"pod {uid} ({pod.phase.value}) is not in exactly one place"
        assert pod.phase.finished == (uid in ledger.finished), f"pod {uid} is {pod.phase.value} in the wrong place"
        waits = uid in queue or uid in backing_off
        assert waits == (pod.node_uid is None and not pod.phase.finished), f"pod {uid} waits and has a node, or neither"
        assert ledger.pod_uids.get((pod.namespace, pod.name)) == uid, f"pod {uid} is not found by its name"
    assert not places, f"pods in a place but unknown: {sorted(places)}"
    assert len(ledger.pod_uids) == len(ledger.pods), "a name of a pod that is gone is still taken"
    queue.check()


def check_table(ledger: Ledger) -> None:
    """What is free is the capacity less the sum of what is placed, and is never negative."""
    table = ledger.table
    assert table.unschedulable == np.count_nonzero(~table.schedulable), "the unschedulable nodes are miscounted"
    assert table.last_resorts == np.count_nonzero(table.tried_last), "the nodes tried last are miscounted"
    assert {node.name: uid for uid, node in ledger.nodes.items()} == ledger.node_uids, (
        "nodes are not found by their names"
    )
    assert list(ledger.nodes) == list(table.row_of) == list(ledger.bound), "nodes and rows are not in the same order"
    for row, node in enumerate(ledger.nodes.values()):
        assert table.row_of[node.uid] == row, f"node {node.name} is not in row {row}"
        takes_pods = node.schedulable and node.uid not in table.awaited
        assert bool(table.schedulable[row]) == takes_pods, f"node {node.name} is schedulable only by the table"
        assert bool(table.tried_last[row]) == node.tried_last, f"node {node.name} is tried last only by the table"
        spec = node.spec
        free: Counter[str] = Counter({"pods": UNLIMITED} | dict(spec.capacity))
        left = {group.kind: [group.milli] * group.count for group in spec.devices}
        held: Counter[tuple[str, int]] = Counter()
        for pod in ledger.pods_on(node):
            free.subtract({**pod.spec.requests, "pods": 1})
            for request in pod.spec.devices:
                for index in pod.devices[request.kind]:
                    left[request.kind][index] -= request.milli
                whole = request.milli == table.device_milli[request.kind][row]
                held[request.kind, request.count if whole else 0] += 1
        for resource, column in table.free.items():
            assert column[row] == free[resource] >= 0, (
                f"node {node.name} has {free[resource]} {resource}, not {column[row]}"
            )
        for kind, column in table.devices.items():
            devices = left.get(kind, [])
            padded = devices + [0] * (column.shape[1] - len(devices))
            assert min(devices, default=0) >= 0, f"node {node.name} gave more {kind} than it has: {devices}"
            assert np.array_equal(column[row], padded), (
                f"node {node.name} has {kind} {padded}, not {column[row].tolist()}"
            )
        for kind, column in table.device_pods.items():
            counts = [held[kind, count] for count in range(column.shape[1])]
            assert column[row].tolist() == counts, f"node {node.name} has pods by {kind} {counts}, not {column[row]}"


def check_instructions(ledger: Ledger) -> None:
    """No instruction is for a node that is gone."""
    for instruction in ledger.instructions:
        uid = instruction.node.uid
        assert uid in ledger.nodes, f"{type(instruction).__name__} for node {uid}, which is gone"
        assert isinstance(instruction, CreateNode) or ledger.nodes[uid].ordinal == instruction.node.ordinal


def check_epochs(ledger: Ledger, floor: dict[str, tuple[int, int]]) -> None:
    """A placement's epoch only grows, and within one so do the restarts of containers.

    :param floor: the highest seen so far; it is brought up to date.
    """
    for uid in floor.keys() - ledger.pods.keys():
        del floor[uid]
    for uid, pod in ledger.pods.items():
        now, before = (pod.epoch, pod.restarts), floor.get(uid, (0, 0))
        assert now >= before, f"pod {uid} went from epoch and restarts {before} to {now}"
        floor[uid] = now


def check_health(ledger: Ledger) -> None:
    """Only a pod that runs is ready, and one that was never bound has restarted nothing."""
    for uid, pod in ledger.pods.items():
        assert not pod.ready or pod.phase is PodPhase.RUNNING, f"pod {uid} is {pod.phase.value} and ready"
        assert pod.restarts >= 0, f"pod {uid} has {pod.restarts} restarts"
        assert pod.epoch or not pod.restarts, f"pod {uid} was never bound and has {pod.restarts} restarts"


def check_deployments(ledger: Ledger, resting: Collection[str]) -> None:
    """A deployment owns the pods that say so, and wishes for nothing, unless for pods to launch while it rests."""
    owned = {uid: Replicas(deployment.revision) for uid, deployment in ledger.deployments.items()}
    for uid, pod in ledger.pods.items():
        if pod.owner is not None:
            assert pod.owner.uid in owned, f"pod {uid} belongs to deployment {pod.owner.uid}, which is gone"
            owned[pod.owner.uid].members[uid] = None
            owned[pod.owner.uid].note(pod)
        assert not pod.evicting or pod.node_uid is not None, f"pod {uid} is being moved away from nowhere"
    assert owned == ledger.owned, "pods are not counted to the deployments they belong to, as what they are"
    assert not ledger.unsettled, f"nobody looked after the deployments {list(ledger.unsettled)}"
    names = {(each.namespace, each.name): uid for uid, each in ledger.deployments.items()}
    assert names == ledger.deployment_uids, "deployments are not found by their names"
    for uid, deployment in ledger.deployments.items():
        assert owned[uid].members or not deployment.deleting, f"deployment {uid} is deleting and empty, and still there"
        asked = wish(deployment, owned[uid])
        count, want = len(owned[uid]), deployment.spec.replicas
        assert not asked.launch or uid in resting, f"deployment {uid} has {count} pods of {want} and does not rest"
        assert not asked.delete, f"deployment {uid} keeps {[pod.uid for pod in asked.delete]}, which should go"


def check_drains(ledger: Ledger) -> None:
    """Who leaves does so on a node that is drained, which has pods and takes none, and none that stay too long."""
    drained = {uid: node.drain for uid, node in ledger.nodes.items() if node.drain is not None}
    assert drained.keys() == ledger.draining.keys(), f"drained are {list(drained)}, not {list(ledger.draining)}"
    for pod in ledger.pods.values():
        assert not pod.leaving or (pod.owner and pod.node_uid in drained), f"pod {pod.uid} leaves no drained node"
    for uid, drain in drained.items():
        assert ledger.nodes[uid].cordoned, f"node {uid} is drained and takes pods"
        assert ledger.bound[uid], f"node {uid} is empty and still drained"
        assert len(set(drain.moving)) == len(drain.moving), f"node {uid} moves pods twice: {drain.moving}"
        pods = ledger.pods_on(ledger.nodes[uid])
        leaving = {pod.uid for pod in pods if pod.leaving and not pod.deleting}
        assert leaving <= set(drain.moving), f"pods leave node {uid} that did not begin to: {leaving}"
        staying = [pod.uid for pod in pods if not (pod.deleting or pod.evicting)]
        assert not (staying and drain.over(ledger.now_ms)), f"node {uid} is past its deadline and has {staying}"


def check_nobody_stays_in_vain(ledger: Ledger, binder: Binder, blocked: bool) -> None:
    """No node that is drained, and may move one more pod, has one that would fit elsewhere.

    :param blocked: whether somebody waits whom nobody may overtake.
    """
    if blocked or any(pod.evicting for pod in ledger.pods.values()):  # which have first call on what room there is
        return
    for uid in ledger.draining:
        node, drain = ledger.nodes[uid], ledger.nodes[uid].drain
        assert drain is not None, f"node {uid} is not drained"
        waits = node.down or uid in ledger.table.awaited or drain.pause_left_ms(ledger.now_ms)
        if waits or len(drain.moving) >= drain.parallel:
            continue
        for pod in movable(drain, ledger.pods_on(node)):
            owner = None if pod.owner is None else ledger.deployments[pod.owner.uid]
            spec = pod.spec if owner is None else owner.spec.template
            bound, _ = binder.would_bind(Pod(uid="", spec=spec, ordinal=0, created_at_ms=0))
            assert bound is None, f"pod {pod.uid} stays on node {uid}, which is drained, although it fits elsewhere"


def check_nobody_waits_in_vain(queue: PendingQueue, binder: Binder, table: LiveTable) -> None:
    """No pod that was refused would fit somewhere by now; a broken filter refuses whatever it is asked about."""
    for spec in queue.tried_in_vain:
        try:
            fits = binder.pipeline_of(spec).would_bind(spec, table)
        except PluginError:
            fits = False
        assert not fits, f"pod {spec.name} waits although it fits somewhere"
