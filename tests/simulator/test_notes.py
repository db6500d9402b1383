"""What is said beside the numbers."""

from __future__ import annotations

from attrs import evolve

from kube9.simulator.notes import gathered


def test_there_may_be_nothing_to_say(run_all, pod):
    assert gathered(*run_all([pod("a", run=1)])) == ()


def test_notes_of_traces_name_the_instance_where_there_are_several(scenario, pod):
    one = scenario([pod("a")])
    two = scenario([pod("a")], instances=("x", "y"))
    for made, expected in ((one, ("Odd.",)), (two, ("x: Odd.", "y: Odd."))):
        noted = evolve(made, traces=tuple(evolve(trace, notes=("Odd.",)) for trace in made.traces))
        assert gathered(noted, []) == expected


def test_a_trace_without_times_is_said_to_be_so_unless_it_was_asked_for(scenario, pod):
    (note,) = gathered(scenario([pod("a")], timed=False), [])
    assert note.startswith("The trace has no times")
    assert gathered(scenario([pod("a")], timed=False, arrivals_only=True), []) == ()


def test_schedulers_that_pods_name_are_named(scenario, pod):
    (note,) = gathered(scenario([pod("a", scheduler_name="mine"), pod("b", scheduler_name="his"), pod("c")]), [])
    assert "(his, mine)" in note


def test_what_holds_of_all_runs_is_said_once(run_all, pod):
    arrivals = [pod("huge", cores=9, run=1), pod("a", run=1)]
    made, results = run_all(arrivals, schedulers=("best-fit", "first-fit"), seeds=(0, 1))
    (note,) = gathered(made, results)
    assert note.startswith("1 pod fits no node even when it is empty: pod 'huge'")


def test_what_holds_of_some_runs_names_the_first(run_all, pod):
    made, results = run_all([pod("a", run=1)], schedulers=("best-fit", "first-fit"), seeds=(0, 1))
    odd = [evolve(results[0], notes=("Odd.",)), *results[1:3], evolve(results[3], notes=("Odd.", "Odder."))]
    assert gathered(made, odd) == ("best-fit with seed 0 and 1 more: Odd.", "first-fit with seed 1: Odder.")
