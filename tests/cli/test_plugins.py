"""``kube9 plugins`` tells of every plugin: installed by pip, given by hand, sound or broken."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess

import pytest
import yaml

import kube9

POLICY = """
import kube9

@kube9.scheduler("tightest-memory")
def tightest_memory(pod, nodes):
    return -nodes.free["memory"]

@kube9.hookimpl
def kube9_node_lost(node):
    print("lost", node.name)
"""


def entry(document, name):
    (found,) = [plugin for plugin in document["plugins"] if plugin["name"] == name]
    return found


def test_the_built_in_plugins_are_listed_with_all_they_offer(run):
    document = json.loads(run("plugins", "-o", "json").stdout)
    assert entry(document, "policies") == {
        "name": "policies",
        "distribution": "kube9",
        "version": kube9.__version__,
        "source": "kube9.plugins.policies",
        "builtIn": True,
        "hooks": ["kube9_register_schedulers"],
        "offers": {"schedulers": ["best-fit", "first-fit", "random", "worst-fit"]},
        "error": None,
        "leftOutBy": None,
    }
    assert "fcfs" in entry(document, "queues")["offers"]["queueDisciplines"]


def test_json_and_yaml_say_the_same(run):
    assert yaml.safe_load(run("plugins", "-o", "yaml").stdout) == json.loads(run("plugins", "-o", "json").stdout)


def test_the_table_has_one_line_a_plugin(run):
    lines = run("plugins").stdout.splitlines()
    assert lines[0].split() == ["NAME", "PACKAGE", "SOURCE", "OFFERS", "HOOKS", "PROBLEM"]
    (line,) = [line for line in lines if line.startswith("policies ")]
    assert f"kube9 {kube9.__version__}" in line
    assert "schedulers: best-fit, first-fit, random, worst-fit" in line
    assert "kube9_register_schedulers" in line


def test_plugins_can_be_asked_for_by_hook(run):
    document = json.loads(run("plugins", "-o", "json", "--hook", "kube9_register_schedulers").stdout)
    assert [plugin["name"] for plugin in document["plugins"]] == ["policies"]


def test_an_unknown_hook_is_misuse_and_gets_the_nearest(run):
    result = run("plugins", "--hook", "kube9_register_scheduler")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "there is no hook 'kube9_register_scheduler'" in result.stderr
    assert "Did you mean 'kube9_register_schedulers'?" in result.stderr


def test_a_plugin_in_a_file_is_listed_with_the_file(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(POLICY)
    plugin = entry(json.loads(run("plugins", "--plugin", str(path), "-o", "json").stdout), str(path))
    assert (plugin["source"], plugin["distribution"], plugin["version"]) == (str(path), None, None)
    assert plugin["offers"] == {"schedulers": ["tightest-memory"]}
    assert plugin["hooks"] == ["kube9_node_lost"]


BROKEN = {
    "a syntax error": ("def policy(:\n", ":1: SyntaxError: "),
    "an exception": (
        "import kube9\n\nkube9.nonsense()\n",
        "AttributeError: module 'kube9' has no attribute 'nonsense'",
    ),
    "a hook without its mark": ("def kube9_node_lost(node): ...\n", "put @kube9.hookimpl above it"),
    "nothing": ("answer = 42\n", "it offers nothing"),
}


@pytest.mark.parametrize("text, why", BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_listed_with_its_error_and_fails_nothing(run, tmp_path, text, why):
    path = tmp_path / "mine.py"
    path.write_text(text)
    result = run("plugins", "--plugin", str(path), "-o", "json")
    assert result.exit_code == 0
    assert why in entry(json.loads(result.stdout), str(path))["error"]
    assert f"Warning: plugin '{path}' is broken and not used: " in result.stderr
    assert why in run("plugins", "--plugin", str(path)).stdout


@pytest.mark.parametrize("text, why", BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_fails_when_plugins_are_strict(run, tmp_path, text, why):
    path = tmp_path / "mine.py"
    path.write_text(text)
    for result in (
        run("plugins", "--plugin", str(path), "--strict-plugins"),
        run("--strict-plugins", "plugins", "--plugin", str(path)),
        run("plugins", "--plugin", str(path), env={"KUBE9_STRICT_PLUGINS": "1"}),
    ):
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith(f"Error: plugin '{path}' is broken and not used: ")
        assert why in result.stderr


def test_a_missing_file_is_misuse(run):
    result = run("plugins", "--plugin", "no/such/file.py")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: --plugin no/such/file.py: there is no such file")


# ---------------------------------------------------------------------- installed by pip


@pytest.fixture
def site(pip_install):
    """One sound package, one that raises when it is imported, and one for another kube9."""
    pip_install("kube9-sound", "1.2", POLICY, "sound = kube9_sound", requires=("kube9>=0.0.1",))
    pip_install("kube9-raises", "0.1", "import a_module_that_nobody_has", "raises = kube9_raises")
    return pip_install("kube9-old", "3", POLICY, "old = kube9_old", requires=("kube9<0.0.1",))


@pytest.mark.slow
def test_installed_plugins_are_listed_with_their_package_and_what_is_wrong(start_json, site):
    document = start_json("plugins", site=site, env={"KUBE9_PLUGINS": "sound,raises,old"})
    sound = entry(document, "sound")
    assert (sound["distribution"], sound["version"], sound["source"]) == ("kube9-sound", "1.2", "kube9_sound")
    assert sound["offers"] == {"schedulers": ["tightest-memory"]}
    assert sound["error"] is None
    assert not sound["builtIn"]
    raises = entry(document, "raises")
    assert raises["error"].startswith("ModuleNotFoundError: No module named 'a_module_that_nobody_has' (")
    assert (raises["distribution"], raises["version"]) == ("kube9-raises", "0.1")
    assert entry(document, "old")["error"] == f"kube9-old 3 wants kube9<0.0.1, this is {kube9.__version__}"


@pytest.mark.slow
def test_the_environment_leaves_installed_plugins_out(start, start_json, site):
    document = start_json("plugins", site=site, env={"KUBE9_PLUGINS": "kube9-sound", "KUBE9_PLUGINS_OFF": "queues"})
    assert entry(document, "raises")["leftOutBy"] == "KUBE9_PLUGINS"
    assert entry(document, "queues")["leftOutBy"] == "KUBE9_PLUGINS_OFF"
    assert entry(document, "sound")["leftOutBy"] is None
    assert "left out by KUBE9_PLUGINS" in start("plugins", site=site, env={"KUBE9_PLUGINS": ""}).stdout


@pytest.mark.slow
def test_strictness_makes_the_first_broken_installed_plugin_fatal(start, site):
    ended = start("plugins", "--strict-plugins", site=site, env={"KUBE9_PLUGINS": "sound,raises"})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: plugin 'raises' (kube9-raises 0.1) is broken and not used: ModuleNotFound")


# ---------------------------------------------------------------------- where it is written to


def test_on_a_terminal_the_table_is_fitted_to_it(start):
    primary, secondary = pty.openpty()
    env = {"TERM": "xterm", "COLUMNS": "90", "NO_COLOR": "1"}
    ended = start("plugins", env=env, capture_output=False, stdout=secondary, stderr=secondary)
    os.close(secondary)
    text = re.sub(r"\x1b\[[\d;]*m", "", drained(primary))
    os.close(primary)
    assert ended.returncode == 0
    assert "policies" in text
    assert max(map(len, text.splitlines())) <= 90


def drained(screen):
    """All that was written to a pseudo-terminal whose other end is closed."""
    pieces = []
    while True:
        try:
            piece = os.read(screen, 65536)
        except OSError:  # how Linux says that the other end is closed
            piece = b""
        if not piece:
            return b"".join(pieces).decode()
        pieces.append(piece)


def test_a_reader_that_goes_away_is_met_quietly(start):
    reader, writer = os.pipe()
    os.close(reader)
    ended = start("plugins", capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")
