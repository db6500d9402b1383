"""The engine that tests are given, what they may not leave on it, and the engine that they may break."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

SLEEP = ["sleep", "600"]


def run_in(engine, image, *command):
    """What a command says in a container of its own."""
    return engine.client.containers.run(image, list(command), network_mode="none", remove=True).decode().strip()


def test_the_images_are_there_and_have_what_is_promised(engine):
    assert run_in(engine, engine.busybox, "sh", "-c", "echo $((6 * 7))") == "42"
    assert run_in(engine, engine.node_base, "python3", "-c", "print(6 * 7)") == "42"


def test_busybox_is_made_of_the_machines_own(engine):
    if not (program := engine.static_busybox()):
        pytest.skip("needs busybox without libraries: apt install busybox-static")
    tag = f"kube9-test/made:{secrets.token_hex(4)}"
    engine.import_busybox(program, tag)
    try:
        assert run_in(engine, tag, "sh", "-c", "whoami; stat -c %a /tmp") == "root\n1777"
    finally:
        engine.client.images.remove(tag)


@pytest.fixture
def left(engine):
    """A cluster's container, network and volume, which somebody has forgotten."""
    mark = f"c-{secrets.token_hex(4)}"
    labels = {"kube9.cluster": mark}
    engine.client.networks.create(mark, labels=labels)
    engine.client.volumes.create(mark, labels=labels)
    engine.client.containers.run(engine.busybox, SLEEP, name=mark, labels=labels, network=mark, detach=True)
    yield mark
    engine.remove(mark)


def test_what_a_cluster_left_is_found_and_removed(engine, left):
    assert {kind for kind, _ in engine.left(left)} == {"container", "network", "volume"}
    assert set(engine.left(left).values()) == {left}
    engine.remove(left)
    assert engine.left(left) == {}


def test_what_others_have_is_no_concern_of_a_cluster(engine, left):
    engine.remove(f"{left}-other")
    assert len(engine.left(left)) == 3


def test_each_test_has_a_mark_of_its_own(engine, cluster_mark):
    assert cluster_mark.startswith("c-")
    assert engine.left(cluster_mark) == {}


def test_an_own_engine_is_another_one(engine, own_engine):
    assert own_engine.address != engine.address
    assert own_engine.client.info()["DockerRootDir"] != engine.client.info()["DockerRootDir"]


def test_an_own_engine_is_stopped_killed_and_started(own_engine):
    asleep = own_engine.client.containers.run(own_engine.busybox, SLEEP, stop_signal="SIGKILL", detach=True)
    own_engine.restart()
    asleep.reload()
    assert asleep.status == "exited"
    own_engine.kill()
    assert not own_engine.dockerd.answers()
    own_engine.start()
    asleep.remove()


def test_containers_of_an_own_engine_find_each_other_by_name(own_engine):
    client, busybox = own_engine.client, own_engine.busybox
    network = client.networks.create("together")
    server = ["sh", "-c", "echo found > index.html; exec httpd -f -p 80"]
    there = client.containers.run(busybox, server, name="there", network="together", detach=True)
    asked = "timeout 20 sh -c 'until wget -q -O - http://there; do sleep 0.1; done'"
    try:
        assert client.containers.run(busybox, ["sh", "-c", asked], network="together", remove=True) == b"found\n"
    finally:
        there.remove(force=True)
        network.remove()


def test_an_own_engine_can_be_used_where_node_images_are_made(own_engine):
    assert run_in(own_engine, own_engine.node_base, "python3", "-c", "print(6 * 7)") == "42"


NEEDS_ENGINE = """
    def test_it(engine):
        assert engine.client.ping()
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """A suite of its own with the fixtures of this one, and no engine in reach."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{pytester.path}/nobody.sock")
    monkeypatch.delenv("KUBE9_REQUIRE_ALL", raising=False)
    for name in ("conftest.py", "engine.py"):
        shutil.copy(Path(__file__).with_name(name), pytester.path)
    pytester.makepyfile(NEEDS_ENGINE)
    return pytester


def test_without_an_engine_its_tests_are_left_out_with_a_hint(suite):
    result = suite.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["1 x needs a container engine, and none answers at *nobody.sock: apt install docker*"])


def test_without_an_engine_its_tests_fail_where_everything_is_required(suite, monkeypatch):
    monkeypatch.setenv("KUBE9_REQUIRE_ALL", "1")
    suite.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(errors=1)


def test_a_test_that_leaves_something_on_the_engine_fails_and_it_is_removed(pytester, engine):
    for name in ("conftest.py", "engine.py"):
        shutil.copy(Path(__file__).with_name(name), pytester.path)
    path = pytester.path / "conftest.py"
    path.write_text(path.read_text(encoding="utf-8").replace("GRACE_S = 30.0", "GRACE_S = 0.2"), encoding="utf-8")
    pytester.makepyfile("""
        from pathlib import Path

        def test_it(engine, cluster_mark):
            Path("mark").write_text(cluster_mark)
            engine.client.volumes.create(cluster_mark, labels={"kube9.cluster": cluster_mark})
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    mark = (pytester.path / "mark").read_text(encoding="utf-8")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"the test left on the engine: volume {mark}"])
    assert engine.left(mark) == {}
