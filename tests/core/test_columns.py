from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.columns import Columns

#: What may happen to columns, with numbers that are taken modulo what there is.
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("ensure"), st.sampled_from("abc"), st.integers(1, 4)),
        st.tuples(st.just("append"), st.just(""), st.just(0)),
        st.tuples(st.just("delete"), st.just(""), st.integers(0, 99)),
        st.tuples(st.just("write"), st.sampled_from("abc"), st.integers(1, 9999)),
    ),
    max_size=60,
)


@given(operations=OPERATIONS, fill=st.sampled_from([0, -1]))
def test_columns_do_what_lists_would(operations, fill):
    columns, model, rows = Columns(np.int64, fill=fill), {}, 0
    for operation, name, number in operations:
        if operation == "ensure":
            columns.ensure(name)
            model.setdefault(name, [fill] * rows)
        elif operation == "append":
            assert columns.append() == rows
            rows += 1
            for values in model.values():
                values.append(fill)
        elif operation == "delete" and rows:
            columns.delete(number % rows)
            for values in model.values():
                del values[number % rows]
            rows -= 1
        elif operation == "write" and rows and name in model:
            columns.cells[name][number % rows] = number
            model[name][number % rows] = number
        assert {key: column.tolist() for key, column in columns.items()} == model


@given(operations=OPERATIONS)
def test_wide_columns_do_what_lists_of_lists_would(operations):
    columns, model, rows, widths = Columns(np.int64, wide=True), {}, 0, {}
    for operation, name, number in operations:
        if operation == "ensure":
            columns.ensure(name, number)
            widths[name] = max(widths.get(name, 0), number)
            model[name] = [values + [0] * (widths[name] - len(values)) for values in model.get(name, [[]] * rows)]
        elif operation == "append":
            assert columns.append() == rows
            rows += 1
            for key, values in model.items():
                values.append([0] * widths[key])
        elif operation == "delete" and rows:
            columns.delete(number % rows)
            for values in model.values():
                del values[number % rows]
            rows -= 1
        elif operation == "write" and rows and name in model:
            columns.cells[name][number % rows, number % widths[name]] = number
            model[name][number % rows][number % widths[name]] = number
        assert {key: column.tolist() for key, column in columns.items()} == model
        assert {key: column.shape for key, column in columns.items()} == {key: (rows, widths[key]) for key in model}


def test_more_rows_than_were_ever_spare():
    columns = Columns(np.int64)
    columns.ensure("a")
    for number in range(100):
        row = columns.append()
        columns.cells["a"][row] = number
    assert columns["a"].tolist() == list(range(100))


@pytest.mark.parametrize(
    "dtype,options,empty,shown",
    [
        (np.int64, {}, (0,), [0, 0]),
        (np.int64, {"fill": -1}, (0,), [-1, -1]),
        (np.bool_, {}, (0,), [False, False]),
        (np.int64, {"wide": True}, (0, 0), [[], []]),
    ],
)
def test_what_is_not_there_reads_as_the_fill_value_and_is_not_kept(dtype, options, empty, shown):
    columns = Columns(dtype, **options)
    assert columns["a"].shape == empty
    columns.append()
    columns.append()
    assert columns["a"].tolist() == shown
    assert "a" not in columns
    assert columns.get("a") is None
    assert dict(columns) == {}
    there = columns["a"]
    columns.ensure("a")
    assert columns["a"].tolist() == shown
    assert columns["a"].dtype == there.dtype
    assert "a" in columns


def test_only_the_owner_writes():
    columns = Columns(np.int64)
    columns.append()
    columns.ensure("a")
    with pytest.raises(ValueError, match="read-only"):
        columns["a"][0] = 1
    with pytest.raises(TypeError):
        columns["b"] = columns["a"]
    columns.data["a"][0] = 7
    assert columns["a"].tolist() == [7]


def test_a_row_that_was_taken_out_leaves_nothing_to_the_next():
    columns = Columns(np.bool_)
    columns.ensure("a")
    row = columns.append()
    columns.data["a"][row] = True
    columns.delete(0)
    columns.append()
    assert columns["a"].tolist() == [False]
    assert columns["a"].dtype == np.bool_


def test_a_twin_goes_its_own_way():
    columns = Columns(np.int64, wide=True)
    columns.append()
    columns.ensure("a", 2)
    twin = columns.twin()
    twin.data["a"][0] = 7
    twin.cells["a"][0, 1] = 8
    twin.append()
    twin.ensure("b", 1)
    assert {name: column.tolist() for name, column in columns.items()} == {"a": [[0, 0]]}
    assert {name: column.tolist() for name, column in twin.items()} == {"a": [[7, 8], [0, 0]], "b": [[0], [0]]}


@pytest.mark.parametrize("wide", [False, True])
def test_whoever_is_shown_a_column_cannot_make_it_writable(wide):
    columns = Columns(np.int64, wide=wide)
    columns.ensure("cpu", 2)
    columns.append()
    with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
        columns["cpu"].setflags(write=True)
