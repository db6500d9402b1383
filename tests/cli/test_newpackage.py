"""A package from a template works as it is: in a clean environment, beside the wheel that users have."""

from __future__ import annotations

import ast
import json
from configparser import ConfigParser

import pytest

from kube9.cli.newpackage import KINDS, NewPackage
from kube9.core.errors import Conflict, InvalidInput

#: The registry, as ``kube9 plugins -o json`` calls it, or the hook, by which each kind shows.
SHOWN_AS = {
    "scheduler": "schedulers",
    "filter": "filters",
    "health": "healthChecks",
    "backend": "backends",
    "events": "kube9_pod_bound",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["spread", "tightest-memory", "kube9-spread", "f1", "lambda", "none"])
def test_a_package_is_python_throughout(tmp_path, name, kind):
    files = NewPackage.named(name, kind).write(tmp_path / "new")
    for path in files:
        if path.suffix == ".py":
            ast.parse(path.read_text(encoding="utf-8"))
    assert all(path.is_file() for path in files)


def test_one_name_is_used_throughout(tmp_path):
    package = NewPackage.named("kube9-tightest-memory", "scheduler")
    assert (package.name, package.package, package.module) == (
        "tightest-memory",
        "kube9-tightest-memory",
        "kube9_tightest_memory",
    )
    package.write(tmp_path)
    setup = ConfigParser()
    setup.read(tmp_path / "setup.cfg", encoding="utf-8")
    assert setup["metadata"]["name"] == "kube9-tightest-memory"
    assert setup["options.entry_points"]["kube9"].strip() == "tightest-memory = kube9_tightest_memory"
    assert '@kube9.scheduler("tightest-memory", local=True)\ndef tightest_memory(' in (
        tmp_path / "src" / "kube9_tightest_memory" / "__init__.py"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["", "Spread", "my_policy", "9lives", "a--b", "a-", "kube9-", "a b", "x" * 41, "np", "table-of"]
)
def test_a_bad_name_is_refused_with_what_a_good_one_is(name):
    with pytest.raises(InvalidInput, match="expected small letters, digits and single hyphens"):
        NewPackage.named(name, "scheduler")


def test_nothing_is_overwritten(tmp_path):
    package = NewPackage.named("spread", "filter")
    (tmp_path / "there").write_text("mine")
    with pytest.raises(Conflict, match="is there already, and nothing is overwritten"):
        package.write(tmp_path)
    with pytest.raises(Conflict):
        package.write(tmp_path / "there")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


# ---------------------------------------------------------------------- in a clean environment


@pytest.fixture(scope="session")
def clean(tmp_path_factory, clean_environment, wheel):
    environment = clean_environment(tmp_path_factory.mktemp("clean"))
    environment.run("pip", "install", "--quiet", f"kube9[testing] @ {wheel.as_uri()}", "ruff>=0.17,<0.18")
    return environment


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_works_beside_the_wheel_and_leaves_no_trace(clean, tmp_path, kind):
    name, package = f"own-{kind}", tmp_path / f"kube9-own-{kind}"
    clean.run("kube9", "plugin", "new", name, "--kind", kind, cwd=tmp_path)
    clean.run("ruff", "check", "--isolated", cwd=package)
    clean.run("ruff", "format", "--isolated", "--check", cwd=package)
    clean.run("pip", "install", "--quiet", ".[test]", cwd=package)
    try:
        clean.run("pytest", "-q", cwd=package)
        shown = clean.plugins()[name]
        assert shown["error"] is None
        assert SHOWN_AS[kind] in shown["hooks"] or shown["offers"] == {SHOWN_AS[kind]: [name]}
        checked = json.loads(clean.run("kube9", "plugins", "check", name, "--examples", "20", "-o", "json"))
        assert [each["keeps"] for each in checked["checked"]] == [True]
        assert len(checked["checked"][0]["promises"]) > 5
    finally:
        clean.run("pip", "uninstall", "--yes", "--quiet", f"kube9-{name}")
    assert name not in clean.plugins()
    clean.run("kube9", "plugins", "check", name, code=2)
    clean.run("kube9", "plugins", "check", "first-fit", "--examples", "5")


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_the_kit_kube9_works_and_says_what_a_check_needs(tmp_path, clean_environment, wheel):
    bare = clean_environment(tmp_path)
    bare.run("pip", "install", "--quiet", str(wheel))
    bare.run("python", "-c", "import kube9; kube9.PodSpec(name='pod')")
    assert "best-fit" in bare.run("kube9", "plugins")
    said = bare.refused("kube9", "plugins", "check", "best-fit", code=1)
    assert "this needs pytest and hypothesis; install it with: pip install 'kube9[testing]'" in said
