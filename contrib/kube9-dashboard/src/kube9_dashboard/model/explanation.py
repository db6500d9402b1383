"""Why a pod is where it is, or would go where it would: nodes by score, and reasons by how many nodes give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from attrs import frozen

__all__ = ["Explanation", "Verdict", "explanation"]


@frozen(kw_only=True)
class Verdict:
    """What one node has to say."""

    node: str
    #: From 1; ``None`` where it does not fit.
    rank: int | None
    score: float | None
    reason: str
    wins: bool


@frozen(kw_only=True)
class Explanation:
    """What all have to say."""

    scheduler: str
    #: Where the pod is; ``None`` while it waits, and when it has ended.
    node: str | None
    winner: str | None
    tally: str
    #: The winner first, then by score, then those that do not fit; among equals as they joined.
    verdicts: tuple[Verdict, ...]
    #: Why nodes do not fit, and how many, the most first.
    refusals: tuple[tuple[str, int], ...]


def explanation(document: Mapping[str, Any]) -> Explanation:
    fitting = [node for node in document["nodes"] if node["fits"]]
    others = [node for node in document["nodes"] if not node["fits"]]
    fitting.sort(key=lambda node: (node["name"] != document["winner"], node["triedLast"], -(node["score"] or 0.0)))
    verdicts = [
        Verdict(
            node=node["name"],
            rank=rank,
            score=node["score"],
            reason="failed again and again, so it comes last" if node["triedLast"] else "",
            wins=node["name"] == document["winner"],
        )
        for rank, node in enumerate(fitting, start=1)
    ]
    verdicts += [Verdict(node=n["name"], rank=None, score=None, reason=n["reason"], wins=False) for n in others]
    return Explanation(
        scheduler=document["scheduler"],
        node=document["nodeName"],
        winner=document["winner"],
        tally=document["tally"],
        verdicts=tuple(verdicts),
        refusals=tuple(Counter(node["reason"] for node in others).most_common()),
    )
