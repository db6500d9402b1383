from __future__ import annotations

import base64
import hashlib

import pytest

from kube9.api.tokens import Tokens, basic_password, bearer_token, digest_of
from kube9.controlplane import digest_of as digest_in_store
from kube9.core.errors import AccessDenied, InvalidInput
from kube9.core.nodes import Node, NodeSpec


def node(name, token):
    digest = digest_of(token) if token else ""
    return Node(uid=name, spec=NodeSpec(name=name), ordinal=0, token_digest=digest)


def test_a_token_is_known_by_its_digest_alone():
    tokens = Tokens.of("word")
    assert tokens.is_admin("word")
    assert not tokens.is_admin("other")
    assert "word" not in repr(tokens)
    assert tokens.admin_digest == hashlib.sha256(b"word").hexdigest()
    assert tokens.admin_digest not in repr(tokens)


def test_both_sides_keep_the_same_of_a_token():
    assert digest_of("word") == digest_in_store("word")


def test_what_is_no_digest_is_refused():
    with pytest.raises(InvalidInput, match="SHA-256"):
        Tokens("word")


def test_a_token_leads_to_its_node():
    nodes = [node("a", "one"), node("b", ""), node("c", "two")]
    assert Tokens.node_of("two", nodes).name == "c"
    assert Tokens.node_of("three", nodes) is None
    # A node without a token is no node of the empty one.
    assert Tokens.node_of("", nodes) is None


@pytest.mark.parametrize("header", ["Bearer word", "bearer word", "BEARER  word "])
def test_a_bearer_token_is_read(header):
    assert bearer_token(header) == "word"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic word", "word"])
def test_without_a_bearer_token_nobody_is_known(header):
    with pytest.raises(AccessDenied, match="Authorization: Bearer"):
        bearer_token(header)


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header,password",
    [
        (basic("anybody:word"), "word"),
        (basic(":wo:rd"), "wo:rd"),
        (basic("anybody:"), None),
        (basic("anybody"), None),
        ("Basic not-base64!", None),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), None),
        ("Bearer word", None),
        (None, None),
    ],
)
def test_a_browsers_password_is_read(header, password):
    assert basic_password(header) == password


def test_a_token_that_is_no_text_is_just_unknown():
    assert not Tokens.of("word").is_admin("\udcff")
