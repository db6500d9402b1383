from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.pods import Owner, Pod, PodPhase, PodSpec
from kube9.core.replicas import Replicas, wish

PHASES = {
    "P": PodPhase.PENDING,
    "S": PodPhase.STARTING,
    "R": PodPhase.RUNNING,
    "D": PodPhase.RUNNING,
    "E": PodPhase.RUNNING,
    "F": PodPhase.FAILED,
    "L": PodPhase.RUNNING,
    "I": PodPhase.STARTING,
    "U": PodPhase.RUNNING,
}


def pods(letters):
    """``PSUR`` for pending, starting, running unready and ready; ``D`` is being deleted, ``E`` evicted, ``F`` has
    failed; small is old. ``L`` is to leave, as is ``I``, which does not run.
    """
    return [
        Pod(
            uid=f"{letter}{number}",
            spec=PodSpec(name="p"),
            ordinal=number,
            created_at_ms=0,
            phase=PHASES[letter.upper()],
            ready=letter.upper() in "RDEL",
            deleting=letter.upper() == "D",
            evicting=letter.upper() == "E",
            leaving=letter.upper() in "LI",
            owner=Owner("d", 2 if letter.isupper() else 1),
        )
        for number, letter in enumerate(letters)
    ]


def deployment(replicas, max_unavailable=1, **more):
    spec = DeploymentSpec(name="d", template=PodSpec(name="d"), replicas=replicas, max_unavailable=max_unavailable)
    return Deployment(uid="d", spec=spec, ordinal=0, created_at_ms=0, revision=2, **more)


def replicas_of(given, revision=2):
    replicas = Replicas(revision)
    for pod in given:
        replicas.members[pod.uid] = None
        replicas.note(pod)
    return replicas


#: How many are wanted and how many may be missing; the pods; how many are to be launched and who is to go.
WISHES = {
    "none of none": ((0, 1), "", 0, []),
    "all are missing": ((3, 1), "", 3, []),
    "all are there, whatever they do": ((3, 1), "PSR", 0, []),
    "who ended is missing": ((2, 1), "RF", 1, []),
    "who is being deleted is missing": ((2, 1), "RD", 1, []),
    "who is moved elsewhere is not missing": ((2, 1), "RE", 0, []),
    "who is to leave is missing": ((3, 1), "RRL", 1, []),
    "who is to leave stays until the one in its place runs": ((3, 1), "RRLS", 0, []),
    "and goes then": ((3, 1), "RRLR", 0, ["L2"]),
    "and if fewer are wanted": ((1, 1), "RRLS", 0, ["L2", "S3", "R1"]),
    "of those that are to leave who does not run first": ((2, 1), "LIRS", 0, ["I1"]),
    "and who came first": ((2, 1), "LLRS", 0, ["L0"]),
    "who is to leave and is old is one of them": ((2, 1), "lRR", 0, ["l0"]),
    "who is to leave does not hurry the old ones": ((3, 1), "rrLS", 0, []),
    "one too many, the youngest": ((1, 1), "RR", 0, ["R1"]),
    "one too many, who waits": ((2, 1), "PRS", 0, ["P0"]),
    "one too many, who has not started": ((2, 1), "RSR", 0, ["S1"]),
    "one too many, who is moved elsewhere": ((2, 1), "RER", 0, ["E1"]),
    "too many, in that order": ((1, 1), "RRSPE", 0, ["P3", "E4", "S2", "R1"]),
    "none wanted any more": ((0, 1), "RFDP", 0, ["P3", "R0"]),
    "old ones that run, one at a time": ((3, 1), "rrr", 0, ["r0"]),
    "old ones that run, two at a time": ((3, 2), "rrr", 0, ["r0", "r1"]),
    "old ones that run, more at a time than there are": ((3, 9), "rrr", 0, ["r0", "r1", "r2"]),
    "not while the one before has not started": ((3, 1), "rrS", 0, []),
    "nor while it has no node": ((3, 1), "rrP", 0, []),
    "nor while it runs and is not ready": ((3, 1), "rrU", 0, []),
    "nor while one is moved elsewhere": ((3, 1), "rrE", 0, []),
    "but as soon as it runs": ((3, 1), "rrR", 0, ["r0"]),
    "the last old one": ((3, 1), "RRr", 0, ["r2"]),
    "old ones that are not ready go at once": ((3, 1), "rru", 0, ["u2"]),
    "old ones that do not run go at once": ((4, 1), "rpse", 0, ["p1", "s2", "e3"]),
    "old ones that do not run go at once, and one that runs": ((4, 4), "rpse", 0, ["p1", "s2", "e3", "r0"]),
    "missing ones are launched first": ((3, 1), "rr", 1, []),
    "missing ones count as missing": ((4, 2), "rrr", 1, ["r0"]),
    "the old are too many before the young": ((2, 1), "rRS", 0, ["r0"]),
    "unless too few would run without them": ((2, 1), "rSS", 0, ["S2"]),
    "or more than one would be missing": ((3, 1), "rrSR", 0, ["r1"]),
    "all of them wait": ((1, 1), "PPp", 0, ["p2", "P1"]),
    "too many, and the rest is old": ((2, 1), "rrr", 0, ["r2", "r0"]),
    "too many, of which one does not run": ((2, 1), "rrs", 0, ["s2", "r0"]),
    "old ones that ended are of no interest": ((1, 1), "fdR", 0, []),
}


