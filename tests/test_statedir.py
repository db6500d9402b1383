"""The folder of a server: who may read it, who may be in it, and what it tells."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from kube9.core.errors import InvalidInput, StoreLocked
from kube9.statedir import ServerRecord, StateDir


@pytest.fixture
def folder(tmp_path):
    return StateDir(tmp_path / "state")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "path,env,expected",
    [
        ("/a", {"KUBE9_STATE_DIR": "/b"}, "/a"),
        (None, {"KUBE9_STATE_DIR": "/b", "XDG_STATE_HOME": "/c"}, "/b"),
        (None, {"XDG_STATE_HOME": "/c"}, "/c/kube9"),
        (None, {"KUBE9_STATE_DIR": "", "XDG_STATE_HOME": ""}, "~/.local/state/kube9"),
        (None, {}, "~/.local/state/kube9"),
    ],
)
def test_it_is_found_by_option_then_variable_then_custom(path, env, expected):
    assert StateDir.find(path, env).path == Path(expected).expanduser()


def test_a_relative_path_stays_where_it_was_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = StateDir("here")
    monkeypatch.chdir("/")
    assert folder.path == tmp_path / "here"
    assert folder.database_url == f"sqlite:///{tmp_path}/here/kube9.db"


def test_to_look_makes_nothing(folder):
    assert folder.token() is None
    assert folder.server() is None
    folder.forget_server()
    assert not folder.path.exists()


def test_nobody_else_can_read_it(folder):
    with folder.held():
        folder.make_token()
        folder.write_server(ServerRecord("http://127.0.0.1:1", 2))
    assert mode(folder.path) == 0o700
    assert {path.name: mode(path) for path in folder.path.iterdir()} == {
        "lock": 0o600,
        "server.json": 0o600,
        "token": 0o600,
    }


def test_a_token_is_made_once_and_then_kept(folder):
    with folder.held():
        first = folder.make_token()
        assert len(first) >= 40
        assert folder.make_token() == folder.token() == first


def test_two_folders_have_two_tokens(tmp_path):
    tokens = set()
    for name in "ab":
        folder = StateDir(tmp_path / name)
        with folder.held():
            tokens.add(folder.make_token())
    assert len(tokens) == 2


def test_a_token_that_others_could_read_is_closed_to_them(folder):
    with folder.held():
        token = folder.make_token()
        folder.token_file.chmod(0o644)
        assert folder.make_token() == token
    assert mode(folder.token_file) == 0o600


@pytest.mark.parametrize(
    "content", ["", "\n", "short", "with a blank and long enough otherwise", "ü" * 40, "x" * 30 + "\x07"]
)
def test_what_is_no_token_is_refused_with_what_to_do(folder, content):
    with folder.held():
        folder.token_file.write_text(content, encoding="utf-8")
        with pytest.raises(InvalidInput, match="token holds no token; delete it, and the next start makes one"):
            folder.make_token()


def test_a_server_tells_where_it_is_and_takes_it_back(folder):
    record = ServerRecord("https://127.0.0.1:9009", 4711, "/etc/cert.pem")
    with folder.held():
        folder.write_server(record)
        assert folder.server() == record
        folder.forget_server()
        assert folder.server() is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"x"', "{}", '{"url": "http://h"}', '{"url": "http://h", "pid": "x"}', "\xff"]
)
def test_a_broken_server_file_is_none(folder, content):
    with folder.held():
        folder.server_file.write_text(content, encoding="latin-1")
        assert folder.server() is None


def test_a_second_server_is_kept_out_and_told_of_the_first(folder):
    with folder.held():
        with (
            pytest.raises(
                StoreLocked, match="in use by another server; stop that one, or name another with --state-dir"
            ),
            StateDir(folder.path).held(),
        ):
            pytest.fail("two servers in one folder")
        folder.write_server(ServerRecord("http://127.0.0.1:9009", 4711))
        told = pytest.raises(StoreLocked, match=r"the server at http://127.0.0.1:9009 \(process 4711\)")
        with told, folder.held():
            pytest.fail("two servers in one folder")
    with folder.held():
        assert folder.server() is not None, "one that was killed leaves its file, and is in nobody's way"


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_a_folder_that_cannot_be_is_refused_with_what_to_do(tmp_path, kind):
    (tmp_path / "taken").write_text("")
    folder = StateDir(tmp_path / "taken" if kind == "file" else tmp_path / "taken" / "below")
    told = pytest.raises(InvalidInput, match="taken.* cannot be used: .*; name another with --state-dir")
    with told, folder.held():
        pytest.fail("a file is no folder")


def test_a_reader_sees_a_whole_record_while_it_is_written_again_and_again(folder):
    seen, over = set(), threading.Event()

    def read():
        while not over.is_set():
            seen.add(folder.server())

    with folder.held():
        records = [ServerRecord(f"http://127.0.0.1:{port}" + "/x" * port, port) for port in (1, 900)]
        folder.write_server(records[0])
        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(20):
            for record in records:
                folder.write_server(record)
        over.set()
        reader.join()
    assert seen <= set(records)
