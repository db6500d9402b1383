"""``kube9 dashboard`` is a command of kube9, and says where it listens without saying the token."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kube9_dashboard.command import streamlit_arguments
from kube9_dashboard.settings import Settings

#: The program that was installed beside this Python.
_KUBE9 = Path(sys.executable).with_name("kube9")


def kube9(*arguments):
    return subprocess.run([_KUBE9, *arguments], capture_output=True, text=True, check=False)


def test_kube9_offers_it():
    told = kube9("dashboard", "--help")
    assert told.returncode == 0, told.stderr
    assert "--port NUMBER" in told.stdout
    assert "--token TOKEN" in told.stdout


def test_a_number_that_is_no_port_is_misuse():
    told = kube9("dashboard", "--port", "0")
    assert told.returncode == 2


def test_streamlit_keeps_to_itself():
    arguments = streamlit_arguments("127.0.0.1", 9010)
    options = dict(zip(arguments[5::2], arguments[6::2], strict=True))
    assert options["--server.address"] == options["--browser.serverAddress"] == "127.0.0.1"
    assert options["--browser.gatherUsageStats"] == "false"
    assert options["--server.headless"] == "true"
    assert options["--runner.fastReruns"] == "false"


def test_settings_arrive_in_the_environment_and_nowhere_else():
    given = Settings(server="http://127.0.0.1:1", token="secret", state_dir="/tmp/x", refresh_s=3.5, reports="/tmp/y")
    assert Settings.of({**os.environ, **given.environment()}) == given
    assert "secret" not in repr(given)
    assert "secret" not in " ".join(streamlit_arguments("127.0.0.1", 1))
    assert Settings.of({}) == Settings()
