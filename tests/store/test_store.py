from __future__ import annotations

import threading

import pytest
from attrs import evolve

from kube9.core import outcome as o
from kube9.core.errors import InvalidInput, StoreError, StoreLocked
from kube9.core.nodes import NodePhase
from kube9.core.pods import Owner, PodPhase, PodSpec
from kube9.store import open_store
from kube9.testing import cluster_with, random_run

BATCH = 500


class Kept:
    """A cluster whose every outcome is committed, and that begins again from what is read back."""

    def __init__(self, store):
        self.cluster, self.store = cluster_with(), store

    def __getattr__(self, name):
        return getattr(self.cluster, name)

    def handle(self, stimulus):
        return self.keep(self.cluster.handle(stimulus))

    def restore(self, nodes, pods, deployments, *, at_ms):
        loaded = self.store.load()
        for given, read in ((nodes, loaded.nodes), (pods, loaded.pods), (deployments, loaded.deployments)):
            assert sorted(given, key=lambda each: each.ordinal) == list(read)
        return self.keep(self.cluster.restore(loaded.nodes, loaded.pods, loaded.deployments, at_ms=at_ms))

    def keep(self, outcome):
        self.store.commit(outcome.changes)
        return outcome

    def check(self):
        self.cluster.check()
        loaded = self.store.load()
        assert loaded.nodes == tuple(self.cluster.nodes.values())
        assert loaded.pods == tuple(self.cluster.pods.values())
        assert loaded.deployments == tuple(self.cluster.deployments.values())


@pytest.mark.parametrize("seed", range(3))
def test_a_cluster_is_read_back_as_it_was_at_any_moment_of_its_life(opened, address, seed):
    servers = []

    def make_cluster():
        if servers:
            servers[-1].store.close()
        servers.append(Kept(opened(address)))
        return servers[-1]

    random_run(make_cluster, seed, steps=300, check_every=20)
    assert len(servers) > 1, "it was to be restarted"


def test_a_new_database_is_empty(store):
    loaded = store.load()
    assert (loaded.nodes, loaded.pods, loaded.deployments) == ((), (), ())
    assert (loaded.next_event_id, loaded.now_ms) == (1, 0)
    assert store.events() == ()


def test_what_was_committed_is_there_for_the_next_server(opened, address, make):
    node = make.node(phase=NodePhase.READY, cordoned=True, failures=2, reason="was away", token_digest="ab12")
    pods = [
        make.pod(1, phase=PodPhase.RUNNING, node_uid="node-1", epoch=3, devices={"gpu": (0, 2)}, started_at_ms=8),
        make.pod(2, phase=PodPhase.FAILED, exit_code=0, finished_at_ms=0, start_failures=1, reason="é\n'\"; DROP"),
        make.pod(3, owner=Owner("deployment-1", 4), deleting=True, evicting=True, leaving=True),
    ]
    deployment = make.deployment(revision=4, launched=9, failures=1, deleting=True)
    store = opened(address)
    changes = [o.NodeStored(node), *map(o.PodStored, pods), o.DeploymentStored(deployment)]
    store.commit(changes, [make.event(1), make.event(2, at_ms=99)])
    store.close()
    loaded = opened(address).load()
    assert loaded.nodes == (node,)
    assert loaded.pods == tuple(pods)
    assert loaded.deployments == (deployment,)
    assert (loaded.next_event_id, loaded.now_ms) == (3, 99)


def test_things_come_back_in_their_order_whatever_order_they_were_stored_in(store, make):
    store.commit([o.PodStored(make.pod(number)) for number in (3, 1, 2, 10)])
    assert [pod.ordinal for pod in store.load().pods] == [1, 2, 3, 10]


def test_a_change_replaces_what_was_there(store, make):
    pod = make.pod()
    store.commit([o.PodStored(pod)])
    running = evolve(pod, phase=PodPhase.RUNNING, node_uid="node-1", epoch=1)
    store.commit([o.PodStored(running)])
    assert store.load().pods == (running,)


def test_another_spec_is_written_too(store, make):
    store.commit([o.DeploymentStored(make.deployment()), o.PodStored(make.pod())])
    renewed = evolve(make.deployment(), spec=evolve(make.deployment().spec, replicas=7))
    other = make.pod(spec=PodSpec(name="p1", requests={"cpu": 200}))
    store.commit([o.DeploymentStored(renewed), o.PodStored(other)])
    loaded = store.load()
    assert (loaded.deployments, loaded.pods) == ((renewed,), (other,))


def test_what_is_removed_is_gone(store, make):
    store.commit([o.NodeStored(make.node()), o.PodStored(make.pod()), o.DeploymentStored(make.deployment())])
    store.commit([o.NodeRemoved("node-1"), o.PodRemoved("pod-1"), o.DeploymentRemoved("deployment-1")])
    loaded = store.load()
    assert (loaded.nodes, loaded.pods, loaded.deployments) == ((), (), ())


