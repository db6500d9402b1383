from __future__ import annotations

import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from kube9.agent.archive import File, archive_of


def read(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [
            (each.name, each.mode, archive.extractfile(each).read() if each.isfile() else None)
            for each in archive.getmembers()
        ]


def test_only_folders_below_the_root_are_written():
    files = [
        File("/etc/web/conf/a.conf", b"a", 0o640, "/etc/web"),
        File("/etc/web/conf/b.conf", b"b", 0o600, "/etc/web"),
    ]
    assert read(archive_of(files)) == [
        ("etc/web/conf", 0o755, None),
        ("etc/web/conf/a.conf", 0o640, b"a"),
        ("etc/web/conf/b.conf", 0o600, b"b"),
    ]


def test_a_file_of_the_root_itself():
    assert read(archive_of([File("/one.conf", b"", 0o644, "")])) == [("one.conf", 0o644, b"")]


def test_its_time_is_what_is_said():
    with tarfile.open(fileobj=io.BytesIO(archive_of([File("/a/b", b"", 0o644, "/a")], 1_700_000_000))) as archive:
        assert [each.mtime for each in archive.getmembers()] == [1_700_000_000]


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=200),
    st.binary(max_size=2000),
)
def test_any_name_and_content_comes_back(name, content):
    found = read(archive_of([File(f"/root/{name}", content, 0o400, "/root")]))
    assert found == [(f"root/{name}", 0o400, content)]


def test_what_is_in_a_file_is_not_shown():
    assert "secret" not in repr([File("/a", b"secret", 0o644, "")])
