from __future__ import annotations

import json

import pytest
from flask import Request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.test import EnvironBuilder

from kube9.api import body
from kube9.api.limits import Limits
from kube9.core.errors import ManifestError

LIMITS = Limits(depth=4, items=3)


def request(data, content_type="application/json"):
    if not isinstance(data, (bytes, str)):
        data = json.dumps(data)
    return Request(EnvironBuilder(method="POST", data=data, content_type=content_type).get_environ())


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
)
def test_json_is_read(content_type):
    assert body.read_json(request({"a": [1]}, content_type), LIMITS) == {"a": [1]}


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "json", "text/json"]
)
def test_what_is_not_said_to_be_json_is_not_taken(content_type):
    with pytest.raises(UnsupportedMediaType, match="Content-Type: application/json"):
        body.read_json(request("{}", content_type), LIMITS)


@pytest.mark.parametrize("data", ["", "{", "{'a': 1}", "NaN", '{"a": Infinity}', b"\xff", '"\\ud800"', "[" * 5000])
def test_what_is_no_json(data):
    with pytest.raises(ManifestError, match="no JSON"):
        body.read_json(request(data), LIMITS)


@pytest.mark.parametrize("data", [[], "text", 1, None, True])
def test_what_is_no_object(data):
    with pytest.raises(ManifestError, match="expected an object"):
        body.read_object(request(data if not isinstance(data, str) else '"text"'), LIMITS)


def nested(depth):
    return json.dumps({"a": 1}) if depth == 1 else f"[{nested(depth - 1)}]"


def test_depth_has_a_limit():
    assert body.read_json(request(nested(4)), LIMITS)
    with pytest.raises(ManifestError, match="more than 4 deep"):
        body.read_json(request(nested(5)), LIMITS)


def test_many_things_beside_each_other_are_not_deep():
    assert len(body.read_json(request([[{}]] * 50), LIMITS)) == 50


@pytest.mark.parametrize("document", [{"a": "x\0"}, {"a\0": 1}, [["\0"]]])
def test_no_text_has_the_character_zero(document):
    with pytest.raises(ManifestError, match=r"U\+0000"):
        body.read_json(request(document), LIMITS)


def test_a_text_about_the_character_zero_is_fine():
    assert body.read_json(request({"a": "\\u0000"}), LIMITS) == {"a": "\\u0000"}


def test_fields_may_be_missing_but_not_unknown():
    assert body.read_fields(request("", None), LIMITS, "a") == {}
    assert body.read_fields(request({"a": 1}), LIMITS, "a", "b") == {"a": 1}
    with pytest.raises(ManifestError, match="c: unknown field; expected a, b"):
        body.read_fields(request({"c": 1}), LIMITS, "a", "b")


def test_the_items_of_a_list():
    assert body.items_of({"items": [1, 2, 3]}, LIMITS, "List") == [1, 2, 3]


def test_every_fault_of_a_list_is_told():
    wrong = {"apiVersion": "v2", "metadata": 1, "kind": "Pod", "items": [0] * 4, "itmes": []}
    with pytest.raises(ManifestError) as refused:
        body.items_of(wrong, LIMITS, "List", "PodList")
    assert [problem.path for problem in refused.value.problems] == ["apiVersion", "metadata", "kind", "items", "itmes"]


@pytest.mark.parametrize("items", [None, {}, "x", 1, True])
def test_what_is_no_list(items):
    with pytest.raises(ManifestError, match="items: expected a list"):
        body.items_of({"items": items}, LIMITS, "List")
