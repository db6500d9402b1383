from __future__ import annotations

import pytest

from kube9.backends.docker.door import Door
from kube9.backends.serverat import ServerAt, server_file_of
from kube9.core.errors import BackendError

ENGINE = {"OperatingSystem": "Debian GNU/Linux 12 (bookworm)"}
DESKTOP = {"OperatingSystem": "Docker Desktop"}
#: Nobody has it (RFC 5737).
ELSEWHERE = "192.0.2.1"


@pytest.fixture
def door():
    made = []

    def make(url="", given="", certificate=""):
        made.append(Door(given, ServerAt(url=url, certificate=certificate)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_what_is_said_is_taken(door):
    found = door("http://127.0.0.1:9009", given="https://kube9.example:1", certificate="PEM").open(ENGINE, ELSEWHERE)
    assert server_file_of(found) == {"url": "https://kube9.example:1", "certificate": "PEM"}


def test_an_address_that_others_reach_is_taken_as_it_is(door):
    assert door("https://10.1.2.3:9009").open(ENGINE, ELSEWHERE).url == "https://10.1.2.3:9009"


def test_a_server_that_listens_everywhere_is_reached_at_the_gateway(door):
    assert door("http://0.0.0.0:9009").open(ENGINE, "127.0.0.1").url == "http://127.0.0.1:9009"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]"])
def test_a_desktop_knows_its_host_by_name(door, host):
    assert door(f"http://{host}:9009").open(DESKTOP, ELSEWHERE).url == "http://host.docker.internal:9009"


def test_a_server_that_only_this_machine_reaches_gets_a_relay_which_is_kept(door):
    # Another loopback address plays the gateway.
    one = door("http://127.0.0.1:9")
    url = one.open(ENGINE, "127.0.0.2").url
    assert url.startswith("http://127.0.0.2:")
    assert one.open(ENGINE, "127.0.0.2").url == url


def test_a_gateway_that_moved_gets_another_relay(door):
    one = door("http://127.0.0.1:9")
    one.open(ENGINE, "127.0.0.2")
    assert one.open(ENGINE, "127.0.0.3").url.startswith("http://127.0.0.3:")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9009", "http://0.0.0.0:9009"])
def test_an_engine_elsewhere_needs_to_be_told(door, url):
    with pytest.raises(BackendError, match="--backend docker:server=http://ADDRESS:PORT"):
        door(url).open(ENGINE, ELSEWHERE)


def test_nothing_known_is_said_so_until_a_ticket_tells(door):
    one = door()
    assert not one.known
    with pytest.raises(BackendError, match="not known where the API server listens"):
        one.open(ENGINE, "127.0.0.1")
    one.learn(ServerAt(url="http://10.0.0.1:9009"))
    one.learn(ServerAt())
    assert one.open(ENGINE, ELSEWHERE).url == "http://10.0.0.1:9009"
