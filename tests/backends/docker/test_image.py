from __future__ import annotations

import logging
import secrets

import pytest

from kube9.agent import labels
from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.engine import Engine
from kube9.backends.docker.image import NodeImage, PullProgress
from kube9.core.errors import BackendError


class Ticking:
    """A clock that goes on by two seconds whenever it is looked at."""

    now_s = 0.0

    def __call__(self):
        self.now_s += 2.0
        return self.now_s


def layer(name, current, total=2_000_000, status="Downloading"):
    return {"id": name, "status": status, "progressDetail": {"current": current, "total": total}}


def test_a_pull_is_told_of_now_and_then(caplog):
    steps = [layer("a", 500_000), layer("b", 0), layer("a", 1_000_000), layer("a", 0, status="Download complete")]
    with caplog.at_level(logging.INFO):
        progress = PullProgress("python:3-slim", Ticking())
        progress.follow(steps)
    assert 1 <= len(caplog.messages) < len(steps)
    assert caplog.messages[0].startswith("pulling base image python:3-slim: ")
    assert str(progress) == "2.0 of 4.0 MB in 2 layers"


def test_a_pull_that_fails_half_way_is_told_with_what_to_do():
    with pytest.raises(BackendError, match="could not be pulled: no space left.*--backend docker:base=IMAGE"):
        PullProgress("python:3-slim").follow([layer("a", 1), {"error": "no space left"}])


@pytest.mark.once
def test_one_image_is_made_for_one_agent_and_base(engine, program_file):
    own = Engine(Endpoint(url=engine.address, source="the tests"), 60_000)
    # The images of runs at the same time are not to be the same.
    tags, own_end = set(), f"  # {secrets.token_hex(8)}"
    try:
        same = NodeImage(own, engine.node_base, "Never", lambda: program_file(f"print(1){own_end}"))
        tags = {same.ensure(), same.ensure()}
        other = NodeImage(own, engine.node_base, "Never", lambda: program_file(f"print(2){own_end}")).ensure()
        assert len(tags) == 1
        assert other not in tags
        tags.add(other)
        # What runs on it is told from what a cluster made by labels that it does not bring along.
        brought = engine.client.api.inspect_image(other)["Config"]["Labels"]
        assert set(brought) & {getattr(labels, name) for name in labels.__all__} == set()
        assert engine.client.containers.run(other, remove=True) == b"2\n"
    finally:
        own.close()
        for tag in tags:
            engine.client.images.remove(tag, force=True)
