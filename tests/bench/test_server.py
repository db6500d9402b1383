"""The server's benchmark at its smallest: every number is there, and every request was answered as it should be."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"


@pytest.fixture
def result(bench):
    """A run with invented times: 6,000 constants a second, 3,000 pods on SQLite and 1,500 on PostgreSQL."""
    singles, wholes = bench("server.singles"), bench("server.wholes")
    rates = tuple(
        singles.Rate(
            what=what,
            database=database,
            clients=clients,
            per_second=1_500.0 * (2 if database == "SQLite" else 1),
            p99_ms=12.5,
            constant_per_second=6_000.0,
            commits_per_second=400.0 if what == "pods" else None,
        )
        for database in ("SQLite", "PostgreSQL")
        for what, clients in (("pods", 1), ("pods", 16), ("pods", 64), ("heartbeats", 64))
    )
    batches = tuple(
        wholes.Batch(database=database, pods=10_000, nodes=1_000, seconds=seconds, bare_seconds=0.5)
        for database, seconds in (("SQLite", 1.5), ("PostgreSQL", 2.5))
    )
    return bench("server.result").Result(
        machine=bench("machine").Machine.this(),
        rates=rates,
        batches=batches,
        listing=wholes.Listing(pods=10_000, answer_bytes=4_200_000, seconds=0.2, constant_seconds=0.01),
        memory=wholes.Memory(nodes=10_000, pods=100_000, empty_bytes=80_000_000, full_bytes=600_000_000),
        beating=_beating(bench("server.beating").Beating),
        failover=_failover(bench("server.failover")),
    )


def _beating(make):
    """Agents whose server worked 16.5 s of 30, and nodes in memory of which one was suspected and failed."""
    same = {"nodes": 1_000, "pods_per_second": 100, "seconds": 30.0, "pod_p50_ms": 3.5, "pod_p99_ms": 8.0}
    agents = make(
        **same,
        nodes_beat="by agents",
        pods=10_000,
        requests=33_000,
        cpu_seconds=16.5,
        suspected=0,
        failed=0,
        beat_p50_ms=2.0,
        beat_p99_ms=7.25,
        constant_cpu_us=200.0,
    )
    memory = make(**same, nodes_beat="in memory", pods=500, requests=3_000, cpu_seconds=6.0, suspected=1, failed=1)
    return agents, memory


def _failover(module):
    delays = {"suspected": (2.0, 3.0, 3.5), "failed": (10.0, 9.0, 9.5), "all its pods run elsewhere": (18.9, 9.0, 9.9)}
    return module.Failover(
        nodes=20,
        pods=200,
        lease_seconds=9.0,
        delays=tuple(module.Delays(what=what, seconds=seconds) for what, seconds in delays.items()),
    )


def test_marks(result):
    assert [(mark.what, mark.ratio, mark.at_most, mark.met) for mark in result.marks] == [
        ("64 clients, SQLite: constant / kube9", 2.0, 3.0, True),
        ("64 clients, PostgreSQL: constant / kube9", 4.0, 3.0, False),
        ("batch of 10,000 pods, SQLite: kube9 / bare insert", 3.0, 4.0, True),
        ("batch of 10,000 pods, PostgreSQL: kube9 / bare insert", 5.0, 4.0, False),
        ("1,000 nodes beat by agents: suspected or failed", 0.0, 0.0, True),
        ("1,000 nodes beat in memory: suspected or failed", 2.0, 0.0, False),
        ("pods of a dead node run elsewhere, worst: lease times", pytest.approx(2.1), 2.0, False),
    ]


def test_markdown(result):
    lines = result.markdown().splitlines()
    assert "| pods | SQLite | 64 | 3,000 | 12.5 | 6,000 | 2.00 | 400 |" in lines
    assert "| heartbeats | PostgreSQL | 64 | 1,500 | 12.5 | 6,000 | 4.00 |  |" in lines
    assert "| SQLite | 10,000 | 1,000 | 1.50 | 0.50 | 3.00 |" in lines
    assert "| 10,000 | 4.2 | 200 | 10 | 20.00 |" in lines
    assert "| 10,000 | 100,000 | 600 | 80 |" in lines
    assert "| by agents | 1,000 | 10,000 | 100 | 1,100 | 55 | 500 | 200 | 2.50 | 2.0 | 7.2 | 3.5 | 8.0 | 0 |" in lines
    assert "| in memory | 1,000 | 500 | 100 | 100 | 20 |  |  |  |  |  | 3.5 | 8.0 | 2 |" in lines
    assert "| suspected | 3.0 | 3.5 | 0.33 | 0.39 |" in lines
    assert "| all its pods run elsewhere | 9.9 | 18.9 | 1.10 | 2.10 |" in lines


def test_the_page_holds_what_is_printed_now(bench, result):
    """The numbers are those of the machine that made them; all else must be as it would be made today."""
    begin, end = bench("server.result").BEGIN, bench("server.result").END
    page = PAGE.read_text(encoding="utf-8")
    made = page[page.index(begin) : page.index(end)]
    lines = result.markdown().splitlines()
    heads = [head for head, rule in pairwise(lines) if rule.startswith("| --- |")]
    assert len(heads) == 7
    assert all(head in made for head in heads)
    for rate in result.rates:
        assert f"| {rate.what} | {rate.database} | {rate.clients} |" in made
    for mark in result.marks:
        assert f"| {mark.what} |" in made


class TestGenerator:
    """What is sent is made beforehand, each request whole."""

    def test_every_request_has_its_own_number(self, bench):
        job = {"head": "POST /v1/pods HTTP/1.1\r\n", "body": '{"name": "pod-{n}"}', "first": 7, "count": 2}
        assert bench("server.generator").requests_of(job) == [
            b'POST /v1/pods HTTP/1.1\r\nContent-Length: 25\r\n\r\n{"name": "pod-000000007"}',
            b'POST /v1/pods HTTP/1.1\r\nContent-Length: 25\r\n\r\n{"name": "pod-000000008"}',
        ]

    def test_choices_come_by_turns(self, bench):
        job = {"choices": ["POST /a HTTP/1.1\r\n", "POST /b HTTP/1.1\r\n"], "first": 0, "count": 3}
        made = bench("server.generator").requests_of(job)
        assert [request[5:7] for request in made] == [b"/a", b"/b", b"/a"]
        assert all(request.endswith(b"\r\nContent-Length: 0\r\n\r\n") for request in made)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_every_number_is_there(bench, capsys, stoppable_postgres):
    bench("__main__").main(["server", "--quick", "--json"], standalone_mode=False)
    out, err = capsys.readouterr()
    found = json.loads(out)
    cases = [(one["what"], one["database"], one["clients"]) for one in found["rates"]]
    kinds = (("pods", 1), ("pods", 4), ("heartbeats", 4))
    assert cases == [(what, database, clients) for database in ("SQLite", "PostgreSQL") for what, clients in kinds]
    for one in found["rates"]:
        assert one["perSecond"] > 0
        assert one["ratio"] == pytest.approx(one["constantPerSecond"] / one["perSecond"])
        assert (one["commitsPerSecond"] or 0) > 0 or one["what"] == "heartbeats"
    assert [(one["database"], one["pods"]) for one in found["batches"]] == [("SQLite", 50), ("PostgreSQL", 50)]
    assert all(one["bareSeconds"] > 0 for one in found["batches"])
    assert found["list"]["answerBytes"] > 50 * 200
    assert found["memory"]["fullBytes"] > 0
    assert "memory ..." in err
    agents, memory = found["beating"]
    assert (agents["requests"], memory["requests"]) == (20, 10)
    assert agents["cpuSeconds"] >= 0
    assert agents["beatP99Ms"] >= agents["beatP50Ms"] > 0
    assert memory["beatP50Ms"] is None
    assert [(one["what"], len(one["seconds"])) for one in found["failover"]["delays"]] == [
        ("suspected", 1),
        ("failed", 1),
        ("all its pods run elsewhere", 1),
    ]
    assert found["failover"]["leaseSeconds"] == 0.9
