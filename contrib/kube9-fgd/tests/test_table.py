from __future__ import annotations

from pathlib import Path

import pytest

from kube9_fgd.experiment import Run
from kube9_fgd.table import Table, read_published

PUBLISHED = """metric,workload,policy,arrived_pct,n_seeds,mean,median,stdev,min,max
alloc_pct,openb_pod_list_a,FGD,100,10,95.5,95.23,0.106,95.06,95.38
frag_pct,openb_pod_list_a,FGD,100,10,1.0,1.0,0.1,1.0,1.0
"""


def run(seed, fgd, other):
    return Run(Path("openb_pod_list_a.csv"), seed, {"FGD": {100: fgd, 90: 1.0}, "Mine": {100: other}})


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "published.csv"
    path.write_text(PUBLISHED, encoding="utf-8")
    return Table.of([run(1, 95.0, 80.0), run(2, 96.0, 82.0), run(3, 97.0, 81.0)], [100], read_published(path))


def test_cells_are_means_over_seeds_beside_what_is_published(table):
    cell = table.cells["openb_pod_list_a", "FGD", 100]
    assert (cell.mean, cell.spread, cell.published, cell.difference) == (96.0, 1.0, 95.5, 0.5)
    assert table.cells["openb_pod_list_a", "Mine", 100].difference is None
    assert table.farthest() == {"FGD": 0.5}


def test_where_no_pod_came_just_then_what_was_before_holds():
    one = run(1, 95.0, 80.0)
    assert [one.at("FGD", percent) for percent in (90, 99, 100, 130)] == [1.0, 1.0, 95.0, 95.0]
    assert one.at("FGD", 50) == 1.0, "as early as is known"


def test_as_text(table):
    assert table.text().splitlines() == [
        "pods  arrived              FGD           Mine",
        "a     100 %    kube9       96.00 ± 1.00  81.00 ± 1.00",
        "               published   95.50",
        "               difference  +0.50",
    ]


def test_as_markdown(table):
    assert table.markdown().splitlines() == [
        "| pods | arrived |  | FGD | Mine |",
        "| --- | --- | --- | --- | --- |",
        "| a | 100 % | kube9 | 96.00 ± 1.00 | 81.00 ± 1.00 |",
        "|  |  | published | 95.50 |  |",
        "|  |  | difference | +0.50 |  |",
    ]


def test_without_published_figures_there_are_ours(table):
    alone = Table.of([run(1, 95.0, 80.0)], [100], {})
    assert len(alone.text().splitlines()) == 2
    assert alone.farthest() == {}


@pytest.mark.parametrize("text,problem", [(None, "No such file"), ("a,b\n1,2\n", "expected a column 'metric'")])
def test_figures_that_cannot_be_read_are_refused(tmp_path, text, problem):
    path = tmp_path / "published.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=problem):
        read_published(path)
