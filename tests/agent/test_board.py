from __future__ import annotations

import os

from kube9.agent.board import Board


def test_it_begins_with_nothing_to_guard():
    board = Board()
    assert (board.lease_until_ms, board.sweeping) == (0, False)


def test_what_one_process_writes_another_reads():
    board = Board()
    pid = os.fork()
    if not pid:
        board.lease_until_ms, board.sweeping = 2**52, True
        os._exit(0)
    os.waitpid(pid, 0)
    assert (board.lease_until_ms, board.sweeping) == (2**52, True)
    board.sweeping = False
    assert (board.lease_until_ms, board.sweeping) == (2**52, False)
