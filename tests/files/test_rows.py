from __future__ import annotations

import pytest

from kube9.core.errors import FileError
from kube9.files.fields import text, whole
from kube9.files.rows import Columns, header_of, open_table

COLUMNS = Columns(required=("name", "cpu"), optional=("labels",), prefix="resource.")


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content.encode())
        return str(path)

    return written


def read_all(path, columns=COLUMNS):
    with open_table(path, columns) as table:
        return [(table.line, cells) for cells in table]


def test_rows_come_with_their_lines(write):
    path = write('name,cpu\r\na,1\r\n\r\n"b, the ""second""", 2\r\n')
    assert read_all(path) == [(2, ["a", "1"]), (4, ['b, the "second"', "2"])]


def test_columns_may_stand_in_any_order_and_more_may_begin_with_the_prefix(write):
    path = write("resource.fpga, cpu ,name\n1,2,a\n")
    with open_table(path, COLUMNS) as table:
        assert table.header == ("resource.fpga", "cpu", "name")
        pick = table.picker(("name", "cpu"))
        assert [pick(cells) for cells in table] == [("a", "2")]


@pytest.mark.parametrize(
    "content, problem, line",
    [
        ("", "the file is empty", None),
        ("\n\n", "the file is empty", None),
        ("labels\nx\n", "missing columns 'name', 'cpu'; known are name, cpu, labels, resource.<name>", 1),
        ("name,cpu,label\na,1,x\n", r"unknown column 'label' \(did you mean 'labels'\?\); known are", 1),
        ("nmae,colour\n", r"missing columns 'name', 'cpu'; unknown columns 'nmae' \(did you mean 'name'\?\), 'col", 1),
        ("name,cpu,resource.\n", "unknown column 'resource.'", 1),
        ("name,cpu,cpu\n", "repeated column 'cpu'", 1),
        ("name,cpu,\na,1,\n", "unknown column ''", 1),
        ("\nname,cpu\na,1\nb\n", "expected 2 cells, as many as the header has, got 1", 4),
        ("name,cpu\na,1,2\n", "expected 2 cells, as many as the header has, got 3", 2),
        ('name,cpu\na,1\nb,"2\n', "not valid CSV", 3),
        ('name,cpu\n"b"c,2\n', "not valid CSV", 2),
        ('"name,cpu\n', "not valid CSV", 1),
        ("name,cpu\n" + "x" * 200_000 + ",1\n", "not valid CSV: field larger than field limit", 2),
    ],
)
def test_what_is_wrong_with_a_table_is_told_with_its_line(write, content, problem, line):
    path = write(content)
    with pytest.raises(FileError, match=problem) as caught:
        read_all(path)
    assert (caught.value.path, caught.value.line) == (path, line)


def test_a_cell_that_cannot_be_parsed_is_told_with_line_and_column(write):
    path = write("name,cpu\na,1\nb,many\n")
    with open_table(path, COLUMNS) as table:
        cpu = table.required("cpu", whole)
        rows = iter(table)
        assert cpu(next(rows)) == 1
        with pytest.raises(FileError) as caught:
            cpu(next(rows))
    assert str(caught.value) == (
        f"{path}:3, column 'cpu': expected a whole number from 0 to 9007199254740992, got 'many'"
    )


def test_an_empty_cell_is_a_fault_where_a_value_is_required_and_the_default_where_not(write):
    path = write("name,cpu,labels\na,,\n")
    with open_table(path, COLUMNS) as table:
        cells = next(iter(table))
        assert table.optional("labels", text, "none")(cells) == "none"
        assert table.optional("not there", text, "none")(cells) == "none"
        with pytest.raises(FileError, match="column 'cpu': expected a value, the cell is empty"):
            table.required("cpu", whole)(cells)


def test_a_picker_of_no_columns_gives_one_key_for_all_rows(write):
    path = write("name,cpu\na,1\nb,2\n")
    with open_table(path, COLUMNS) as table:
        pick = table.picker(())
        assert len({pick(cells) for cells in table}) == 1


@pytest.mark.parametrize(
    "names, share",
    [(("name", "cpu"), 1.0), (("name", "size"), 0.5), (("resource.x",), 1.0), (("size",), 0.0), ((), 0.0)],
)
def test_share_tells_how_much_of_a_header_is_known(names, share):
    assert COLUMNS.share(names) == share


def test_many_unknown_columns_are_not_all_listed():
    problem = COLUMNS.fault(["name", "cpu", *(f"x{number}" for number in range(20))])
    assert "'x7' and 12 more" in problem


@pytest.mark.parametrize("head", ['name, "cpu"\na,1', "\n\nname,cpu\r\n", "name,cpu"])
def test_header_of_a_head(head):
    assert header_of(head) == ("name", "cpu")