@pytest.mark.parametrize("asked,letters,launch,delete", WISHES.values(), ids=WISHES)
def test_what_a_deployment_wishes_for(asked, letters, launch, delete):
    wanted = wish(deployment(*asked), replicas_of(pods(letters)))
    assert (wanted.launch, [pod.uid for pod in wanted.delete]) == (launch, delete)


@pytest.mark.parametrize("letters,delete", [("", []), ("RDFsP", ["s3", "P4", "R0"])])
def test_one_that_is_being_deleted_wishes_that_all_go(letters, delete):
    wanted = wish(deployment(3, deleting=True), replicas_of(pods(letters)))
    assert (wanted.launch, [pod.uid for pod in wanted.delete]) == (0, delete)


class TestReplicas:
    @pytest.mark.parametrize(
        "before,after,news",
        [
            ("R", "R", False),
            ("P", "S", False),
            ("S", "R", True),
            ("S", "U", False),
            ("U", "R", True),
            ("R", "U", True),
            ("R", "P", True),
            ("R", "E", True),
            ("E", "P", False),
            ("R", "D", True),
            ("R", "F", True),
            ("F", "F", False),
            ("D", "D", False),
        ],
    )
    def test_tell_what_makes_a_difference(self, before, after, news):
        replicas = replicas_of(pods(before))
        assert replicas.note(evolve(pods(after)[0], uid=f"{before}0")) is news

    def test_a_new_pod_makes_a_difference(self):
        replicas = replicas_of([])
        assert replicas.note(pods("P")[0])
        assert len(replicas) == 1

    def test_a_new_template_makes_all_of_them_old(self):
        replicas = replicas_of(pods("PRFD"))
        assert not replicas.rolling
        replicas.turn_to(3)
        assert replicas.rolling
        assert [pod.uid for pod in (*replicas.old_idle, *replicas.old_ready)] == ["P0", "R1"]

    def test_one_that_is_gone_is_nowhere(self):
        replicas = replicas_of(pods("PRrp"))
        for uid in list(replicas.members):
            replicas.forget(uid)
        assert replicas == replicas_of([])

    @given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from("PSURDEFpsurdef-")), max_size=40))
    def test_know_after_any_story_what_they_would_know_from_its_end_alone(self, story):
        replicas, present = replicas_of([]), {}
        for number, letter in story:
            uid = f"uid{number}"
            if letter == "-":
                if present.pop(uid, None) is not None:
                    replicas.forget(uid)
                continue
            present[uid] = evolve(pods(letter)[0], uid=uid, ordinal=number)
            replicas.members[uid] = None
            replicas.note(present[uid])
        assert replicas == replicas_of(present.values())
        alive = [pod for pod in present.values() if not pod.deleting and not pod.phase.finished]
        assert len(replicas) == len(alive)
        assert replicas.unready == sum(not pod.ready or pod.evicting for pod in alive)


@given(
    letters=st.text("PSUREpsureDF", max_size=12),
    wanted=st.integers(0, 8),
    spare=st.integers(1, 3),
)
def test_a_roll_never_stops_more_of_those_that_run_than_it_may(letters, wanted, spare):
    given_pods = pods(letters)
    asked = wish(deployment(wanted, spare), replicas_of(given_pods))
    gone = {pod.uid for pod in asked.delete}
    assert len(gone) == len(asked.delete)
    alive = [pod for pod in given_pods if not pod.deleting and not pod.phase.finished]
    assert len(alive) + asked.launch >= wanted
    runs = [pod for pod in alive if pod.ready and not pod.evicting]
    left = [pod for pod in runs if pod.uid not in gone]
    assert len(left) >= min(len(runs), wanted - spare)


def test_a_twin_goes_its_own_way():
    replicas = Replicas(2)
    for each in pods("PSR"):
        replicas.members[each.uid] = None
        replicas.note(each)
    twin = replicas.twin()
    assert twin == replicas
    twin.forget("R2")
    twin.turn_to(3)
    assert len(replicas) == 3
    assert [pod.uid for pod in replicas.ready] == ["R2"]
    assert not replicas.rolling