def test_the_last_of_several_changes_for_one_uid_counts(store, make):
    pod = make.pod()
    ended = evolve(pod, phase=PodPhase.SUCCEEDED, exit_code=0)
    store.commit([o.PodStored(pod), o.PodRemoved("pod-1"), o.PodStored(ended), o.PodStored(make.pod(2))])
    store.commit([o.PodStored(make.pod(2)), o.PodRemoved("pod-2")])
    assert store.load().pods == (ended,)


def test_a_uid_that_was_removed_can_be_stored_again(store, make):
    pod = make.pod()
    for change in (o.PodStored(pod), o.PodRemoved("pod-1"), o.PodStored(pod)):
        store.commit([change])
    assert store.load().pods == (pod,)


@pytest.mark.parametrize("number", [1, BATCH])
def test_a_commit_may_be_repeated(store, make, number):
    """Few and many rows go different ways on PostgreSQL."""
    node, pods = make.node(), [make.pod(each) for each in range(number)]
    changes = [o.NodeStored(node), *map(o.PodStored, pods), o.PodRemoved("pod-never-there")]
    events = [make.bound(number, pod, node) for number, pod in enumerate(pods, 1)]
    for _ in range(3):
        store.commit(changes, events)
    loaded = store.load()
    assert (loaded.nodes, loaded.pods) == ((node,), tuple(pods))
    assert store.events() == tuple(events)


def test_many_rows_are_added_changed_and_removed_at_once(store, make):
    pods = [make.pod(number) for number in range(BATCH)]
    store.commit([o.PodStored(pod) for pod in pods])
    bound = [evolve(pod, node_uid="node-1", epoch=1, reason="\\N\t\n") for pod in pods[: BATCH // 2]]
    removed = [o.PodRemoved(pod.uid) for pod in pods[BATCH // 2 :]]
    store.commit([*map(o.PodStored, bound), *removed])
    assert store.load().pods == tuple(bound)


def test_a_commit_goes_through_whole_or_not_at_all(store, make):
    """The second of two events under one id stays out; a row that no column takes stops everything."""
    store.commit([o.PodStored(make.pod())], [make.event(1)])
    impossible = make.pod(2, ordinal=None)
    with pytest.raises(StoreError):
        store.commit([o.NodeStored(make.node()), o.PodStored(impossible)], [make.event(2)])
    loaded = store.load()
    assert (loaded.nodes, loaded.pods, loaded.next_event_id) == ((), (make.pod(),), 2)
    store.commit([o.NodeStored(make.node())], [make.event(2)])
    assert store.load().nodes == (make.node(),)


def test_reasons_that_no_database_takes_do_not_stop_a_commit(store, make):
    store.commit([o.PodStored(make.pod(reason="nul \0 and half \ud800 a pair"))])
    assert store.load().pods == (make.pod(reason="nul \ufffd and half ? a pair"),)


def test_an_empty_commit_is_one_too(store):
    store.commit([])
    assert store.load().next_event_id == 1


def test_reading_events_does_not_wait_for_a_commit(store, make):
    """Threads read all the while, and see every commit whole."""
    done, seen = threading.Event(), []

    def read():
        while not done.is_set():
            seen.append(len(store.events(limit=10_000)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(20):
            store.commit([], [make.event(number * 10 + each) for each in range(1, 11)])
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert len(store.events()) == 200
    assert {count % 10 for count in seen} <= {0}


def test_ping_says_nothing_while_the_database_answers(store):
    assert store.ping() is None


def test_a_database_has_one_server_at_a_time(opened, address):
    first = opened(address)
    with pytest.raises(StoreLocked, match=r"in use by .*process \d+ on .*; stop that server first"):
        open_store(address)
    first.close()
    assert opened(address).load().nodes == ()


def test_a_closed_store_says_so(opened, address):
    store = opened(address)
    store.close()
    store.close()
    for call in (store.load, store.ping, store.events, lambda: store.commit([])):
        with pytest.raises(StoreError, match="closed"):
            call()


def test_a_row_that_somebody_else_deleted_is_missed(store, make, meddle):
    pod = make.pod()
    store.commit([o.PodStored(pod)])
    meddle("DELETE FROM pods")
    with pytest.raises(StoreError, match="1 of 1 rows of the table 'pods' are gone"):
        store.commit([o.PodStored(evolve(pod, epoch=1))])


def test_an_address_that_says_no_database_is_refused():
    with pytest.raises(InvalidInput, match="there is no database 'mysql'"):
        open_store("mysql://root@localhost/kube9")
