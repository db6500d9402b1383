"""The steps of docs/howto/run-on-docker.md, one after the other in a real shell, on a real engine of their own."""

from __future__ import annotations

import re
import shutil

import pytest
from attrs import fields

from kube9.backends.docker.settings import DockerSettings

PAGE = "docs/howto/run-on-docker.md"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(300)
def test_every_step_works_and_shows_what_the_page_shows(page, own_engine):
    if shutil.which("docker") is None:
        pytest.skip("needs the docker command: apt install docker-cli, or docker.io where that has it")
    page.env["DOCKER_HOST"] = own_engine.address
    # The images of the page, where nothing can be pulled.
    page.server = page.server.replace("docker", f"docker:base={own_engine.node_base}")
    own_engine.client.images.get(own_engine.busybox).tag("busybox:1")
    page.follow_all()
    assert own_engine.left() == {}


def test_there_are_steps(page):
    assert len(page.steps) >= 15
    assert page.files


def test_every_option_is_told_with_its_default(page):
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", page.text, flags=re.MULTILINE))
    assert set(told) == {each.name for each in fields(DockerSettings)}
    plain = {each.name: str(each.default) for each in fields(DockerSettings) if each.default}
    assert {name: told[name].strip("`") for name in plain} == plain
