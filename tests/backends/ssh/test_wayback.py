from __future__ import annotations

import pytest

from kube9.backends.serverat import ServerAt
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.wayback import WayBack

pytestmark = [pytest.mark.once, pytest.mark.timeout(120)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9009", "http://localhost:9009", "http://[::1]:9009", ""])
def test_an_address_of_the_servers_own_loopback_is_not_tried(reach, url):
    _, machine = reach()
    assert WayBack("", ServerAt(url=url)).candidate(machine) == ""


def test_what_the_user_says_comes_first_and_of_the_node_before_all(reach):
    server = ServerAt(url="http://10.0.0.1:9009")
    _, machine = reach()
    assert WayBack("", server).candidate(machine) == "http://10.0.0.1:9009"
    assert WayBack("http://10.0.0.2:1", server).candidate(machine) == "http://10.0.0.2:1"
    _, said = reach("n2", server="http://10.0.0.3:2")
    way = WayBack("http://10.0.0.2:1", server)
    assert way.candidate(said) == "http://10.0.0.3:2"
    assert way.open(said).url == "http://10.0.0.3:2"
    assert said.tunnel is None


def test_where_the_machine_does_not_reach_it_there_is_a_tunnel(reach):
    _, machine = reach()
    way = WayBack("", ServerAt(url="http://127.0.0.1:9009"))
    assert way.open(machine).url == f"http://127.0.0.1:{machine.tunnel.port}"
    assert machine.tunnel.target == ("127.0.0.1", 9009)
    tunnel = machine.tunnel
    way.learn(ServerAt(url="http://127.0.0.1:9010"))
    assert way.open(machine).url.startswith("http://127.0.0.1:")
    assert machine.tunnel is not tunnel
    assert machine.tunnel.target == ("127.0.0.1", 9010)


def test_a_server_of_which_nothing_is_known_has_no_way(reach):
    _, machine = reach()
    way = WayBack("", ServerAt())
    assert not way.known
    with pytest.raises(MachineRefused, match="it is not known where the API server listens"):
        way.open(machine)
