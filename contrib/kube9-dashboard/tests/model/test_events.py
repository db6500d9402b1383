"""What a node went through, made of its events."""

from __future__ import annotations

from datetime import datetime, timezone

from kube9_dashboard.model.events import incidents, node_history, tone_of

NOW = datetime(2026, 1, 1, 0, 1, 0, tzinfo=timezone.utc)


def event(second, what, name="n1", kind="Node"):
    return {
        "type": what,
        "kind": kind,
        "name": name,
        "timestamp": f"2026-01-01T00:00:{second:02}.000Z",
        "message": what,
    }


def phases(spans):
    return [(span.phase, (span.end - span.start).total_seconds()) for span in spans]


def test_a_phase_lasts_until_the_next_and_the_last_until_now():
    events = [event(0, "NodeAdded"), event(2, "NodeReady"), event(10, "NodeSuspected"), event(12, "NodeFailed")]
    spans = node_history(events, NOW)
    assert phases(spans) == [("Provisioning", 2), ("Ready", 8), ("Suspect", 2), ("Failed", 48)]
    assert spans[-1].end == NOW


def test_what_changes_no_phase_is_passed_over():
    events = [event(0, "NodeReady"), event(5, "NodeCordoned"), event(6, "PodBound", kind="Pod")]
    assert phases(node_history(events, NOW)) == [("Ready", 60)]


def test_a_deleted_node_ends():
    assert phases(node_history([event(0, "NodeReady"), event(7, "NodeDeleted")], NOW)) == [("Ready", 7)]


def test_nodes_that_were_always_well_are_no_incident():
    events = [
        event(0, "NodeReady", "well"),
        event(0, "NodeReady", "early"),
        event(0, "NodeReady", "late"),
        event(3, "NodeSuspected", "early"),
        event(9, "NodeSuspected", "late"),
    ]
    spans, left_out = incidents(node_history(events, NOW), nodes_max=9)
    assert list(dict.fromkeys(span.node for span in spans)) == ["late", "early"]
    assert left_out == 0
    spans, left_out = incidents(node_history(events, NOW), nodes_max=1)
    assert {span.node for span in spans} == {"late"}
    assert left_out == 1


def test_tones_say_what_is_bad():
    assert [tone_of(what) for what in ("NodeLost", "PodRunning", "PodBound")] == ["bad", "good", "idle"]
