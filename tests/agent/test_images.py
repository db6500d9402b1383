from __future__ import annotations

import pytest

from kube9.agent.engine import EngineError
from kube9.agent.images import percents, reference


@pytest.mark.parametrize(
    "image, found",
    [
        ("web", ("web", "latest")),
        ("web:1", ("web", "1")),
        ("host:5000/shop/web", ("host:5000/shop/web", "latest")),
        ("host:5000/web:2", ("host:5000/web", "2")),
        ("web@sha256:ab", ("web", "sha256:ab")),
    ],
)
def test_names_and_tags(image, found):
    assert reference(image) == found


def layer(name, current, total=100):
    return {"id": name, "status": "Downloading", "progressDetail": {"current": current, "total": total}}


def test_progress_is_told_in_few_steps():
    lines = [{"status": "Pulling from web", "id": "1"}, *(layer("a", done) for done in range(0, 101, 5))]
    assert list(percents(iter(lines))) == [25, 50, 75]


def test_a_layer_that_begins_later_makes_it_no_less():
    lines = [layer("a", 60), layer("b", 0, 900), layer("b", 800, 900), {"id": "a", "status": "Download complete"}]
    assert list(percents(iter(lines))) == [50, 75]


def test_a_failure_in_the_middle():
    with pytest.raises(EngineError, match="no space left"):
        list(percents(iter([layer("a", 1), {"error": "no space left", "errorDetail": {}}])))
