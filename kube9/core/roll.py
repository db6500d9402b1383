"""Which beats are of today: told from late ones, repeated ones, and those of a start of the node that is over."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from kube9.core.nodes import Node

__all__ = ["Roll", "Standing"]

#: Starts of one node that may be asked for a proof at a time.
_ASKED_MAX = 4


class Standing(Enum):
    """What to make of a beat."""

    #: It has to come again with the token: only who is there now can send that.
    UNPROVED = "unproved"
    #: The node started anew, and is there.
    JOINED = "joined"
    #: The node that is known, and it is later than any beat before.
    PRESENT = "present"
    #: A later one came before, or the same one.
    LATE = "late"


class Roll:
    """Keeps, for each node, which start of it is known and how far its beats have come.

    Two starts of one node cannot be put in order by anything they say of themselves: their clocks may be wrong, their
    messages may overtake each other. So a start that is not known gets a token, and counts once it says the token.
    Forgetting everything, as a restart does, is harmless: everybody proves itself again.

    :param make_token: makes a text that nobody can guess.
    """

    def __init__(self, make_token: Callable[[], str]) -> None:
        self._make_token = make_token
        #: By node, then by start.
        self._tokens: dict[str, dict[str, str]] = {}
        self._sequences: dict[str, tuple[str, int]] = {}

    def receive(self, node: Node, boot: str, token: str, sequence: int) -> Standing:
        """Take a beat of ``node`` in. After ``JOINED`` the cluster is to be told, so that it knows ``boot``."""
        tokens = self._tokens.setdefault(node.uid, {})
        if tokens.get(boot) != token:
            if boot not in tokens:
                while len(tokens) >= _ASKED_MAX:  # the start that is known is not crowded out by old ones
                    del tokens[next(each for each in tokens if each != node.incarnation)]
                tokens[boot] = self._make_token()
            return Standing.UNPROVED
        if boot != node.incarnation:
            self._tokens[node.uid] = {boot: token}
            self._sequences[node.uid] = (boot, sequence)
            return Standing.JOINED
        known_boot, known = self._sequences.get(node.uid, ("", 0))
        if boot == known_boot and sequence <= known:
            return Standing.LATE
        self._sequences[node.uid] = (boot, sequence)
        return Standing.PRESENT

    def token(self, node: Node, boot: str) -> str:
        """What that start of ``node`` is to say with its next beats."""
        return self._tokens.get(node.uid, {}).get(boot, "")

    def latest(self, uid: str) -> tuple[str, int]:
        """Which start of a node was heard last, and its last beat; an empty text where none was."""
        return self._sequences.get(uid, ("", 0))

    def forget(self, uid: str) -> None:
        """The node is gone."""
        self._tokens.pop(uid, None)
        self._sequences.pop(uid, None)
