from __future__ import annotations

import pytest

from kube9.core.errors import NodeDown
from kube9.core.stimuli import LookAfterNode, NodeAbsent

pytestmark = pytest.mark.once

GREEDY = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
print("it began", flush=True)
signal.sigwait([signal.SIGHUP])
much = bytearray(2**31)
for at in range(0, 2**31, 4096):
    much[at] = 1
"""


def test_a_node_that_was_out_of_memory_is_said_to_be(make_bench):
    bench = make_bench(source=GREEDY)
    node = bench.up(cpu=500, memory=2**26)
    # Not before it has been seen to run.
    bench.container(node).kill("HUP")
    bench.told(LookAfterNode, node)
    with pytest.raises(NodeDown, match="was out of memory"):
        bench.backend.list_pods(node)


def test_a_network_that_somebody_removed_is_made_again(bench):
    node = bench.up()
    bench.container(node).remove(force=True)
    bench.told(LookAfterNode, node)
    bench.engine.client.networks.get(f"kube9-{bench.mark}").remove()
    bench.backend.create_node(node, bench.ticket(node))
    bench.began(node)


def test_a_node_that_can_never_start_again_is_absent(bench):
    """It would fail each attempt until it is given up; made anew, it runs."""
    node = bench.up()
    bench.container(node).kill()
    bench.told(LookAfterNode, node)
    bench.engine.client.networks.get(f"kube9-{bench.mark}").remove()
    bench.backend.restart_node(node)
    bench.told(NodeAbsent, node)
    assert bench.container(node) is None
