"""What docs/howto/database.md says can be done with a database can be done."""

from __future__ import annotations

import re
import shlex
import subprocess
from contextlib import closing
from pathlib import Path

from kube9.core.nodes import Node, NodeSpec
from kube9.core.outcome import NodeStored
from kube9.store import open_store

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "database.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[2] / "kube9" / "store"


def node(number):
    return Node(uid=f"node-{number}", spec=NodeSpec(name=f"n{number}", capacity={"cpu": 1000}), ordinal=number)


def test_a_backup_is_made_while_the_server_runs_and_can_be_used(tmp_path):
    (command,) = re.findall(r"^\$ (python3 .*)$", PAGE, flags=re.MULTILINE)
    with closing(open_store(str(tmp_path / "kube9.db"))) as store:
        store.commit([NodeStored(node(1))])
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
        store.commit([NodeStored(node(2))])
    with closing(open_store(str(tmp_path / "backup.db"))) as restored:
        assert restored.load().nodes == (node(1),)


def test_what_it_says_of_messages_is_what_the_store_says():
    said = " ".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    told = re.findall(r"^\| `(.*?)` \|", PAGE, flags=re.MULTILINE)
    assert len(told) == 8
    assert [message for message in told if message.replace("process 4711 on web1", "{holder}") not in said] == []
