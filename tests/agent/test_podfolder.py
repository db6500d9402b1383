from __future__ import annotations

import os
import stat

import pytest

from kube9.agent.podfolder import read_document, remove_folder, remove_links, set_up, write_document
from kube9.agent.processrecipe import Link, ProcessRecipe, TextFile


def recipe(folder, **more):
    empty = {"folders": (), "files": (), "links": ()}
    return ProcessRecipe(("a",), {}, str(folder), 0, 0, 0, **{**empty, **more})


def test_what_a_container_needs_is_made_for_its_user_alone(tmp_path):
    made = recipe(
        tmp_path,
        folders=(f"{tmp_path}/a/b",),
        files=(TextFile(f"{tmp_path}/a/c/d", b"text", 0o400),),
        links=(Link(f"{tmp_path}/e/f", f"{tmp_path}/a/b"),),
    )
    for _ in range(2):  # a container that starts again finds it as it was
        set_up(made)
        assert (tmp_path / "a/c/d").read_bytes() == b"text"
        assert (tmp_path / "e/f").readlink() == tmp_path / "a/b"
        modes = [stat.S_IMODE((tmp_path / path).stat().st_mode) for path in ("a/b", "a/c/d")]
        assert modes == [0o700, 0o400]
    remove_links(made)
    assert not os.path.lexists(tmp_path / "e/f")
    assert (tmp_path / "a/b").is_dir()


def test_nothing_of_somebody_elses_makes_way_for_a_volume(tmp_path):
    (tmp_path / "there").write_text("precious")
    made = recipe(tmp_path, links=(Link(f"{tmp_path}/there", f"{tmp_path}/v"),))
    with pytest.raises(ValueError, match="something else is at"):
        set_up(made)
    remove_links(made)
    assert (tmp_path / "there").read_text() == "precious"


def test_a_folder_is_removed_with_all_in_it_and_nothing_that_links_lead_to(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    folder = tmp_path / "folder"
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").write_text("x")
    (deep / "link").symlink_to(outside)
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    for path in (deep, folder / "a"):
        path.chmod(0o500)
    remove_folder(str(folder))
    assert not folder.exists()
    assert (outside / "precious").exists()
    remove_folder(str(folder))


def test_a_link_instead_of_the_folder_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (tmp_path / "folder").symlink_to(outside)
    with pytest.raises(OSError):
        remove_folder(str(tmp_path / "folder"))
    assert (outside / "precious").exists()


def test_a_document_is_written_whole_for_its_owner_alone(tmp_path):
    path = str(tmp_path / "x.json")
    assert read_document(path) is None
    for number in (1, 2):
        write_document(path, {"number": number})
        assert read_document(path) == {"number": number}
    assert stat.S_IMODE((tmp_path / "x.json").stat().st_mode) == 0o600
    (tmp_path / "x.json").write_text("{")
    assert read_document(path) is None
