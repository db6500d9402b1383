"""``kube9 pod exec``: as if the command ran here."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest

PATIENCE_S = 60.0


@pytest.fixture
def web(live, done):
    live.add_nodes("n1")
    done("pod", "run", "web", "--image", "nginx", "--wait")
    return live


@pytest.fixture
def execute():
    """Run ``kube9 pod exec web`` in a process of its own."""

    def execute(*args, **options):
        command = [sys.executable, "-m", "kube9", "pod", "exec", "web", *args]
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)

    return execute


def test_its_output_and_its_end_are_ours(web, execute):
    ended = execute("--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ended.stdout, ended.stderr, ended.returncode) == (b"out\n", b"err\n", 3)
    ended = execute("-c", "main", "--", "ls", "-l")
    assert (ended.stdout, ended.stderr, ended.returncode) == (b"ls -l\n", b"", 0)


def test_its_input_is_ours_where_that_is_wanted(web, execute):
    data = bytes(range(256)) * 4000
    ended = execute("-i", "--", "cat", input=data)
    assert (ended.stdout, ended.stderr, ended.returncode) == (data, b"", 0)
    ended = execute("--", "cat", input=b"unread")
    assert (ended.stdout, ended.returncode) == (b"", 0)
    # It ends although there is more to read for it.
    ended = execute("-i", "--", "false", input=b"unread")
    assert (ended.stdout, ended.stderr, ended.returncode) == (b"", b"", 1)


def test_an_end_that_does_not_wait_for_what_is_typed(web):
    command = [sys.executable, "-m", "kube9", "pod", "exec", "web", "-i", "--", "false"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        assert waiting.wait(PATIENCE_S) == 1
        assert waiting.stderr.read() == b""


def test_what_cannot_be_run_is_told(web, execute, run):
    ended = execute("-t", "--", "sh")
    assert (ended.stdout, ended.returncode) == (b"", 2)
    assert ended.stderr == b"Error: --tty needs a terminal, and stdin is none; leave --tty out\n"
    for args, code, message in [
        (("no", "--", "ls"), 2, "there is no pod 'no'"),
        (("web", "-c", "db", "--", "ls"), 2, "it has main"),
        (("web",), 2, "Missing argument 'COMMAND...'"),
    ]:
        result = run("pod", "exec", *args)
        assert (result.exit_code, message in result.stderr) == (code, True), result.stderr


def test_a_pod_that_waits_takes_no_commands(web, done, run):
    done("pod", "run", "big", "--cpu", "64")
    result = run("pod", "exec", "big", "--", "ls")
    assert (result.exit_code, "takes no commands" in result.stderr) == (1, True)


class Terminal:
    """``kube9 pod exec web -it`` at a terminal of its own, as a person would have it."""

    def __init__(self, *command):
        self.near, self.far = pty.openpty()
        self.resize(24, 80)
        self.before = termios.tcgetattr(self.far)
        args = [sys.executable, "-m", "kube9", "pod", "exec", "web", "-it", "--", *command]
        self.process = subprocess.Popen(args, stdin=self.far, stdout=self.far, stderr=self.far)
        self.seen = b""
        self.wait_until_lent()

    def wait_until_lent(self):
        """What is typed before that is shown here, and not there."""
        waiting, deadline_s = threading.Event(), time.monotonic() + PATIENCE_S
        while not self.is_raw():
            assert self.process.poll() is None, os.read(self.near, 4096)
            assert time.monotonic() < deadline_s, "it never took the terminal"
            waiting.wait(0.01)

    def resize(self, rows, columns):
        fcntl.ioctl(self.near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.near, keys)

    def until(self, text):
        """Read until ``text`` was shown; forget what came before it."""
        self.until_seen(text)
        self.seen = self.seen.partition(text)[2]

    def until_seen(self, text):
        """Read until ``text`` was shown."""
        deadline_s = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            ready, _, _ = select.select([self.near], [], [], deadline_s - time.monotonic())
            assert ready, (text, self.seen)
            self.seen += os.read(self.near, 4096)

    def line(self):
        """The next line that is shown."""
        self.until_seen(b"\r\n")
        line, _, self.seen = self.seen.partition(b"\r\n")
        return line

    def end(self):
        """Its exit code, once it has ended by itself."""
        return self.process.wait(PATIENCE_S)

    def is_raw(self):
        return not termios.tcgetattr(self.far)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)

    def is_as_before(self):
        return termios.tcgetattr(self.far) == self.before

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.near)
        os.close(self.far)


@pytest.fixture
def at_terminal():
    terminals = []

    def open_one(*command):
        terminals.append(Terminal(*command))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


def test_a_shell_at_a_terminal(web, at_terminal):
    terminal = at_terminal("sh")
    terminal.type(b"echo hello\r")
    terminal.until(b"echo hello\r\nhello\r\n")
    terminal.type(b"exit 4\r")
    assert terminal.end() == 4
    assert terminal.is_as_before()


def test_the_terminal_there_is_as_large_as_the_one_here(web, at_terminal):
    terminal = at_terminal("sh")
    terminal.type(b"stty size\r")
    terminal.until(b"24 80\r\n")
    terminal.resize(50, 132)
    # The system tells it to whatever is in the foreground there, which takes a session of its own.
    terminal.process.send_signal(signal.SIGWINCH)
    # The other size goes another way than what is typed, so that it may come later.
    shown = b""
    for _ in range(500):
        terminal.type(b"stty size\r")
        terminal.until(b"stty size\r\n")
        shown = terminal.line()
        if shown == b"50 132":
            break
    assert shown == b"50 132"
    terminal.type(b"exit\r")
    assert terminal.end() == 0


def test_keys_that_would_end_us_go_there(web, at_terminal):
    terminal = at_terminal("cat")
    terminal.type(b"ab\r")
    terminal.until(b"ab\r\nab\r\n")
    terminal.type(b"\x03")
    terminal.until(b"^C")
    assert terminal.end() == 130
    assert terminal.is_as_before()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_us_gets_the_terminal_back(web, at_terminal, number):
    terminal = at_terminal("cat")
    terminal.type(b"ab\r")
    terminal.until(b"ab\r\nab\r\n")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert terminal.is_as_before()


def test_a_pod_that_goes_gives_the_terminal_back(web, at_terminal, done):
    terminal = at_terminal("cat")
    terminal.type(b"ab\r")
    terminal.until(b"ab\r\nab\r\n")
    done("pod", "delete", "web", "--wait")
    assert terminal.end() == 137
    assert terminal.is_as_before()


def test_a_server_that_goes_gives_the_terminal_back(web, at_terminal):
    terminal = at_terminal("cat")
    terminal.type(b"ab\r")
    terminal.until(b"ab\r\nab\r\n")
    web.server.stop()
    assert terminal.end() == 1
    terminal.until(b"Error: ")
    assert terminal.is_as_before()
