"""What docs/howto/database.md says of messages is what a server says."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "database.md").read_text(encoding="utf-8")
SOURCES = Path(__file__).parents[2] / "kube9" / "store"


def test_what_it_says_of_messages_is_what_the_store_says():
    said = " ".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    told = re.findall(r"^\| `(.*?)` \|", PAGE, flags=re.MULTILINE)
    assert len(told) == 8
    assert [message for message in told if message.replace("process 4711 on web1", "{holder}") not in said] == []
