"""The packages of contrib/, as pip installs them beside kube9's wheel and takes them away again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Words for kube9 that use what each offers, and what is said of them when it is gone; ``None`` where it only listens.
OFFERED = {
    "kube9-dashboard": (("dashboard",), "there is no command 'dashboard'; installed: apply, "),
    "kube9-fgd": (
        ("serve", "--scheduler", "gpu-best-fit"),
        "there is no scheduler 'gpu-best-fit'; installed: best-fit, first-fit, random, worst-fit.",
    ),
    "kube9-notify": None,
    "kube9-queueing": (
        ("serve", "--queue", "sjf"),
        "there is no queue discipline 'sjf'; installed: fcfs, priority.",
    ),
}

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory, build_wheel):
    """The wheel of each package."""
    folder = tmp_path_factory.mktemp("wheels")
    return {name: build_wheel(ROOT / "contrib" / name, folder) for name in OFFERED}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, clean_environment, wheel, wheels):
    """An environment with kube9 and all of them."""
    environment = clean_environment(tmp_path_factory.mktemp("whole"))
    environment.run("pip", "install", "--quiet", wheel)
    # What else they need is kube9's already, but for the dashboard's Streamlit, which is large and is not started here.
    environment.run("pip", "install", "--quiet", "--no-deps", *wheels.values())
    return environment


@pytest.fixture
def without(whole, wheels):
    """Take a package away for the time of a test."""
    gone = []

    def without(package):
        gone.append(package)
        whole.run("pip", "uninstall", "--quiet", "--yes", package)

    yield without
    for package in gone:
        whole.run("pip", "install", "--quiet", "--no-deps", wheels[package])


def test_all_packages_are_tried():
    assert {path.parent.name for path in (ROOT / "contrib").glob("*/setup.cfg")} == set(OFFERED)


@pytest.mark.parametrize("package", OFFERED)
def test_kube9_works_when_a_package_is_gone(whole, without, package):
    before = whole.plugins()
    (name,) = [name for name, each in before.items() if each["distribution"] == package]
    assert {each["error"] for each in before.values()} == {None}
    without(package)
    assert whole.plugins() == {other: each for other, each in before.items() if other != name}
    assert "Usage: kube9" in whole.run("kube9", "--help")
    assert "best-fit placed 24 of 24 pods" in whole.run("kube9", "demo")
    if OFFERED[package] is not None:
        words, said = OFFERED[package]
        assert said in whole.refused("kube9", *words)


def test_a_cluster_outlives_the_package_that_its_pods_ask_for(whole, without):
    with whole.serve("--scheduler", "gpu-best-fit", "--nodes", "1xcpu=4"):
        whole.run("kube9", "pod", "run", "usual", "--cpu", "1", "--wait")
        whole.run("kube9", "pod", "run", "waiting", "--cpu", "9", "--scheduler", "gpu-packing")
    without("kube9-fgd")
    with whole.serve():
        (pod,) = [pod for pod in pods(whole) if pod["metadata"]["name"] == "waiting"]
        reason = "scheduler 'gpu-packing' is not there; restart with its plugin, or delete what asks for it"
        assert pod["status"]["reason"] == reason
        assert reason in whole.refused("kube9", "pod", "explain", "waiting", code=1)
        whole.run("kube9", "pod", "run", "another", "--cpu", "1", "--wait")
        whole.run("kube9", "pod", "delete", "usual", "waiting", "another", "--wait")


def pods(environment):
    return json.loads(environment.run("kube9", "pod", "list", "-o", "json"))["items"]
