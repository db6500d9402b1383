from __future__ import annotations

import hashlib

from kube9.controlplane.tickets import Tickets, digest_of


def test_what_is_stored_of_a_token_is_its_digest():
    assert digest_of("secret") == hashlib.sha256(b"secret").hexdigest()


def test_a_ticket_is_known_until_it_is_dropped():
    tickets = Tickets("http://here")
    digest = tickets.issue("n")
    ticket = tickets.ticket("n")
    assert (ticket.node_uid, ticket.server_url, digest_of(ticket.token)) == ("n", "http://here", digest)
    assert "n" in tickets
    assert ticket.token not in repr(ticket)
    tickets.drop("n")
    tickets.drop("n")
    assert (tickets.ticket("n"), "n" in tickets) == (None, False)


def test_every_token_is_another():
    tickets = Tickets()
    assert len({tickets.issue(uid) for uid in ("a", "b", "a")}) == 3
    assert len(tickets.ticket("a").token) >= 40
