from __future__ import annotations

from kube9.core.errors import FileError
from kube9.files.faults import all_faults


def fault(line, column=None, problem="expected a number"):
    return FileError("beats.csv", problem, line=line, column=column)


def test_a_single_fault_is_told_as_it_is():
    assert str(all_faults("beats.csv", [fault(4, "at_ms")])) == "beats.csv:4, column 'at_ms': expected a number"


def test_several_are_told_in_the_order_of_their_lines():
    told = all_faults("beats.csv", [fault(9, "at_ms"), fault(None, problem="too short"), fault(4)])
    assert str(told) == (
        "beats.csv: 3 problems\n  too short\n  line 4: expected a number\n  line 9, column 'at_ms': expected a number"
    )


def test_of_very_many_the_first_are_told():
    lines = str(all_faults("beats.csv", [fault(line) for line in range(1, 101)])).splitlines()
    assert lines[0] == "beats.csv: 100 problems"
    assert lines[-2:] == ["  line 20: expected a number", "  and 80 more"]
