"""Running the ``kube9`` program, in this process and in one of its own, with plugins that pip really installed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from kube9.cli.main import cli

#: Whatever else is installed beside kube9 is no affair of these tests.
ALONE = {"KUBE9_PLUGINS": "", "KUBE9_PLUGINS_OFF": "", "KUBE9_STRICT_PLUGINS": ""}

LIVE = Path(__file__).parents[1] / "client" / "live.py"


@pytest.fixture
def run():
    """Run the program in this process; what it wrote is in ``stdout`` and ``stderr``."""

    def run(*args, env=None):
        return CliRunner().invoke(cli, args, prog_name="kube9", env={**ALONE, **(env or {})})

    return run


@pytest.fixture
def start(tmp_path):
    """Run the program, or any module, in a process of its own, in ``tmp_path``."""

    def start(*args, site=None, module="kube9", env=None, **options):
        environment = {**os.environ, "KUBE9_PLUGINS": "", **(env or {})}
        if site is not None:
            environment["PYTHONPATH"] = str(site)
            environment.pop("KUBE9_PLUGINS")
            environment.update(env or {})
        command = [sys.executable, "-m", module, *args]
        options = {"capture_output": True, **options}
        return subprocess.run(command, env=environment, cwd=tmp_path, text=True, check=False, **options)

    return start


@pytest.fixture(autouse=True)
def logs_as_they_were():
    """The program sets up logging for its process, which is that of all other tests."""
    logger = logging.getLogger("kube9")
    before = logger.handlers[:], logger.level
    yield
    logger.handlers[:], logger.level = before


@pytest.fixture(autouse=True)
def no_server_but_our_own(monkeypatch, tmp_path):
    """Whatever server whoever runs the tests has is no affair of theirs."""
    for name in ("KUBE9_SERVER", "KUBE9_TOKEN", "KUBE9_CA_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBE9_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def live(tmp_path):
    """A whole cluster in this process, which commands find by themselves."""
    spec = spec_from_file_location("live", LIVE)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    here = module.Live(tmp_path / "state")
    yield here
    here.close()


@pytest.fixture
def done(run):
    """Run the program, which must succeed; what it wrote to stdout, line by line."""

    def done(*args, **options):
        result = run(*args, **options)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()

    return done


@pytest.fixture
def said(done):
    """The same with ``-o json``, read."""
    return lambda *args: json.loads("\n".join(done(*args, "-o", "json")))


@pytest.fixture
def start_json(start):
    """The same with ``-o json``, and its output read; it must succeed."""

    def start_json(*args, **options):
        ended = start(*args, "-o", "json", **options)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return start_json


@pytest.fixture
def pip_install(tmp_path):
    """Have pip install a package of one module into a folder that ``start`` takes as ``site``."""

    def pip_install(name, version, source, entry_points, *, requires=()):
        wheel = write_wheel(tmp_path, name, version, source, entry_points, requires)
        site = tmp_path / "site"
        command = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
        subprocess.run([sys.executable, *command, "--target", str(site), str(wheel)], check=True)
        return site

    return pip_install


def write_wheel(folder, name, version, source, entry_points, requires):
    """A wheel is a zip file, so that making one needs no build tool and no index."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    files = {
        f"{module}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[kube9]\n{entry_points}\n",
    }
    record = "".join(f"{path},sha256={digest(text)},{len(text.encode())}\n" for path, text in files.items())
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return wheel


def digest(text):
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
