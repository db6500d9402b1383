"""The program as a whole: its help, its commands, its errors, and how little it loads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import click
import pytest

import kube9
from kube9.cli.catalogue import BUILT_IN
from kube9.cli.main import Kube9Group
from kube9.core.errors import BackendError, FileError, UnknownName

COMMANDS = """
import click
import kube9

@click.command()
@click.argument("name", default="world")
def greet(name):
    \"\"\"Say hello to NAME.\"\"\"
    click.echo(f"hello {name}")

@kube9.hookimpl
def kube9_register_commands(register):
    register("greet", lambda: greet)
    register("odd", lambda: 3)
    register("failing", lambda: 1 / 0)
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "commands.py"
    path.write_text(COMMANDS)
    return str(path)


POLICY = """
import kube9

@kube9.scheduler("{name}")
def policy(pod, nodes):
    return nodes.free["cpu"]
"""

# ---------------------------------------------------------------------- help and version


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_lists_every_built_in_command_with_its_sentence(run, option):
    result = run(option)
    assert result.exit_code == 0
    told = " ".join(result.stdout.split())
    for name, sentence in BUILT_IN.items():
        assert f" {name} {sentence}" in told


def test_the_version_is_that_of_the_package(run):
    assert run("--version").stdout == f"kube9 {kube9.__version__}\n"


def test_it_runs_as_a_module(start):
    assert start("--version").stdout == f"kube9 {kube9.__version__}\n"
    assert start("--help").stdout.startswith("Usage: kube9 [OPTIONS] COMMAND")


HEAVY = {
    *("attr", "attrs", "flask", "jinja2", "kube9.app", "kube9.client", "logging", "matplotlib", "numpy", "pluggy"),
    *("requests", "rich", "sqlalchemy", "yaml"),
}
RUN_AND_LIST = """
import sys
from kube9.cli.main import cli
cli([{!r}], prog_name="kube9", standalone_mode=False)
sys.stderr.write(" ".join(sys.modules))
"""


def modules_after(option, env):
    ended = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST.format(option)], env=env, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.split())


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option):
    # What Python itself imports at its start, for an editable install perhaps, is no affair of ours.
    bare = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, check=True)
    assert HEAVY & modules_after(option, alone()) - set(bare.stdout.decode().split()) == set()


@pytest.mark.slow
def test_help_imports_nothing_heavy_for_installed_plugins_without_commands(pip_install):
    site = pip_install("kube9-policy", "1", POLICY.format(name="of-a-package"), "policy = kube9_policy")
    env = {**alone(), "PYTHONPATH": str(site), "KUBE9_PLUGINS": "policy,greet"}
    assert not HEAVY & modules_after("--help", env)
    pip_install("kube9-greet", "1", COMMANDS, "greet = kube9_greet")
    assert modules_after("--help", env) >= {"kube9.app", "kube9_policy"}


def alone():
    """The environment without what is installed beside kube9."""
    return {**os.environ, "KUBE9_PLUGINS": ""}


# ---------------------------------------------------------------------- commands of plugins


def test_a_command_of_a_plugin_is_in_the_help_and_runs(run, plugin):
    assert " greet Say hello to NAME. " in " ".join(run("--plugin", plugin, "--help").stdout.split())
    assert run("--plugin", plugin, "greet", "you").stdout == "hello you\n"
    assert "Usage: kube9 greet [OPTIONS] [NAME]" in run("--plugin", plugin, "greet", "--help").stdout


@pytest.mark.parametrize(
    "name, why",
    [
        ("odd", "command 'odd' from plugin '{}': expected a click.Command, got 3"),
        ("failing", "command 'failing' from plugin '{}' could not be made: ZeroDivisionError: division by zero"),
    ],
)
def test_a_command_that_cannot_be_made_fails_and_leaves_the_help_alone(run, plugin, name, why):
    result = run("--plugin", plugin, name)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {why.format(plugin)}")
    helped = run("--plugin", plugin, "--help")
    assert helped.exit_code == 0
    assert f"{name} " in helped.stdout
    assert "(broken: command" in helped.stdout


def test_a_built_in_command_cannot_be_replaced(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(COMMANDS.replace('"greet"', '"plugins"'))
    result = run("plugins", "--plugin", str(path))
    assert result.exit_code == 0
    assert f"command 'plugins' is registered by both 'commands' and '{path}'" in result.stdout


@pytest.mark.slow
def test_a_command_of_an_installed_plugin_is_in_the_help_and_runs(start, pip_install):
    site = pip_install("kube9-greet", "1", COMMANDS, "greet = kube9_greet")
    assert " greet Say hello to NAME. " in " ".join(start("--help", site=site).stdout.split())
    assert start("greet", site=site).stdout == "hello world\n"


def test_an_unknown_command_is_misuse_and_gets_the_nearest(run):
    result = run("plugns")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: there is no command 'plugns'; installed: {', '.join(sorted(BUILT_IN))}. Did you mean 'plugins'?\n"
    )


