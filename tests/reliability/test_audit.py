"""Every way in which a server may break its word is seen, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core.deployments import Deployment
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Owner, Pod, PodPhase
from reliability.audit import audit
from reliability.book import Book, Entry, Life, Violation
from reliability.documents import spec_of
from reliability.snapshot import Snapshot

NODE = {
    "metadata": {"name": "n1"},
    "spec": {"capacity": {"cpu": "2", "memory": "4Gi", "pods": "3"}, "devices": [{"kind": "gpu", "count": 2}]},
}
POD = {
    "metadata": {"name": "p1"},
    "spec": {"requests": {"cpu": "1", "memory": "1Gi"}, "devices": [{"kind": "gpu", "count": 1, "milli": 600}]},
}
DEPLOYMENT = {
    "metadata": {"name": "d1"},
    "spec": {"replicas": 2, "template": {"spec": {"requests": {"cpu": "100m"}}}},
}


def entry_of(kind, document, life=Life.THERE, uid="", **is_now):
    name = document["metadata"]["name"]
    uid = uid or f"uid-{name}"
    return Entry(kind=kind, name=name, document=document, key=name, life=life, uid=uid, is_now=is_now)


@pytest.fixture
def book():
    """A node, a pod and a deployment, all acknowledged."""
    book = Book(0)
    book.add(entry_of("Node", NODE, cordoned=False))
    book.add(entry_of("Pod", POD))
    book.add(entry_of("Deployment", DEPLOYMENT, replicas=2))
    return book


@pytest.fixture
def sound():
    """The same as they are there: the pod on the node, and a pod of the deployment beside it."""
    node = Node(uid="uid-n1", spec=spec_of(NODE, "Node"), ordinal=1, phase=NodePhase.READY)
    pod = Pod(
        uid="uid-p1",
        spec=spec_of(POD, "Pod"),
        ordinal=2,
        created_at_ms=0,
        phase=PodPhase.RUNNING,
        node_uid="uid-n1",
        epoch=3,
        devices={"gpu": (0,)},
    )
    deployment = Deployment(uid="uid-d1", spec=spec_of(DEPLOYMENT, "Deployment"), ordinal=3, created_at_ms=0)
    template = evolve(deployment.spec.template, name="d1-1")
    own = Pod(uid="own-1", spec=template, ordinal=4, created_at_ms=0, owner=Owner("uid-d1"))
    return Snapshot(source="here", nodes=(node,), pods=(pod, own), deployments=(deployment,), whole=True)


def with_pod(snapshot, **changes):
    first, *others = snapshot.pods
    return evolve(snapshot, pods=(evolve(first, **changes), *others))


def with_node(snapshot, **changes):
    return evolve(snapshot, nodes=(evolve(snapshot.nodes[0], **changes),))


def with_deployment(snapshot, **changes):
    return evolve(snapshot, deployments=(evolve(snapshot.deployments[0], **changes),))


def another_pod(snapshot, **changes):
    return evolve(snapshot, pods=(*snapshot.pods, evolve(snapshot.pods[0], **changes)))


def test_what_is_as_it_was_acknowledged_is_no_violation(book, sound):
    assert audit([book], sound, {}) == []


def larger(snapshot):
    return evolve(snapshot.pods[0].spec, requests={"cpu": 1500, "memory": 1 << 30})


VIOLATIONS = {
    "a pod is lost": (lambda s: evolve(s, pods=s.pods[1:]), "Pod p1 (uid uid-p1) was acknowledged and is not there"),
    "a node is lost": (lambda s: evolve(s, nodes=()), "Node n1 (uid uid-n1) was acknowledged and is not there"),
    "a deployment is lost": (
        lambda s: evolve(s, deployments=(), pods=s.pods[:1]),
        "Deployment d1 (uid uid-d1) was acknowledged and is not there",
    ),
    "a pod is there twice by name": (
        lambda s: another_pod(s, uid="other", node_uid=None, devices={}),
        "name ('Pod', 'default', 'p1') is there 2 times",
    ),
    "a uid is there twice": (lambda s: with_pod(s, uid="own-1"), "uid 'own-1' is there 2 times"),
    "a pod is another one": (lambda s: with_pod(s, uid="other"), "Pod p1 has uid other, and had uid-p1 before"),
    "a pod asks for something else": (lambda s: with_pod(s, spec=larger(s)), "and was asked for as"),
    "a pod goes by itself": (lambda s: with_pod(s, deleting=True), "Pod p1 is being deleted, which nobody asked for"),
    "an epoch goes back": (lambda s: with_pod(s, epoch=2), "pod p1 has epoch 2, and had 3 before"),
    "a node is cordoned by itself": (
        lambda s: with_node(s, cordoned=True),
        "Node n1 has cordoned True; acknowledged was False, asked for False",
    ),
    "a deployment has other replicas": (
        lambda s: with_deployment(s, spec=evolve(s.deployments[0].spec, replicas=5)),
        "Deployment d1 has replicas 5; acknowledged was 2, asked for 2",
    ),
    "nobody asked for a pod": (
        lambda s: another_pod(s, uid="stray", spec=evolve(s.pods[0].spec, name="stray"), node_uid=None, devices={}),
        "Pod stray (uid stray) is there, but nobody asked for it",
    ),
    "a pod belongs to nobody": (
        lambda s: another_pod(s, uid="stray", owner=Owner("gone"), node_uid=None, devices={}),
        "but nobody asked for it",
    ),
    "a node has too little cpu": (
        lambda s: with_node(with_pod(s, spec=larger(s)), spec=evolve(s.nodes[0].spec, capacity={"cpu": 1000})),
        "node n1 has 1000 of cpu, and its pods take 1500",
    ),
    "a node has too many pods": (
        lambda s: evolve(s, pods=tuple(evolve(s.pods[1], uid=f"u{n}", node_uid="uid-n1") for n in range(4))),
        "node n1 has 3 of pods, and its pods take 4",
    ),
    "a device is given twice": (
        lambda s: another_pod(s, uid="other", epoch=1),
        "node n1: 1200 milli of gpu 0 are taken",
    ),
    "a device is not there": (lambda s: with_pod(s, devices={"gpu": (2,)}), "node n1: 600 milli of gpu 2 are taken"),
}


@pytest.mark.parametrize("break_it, message", VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_broken_word_is_seen(book, sound, break_it, message):
    epochs = {"uid-p1": 3}
    found = audit([book], break_it(sound), epochs)
    assert any(message in problem for problem in found), found
    assert all(problem.startswith("here: ") for problem in found)


class TestWhatIsOpen:
    """While an answer is missing, both are right; what was seen once stays so."""

    @pytest.fixture
    def entry(self, book):
        return book.entries["Pod", "p1"]

    def test_what_was_only_asked_for_may_be_missing(self, book, sound, entry):
        entry.life = Life.ASKED
        assert audit([book], evolve(sound, pods=sound.pods[1:]), {}) == []
        assert entry.life is Life.ASKED

    def test_what_was_asked_for_and_seen_must_stay(self, book, sound, entry):
        entry.life, entry.uid = Life.ASKED, None
        assert audit([book], sound, {}) == []
        assert entry.uid == "uid-p1"
        assert "was acknowledged and is not there" in audit([book], evolve(sound, pods=sound.pods[1:]), {})[0]

    @pytest.mark.parametrize("deleting", [False, True])
    def test_what_may_be_deleted_may_be_there(self, book, sound, entry, deleting):
        entry.life = Life.ENDING
        assert audit([book], with_pod(sound, deleting=deleting), {}) == []
        assert entry.life is (Life.ENDED if deleting else Life.ENDING)

    def test_what_was_acknowledged_as_deleted_is_on_its_way_out(self, book, sound, entry):
        entry.life = Life.ENDED
        assert audit([book], with_pod(sound, deleting=True), {}) == []
        assert "although it was acknowledged as deleted" in audit([book], sound, {})[0]

    def test_what_is_gone_never_comes_back(self, book, sound, entry):
        entry.life = Life.ENDED
        assert audit([book], evolve(sound, pods=sound.pods[1:]), {}) == []
        assert entry.life is Life.GONE
        assert "it was gone before" in audit([book], sound, {})[0]
        book.forget_gone()
        assert "it was gone before" in audit([book], sound, {})[0]

    def test_a_setting_may_be_what_it_was_or_what_was_asked_for(self, book, sound):
        entry = book.entries["Deployment", "d1"]
        scaled = with_deployment(sound, spec=evolve(sound.deployments[0].spec, replicas=5))
        entry.ask("replicas", 5)
        assert audit([book], sound, {}) == []
        assert audit([book], scaled, {}) == []
        assert "acknowledged was 5, asked for 5" in audit([book], sound, {})[0]
        entry.ask("replicas", 0)
        assert audit([book], scaled, {}) == []
        entry.set("replicas", 0)
        assert "acknowledged was 0" in audit([book], scaled, {})[0]


def test_two_uids_for_one_name_are_a_violation():
    entry = Entry(kind="Pod", name="p1", document=POD, key="p1")
    entry.named("one")
    entry.named("one")
    with pytest.raises(Violation, match="Pod p1 has uid two, and had one before"):
        entry.named("two")
