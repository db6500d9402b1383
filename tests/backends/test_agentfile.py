from __future__ import annotations

import ast
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kube9.backends.agentfile import agent_file


def names(file):
    return set(zipfile.ZipFile(io.BytesIO(file.data)).namelist())


def test_it_is_the_same_whenever_it_is_made():
    one, other = agent_file(), agent_file()
    assert one == other
    assert one.sha256 == hashlib.sha256(one.data).hexdigest()


def test_it_is_the_same_whatever_the_order_and_the_rights_of_the_files(tmp_path):
    """A second process, with another seed for the order of its sets, makes the same."""
    command = "from kube9.backends.agentfile import agent_file; print(agent_file().sha256)"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    assert done.stdout.strip() == agent_file().sha256


def test_it_holds_the_agent_and_nothing_else_of_kube9():
    inside = names(agent_file())
    assert {"__main__.py", "kube9/__init__.py", "kube9/agent/main.py", "kube9/agent/brain.py"} <= inside
    others = {"__main__.py", "__main__.pyc", "kube9/__init__.py", "kube9/__init__.pyc"}
    assert {name for name in inside if not name.startswith("kube9/agent/")} == others


def test_something_else_makes_it_another_file():
    other = agent_file({"more.py": b"x = 1\n"})
    assert names(other) - names(agent_file()) == {"more.py", "more.pyc"}
    assert other.sha256 != agent_file().sha256


def test_all_of_it_is_written_in_python_3_8():
    archive = zipfile.ZipFile(io.BytesIO(agent_file().data))
    for name in archive.namelist():
        if name.endswith("c"):
            continue
        ast.parse(archive.read(name), name, feature_version=(3, 8))


def pythons():
    """This one, and one of each minor version from 3.8 on that is here."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    by_minor = {path.parts[-3].rpartition(".")[0]: str(path) for path in sorted(root.glob("3.*.*/bin/python"))}
    return [sys.executable, *(path for minor, path in sorted(by_minor.items()) if int(minor.partition(".")[2]) >= 8)]


#: Loads all of it, whatever of it is used.
LOAD_ALL = """
import importlib, sys, zipfile
sys.path.insert(0, sys.argv[1])
for name in sorted(zipfile.ZipFile(sys.argv[1]).namelist()):
    if name.startswith("kube9/agent/") and name.endswith(".py") and not name.endswith("__init__.py"):
        importlib.import_module(name[:-3].replace("/", "."))
print(sorted(name for name in sys.modules if name.startswith("kube9") and not name.startswith("kube9.agent")))
"""


def test_this_python_takes_what_is_compiled_already(tmp_path):
    program = tmp_path / "agent.pyz"
    program.write_bytes(agent_file({"more.py": b"x = 1\n"}).data)
    command = "import sys; sys.path.insert(0, sys.argv[1]); import more; print(more.__file__)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", command, str(program)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{program}/more.pyc"


@pytest.mark.once
@pytest.mark.parametrize("python", pythons())
def test_it_runs_wherever_there_is_a_python(python, tmp_path):
    program = tmp_path / "agent.pyz"
    program.write_bytes(agent_file().data)

    def run(*arguments):
        return subprocess.run([python, "-I", *arguments], capture_output=True, text=True, timeout=60, check=False)

    done = run(str(program), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--config DIR" in done.stdout
    done = run("-W", "error", "-c", LOAD_ALL, str(program))
    assert (done.stdout, done.stderr) == ("['kube9']\n", "")
