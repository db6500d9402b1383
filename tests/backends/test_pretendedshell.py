from __future__ import annotations

import pytest

from kube9.backends.pretendedshell import STDERR, STDOUT, Size, Spoken, run_command, run_script


@pytest.mark.parametrize(
    "words,spoken",
    [
        (["echo", "a", "b c"], Spoken(STDOUT, "a b c\n")),
        (["echo", "a", ">&2"], Spoken(STDERR, "a\n")),
        (["true"], Spoken(STDOUT, "")),
        (["false"], Spoken(STDOUT, "", 1)),
        (["exit", "3"], Spoken(STDOUT, "", 3, last=True)),
        (["exit"], Spoken(STDOUT, "", 0, last=True)),
        (["exit", "x"], Spoken(STDOUT, "", 2, last=True)),
        (["exit", "257"], Spoken(STDOUT, "", 1, last=True)),
        (["stty", "size"], Spoken(STDERR, "stty: standard input is no terminal\n", 1)),
        (["ls", "-l", "a b"], Spoken(STDOUT, "ls -l 'a b'\n")),
    ],
)
def test_a_command_does_what_it_can(words, spoken):
    assert run_command(words, None) == spoken


def test_a_terminal_has_a_size():
    assert run_command(["stty", "size"], Size(3, 4)) == Spoken(STDOUT, "3 4\n")


def test_a_script_is_run_up_to_its_exit():
    said = list(run_script("echo a; ;false\necho b >&2; exit 4; echo c", None))
    assert [(each.text, each.code) for each in said] == [("a\n", 0), ("", 1), ("b\n", 0), ("", 4)]


def test_a_script_that_cannot_be_read_is_told():
    (said,) = run_script("echo 'a", None)
    assert (said.stream, said.code, said.last) == (STDERR, 2, True)
    assert said.text == "sh: No closing quotation: echo 'a\n"