def test_an_unknown_command_may_be_meant_for_one_of_a_plugin(run, plugin):
    assert "Did you mean 'greet'?" in run("--plugin", plugin, "gret").stderr


def test_no_command_is_misuse_and_shows_the_help(run):
    result = run()
    assert "Usage: kube9 [OPTIONS] COMMAND" in result.output


def test_an_unknown_option_is_misuse(run):
    result = run("--nonsense")
    assert result.exit_code == 2
    assert "No such option" in result.stderr


# ---------------------------------------------------------------------- plugins before and after the command


@pytest.mark.parametrize(
    "args",
    [
        ("--plugin", "{a}", "--plugin", "{b}", "plugins"),
        ("plugins", "--plugin", "{a}", "--plugin", "{b}"),
        ("--plugin", "{a}", "plugins", "--plugin", "{b}"),
        ("--plugin", "{a}", "plugins", "--plugin", "{a}", "--plugin", "{b}"),
    ],
    ids=" ".join,
)
def test_plugins_may_be_named_before_and_after_the_command(run, tmp_path, args):
    paths = {}
    for name in "ab":
        paths[name] = str(tmp_path / f"{name}.py")
        (tmp_path / f"{name}.py").write_text(COMMANDS.replace("greet", f"greet-{name}", 0).replace('"', f'"{name}-', 0))
    (tmp_path / "b.py").write_text(
        "import kube9\n\n@kube9.scheduler('b')\ndef b(pod, nodes): return nodes.free['cpu']\n"
    )
    result = run(*[arg.format(**paths) for arg in args], "-o", "json")
    assert result.exit_code == 0
    assert result.stderr == ""
    for path in paths.values():
        assert result.stdout.count(f'"name": "{path}"') == 1


# ---------------------------------------------------------------------- errors


def group_raising(exc):
    @click.group(cls=Kube9Group)
    def group():
        """Fail."""

    def get_command(ctx, name):
        raise exc

    group.get_command = get_command
    return group


@pytest.mark.parametrize(
    "exc, code, told",
    [
        (FileError("pods.csv", "no such column", line=3), 2, "Error: pods.csv:3: no such column\n"),
        (UnknownName("there is no such thing"), 2, "Error: there is no such thing\n"),
        (BackendError("no engine"), 1, "Error: no engine\n"),
        (PermissionError(13, "Permission denied", "out.html"), 1, "Error: [Errno 13] Permission denied: 'out.html'\n"),
        (ValueError("oops"), 1, f"Error: ValueError: oops ({__file__}:"),
        (click.UsageError("not so"), 2, "Error: not so\n"),
        (KeyboardInterrupt(), 130, "\nInterrupted.\n"),
        (BrokenPipeError(32, "Broken pipe"), 1, ""),
    ],
    ids=repr,
)
def test_an_error_is_one_line_and_an_exit_code(exc, code, told):
    result = click.testing.CliRunner().invoke(group_raising(exc), ["anything"])
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith(told) if told else result.stderr == ""
    assert "Traceback" not in result.stderr


def test_a_bug_is_told_with_its_place(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "import kube9\n\nclass Mine:\n    suspect_at, fail_at = 1.0, 2.0\n\n    def suspicion(self, history, now_ms):\n"
        "        return history.beats\n\n@kube9.hookimpl\ndef kube9_register_health_checks(register):\n"
        "    register('mine', Mine)\n"
    )
    beats = tmp_path / "beats.csv"
    beats.write_text("node,at_ms\na,1000\na,2000\na,3000\n")
    result = run("health", "replay", str(beats), "--plugin", str(path), "--health", "mine")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: AttributeError: ")
    assert result.stderr.endswith(f"({path}:7). That is a bug, in kube9 or a plugin; 'kube9 -v ...' shows all of it.\n")


@pytest.mark.parametrize("option", ["-v", "--verbose"])
def test_verbose_shows_the_traceback_before_the_line(run, tmp_path, option):
    path = tmp_path / "mine.py"
    path.write_text("1 / 0")
    result = run(option, "plugins", "--plugin", str(path), "--strict-plugins")
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr
    assert "ZeroDivisionError: division by zero" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: plugin ")


def test_quiet_leaves_warnings_out(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("1 / 0")
    assert "Warning: plugin " in run("plugins", "--plugin", str(path)).stderr
    assert run("-q", "plugins", "--plugin", str(path)).stderr == ""


WAITS = """
import signal
import click
import kube9

@click.command()
def wait():
    click.echo("ready")
    signal.pause()

@kube9.hookimpl
def kube9_register_commands(register):
    register("wait", lambda: wait)
"""


def test_ctrl_c_ends_the_program_as_a_shell_expects(tmp_path):
    path = tmp_path / "waits.py"
    path.write_text(WAITS)
    command = [sys.executable, "-m", "kube9", "--plugin", str(path), "wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=alone()) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.strip() == "Interrupted."
