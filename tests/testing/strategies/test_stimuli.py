from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from kube9.core import stimuli as s
from kube9.core.errors import Conflict, DuplicateName, UnknownName
from kube9.testing import strategies

KINDS = {
    kind.__name__: lambda stimulus, kind=kind: type(stimulus) is kind
    for kind in vars(s).values()
    if isinstance(kind, type) and issubclass(kind, s.Stimulus) and kind is not s.Stimulus
}


def test_there_are_stimuli_of_every_kind(never_met):
    assert len(KINDS) > 15
    assert never_met(KINDS, strategies.stimuli()) == set()


@given(strategies.stimuli(7))
def test_stimuli_have_the_time_asked_for(stimulus):
    assert stimulus.at_ms == 7


@given(strategies.scripts(kinds=1))
def test_the_times_of_a_script_never_run_backwards(script):
    assert all(before.at_ms <= after.at_ms for before, after in pairwise(script))
    assert {getattr(stimulus, "uid", "n0") for stimulus in script} <= {"n0", "p0", "d0"}


def test_a_cluster_survives_any_script(cluster):
    @given(strategies.scripts())
    def holds(script):
        subject = cluster()
        for stimulus in script:
            before = dict(subject.nodes), dict(subject.pods), dict(subject.deployments)
            try:
                subject.handle(stimulus)
            except (Conflict, DuplicateName, UnknownName):
                assert (dict(subject.nodes), dict(subject.pods), dict(subject.deployments)) == before
            subject.check()

    holds()
