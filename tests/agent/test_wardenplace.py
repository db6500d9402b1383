from __future__ import annotations

import json
import stat
from contextlib import suppress
from pathlib import Path

from kube9.agent.proctable import start_of
from kube9.agent.wardenplace import RUN, launch, status_file


def wardens_of(node_uid):
    """The processes that are one or were begun to be, whatever their folder."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes().endswith(f"\0{node_uid}\0".encode()):
                pids.append(int(path.parent.name))
    return pids


def test_a_folder_has_one_however_often_it_is_launched(warden):
    for _ in range(3):
        launch(str(warden.folder), warden.node_uid)
    # The others look who has the folder in their own time: after this test they would find that nobody has.
    warden.until(lambda: wardens_of(warden.node_uid) == [warden.about["pid"]], "the only one")
    assert warden.ask("hello")["pid"] == warden.about["pid"]
    assert start_of(warden.about["pid"]) == warden.about["start"]


def test_it_is_written_down_which_process_it_is_for_its_owner_alone(warden):
    path = Path(status_file(str(warden.folder)))
    about = json.loads(path.read_text(encoding="ascii"))
    assert (about["pid"], about["start"]) == (warden.about["pid"], warden.about["start"])
    assert stat.S_IMODE((warden.folder / RUN).stat().st_mode) == 0o700
