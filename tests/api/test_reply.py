from __future__ import annotations

import json

from flask import Flask, Response

from kube9.api.reply import SAFETY, json_reply


def test_a_document_goes_out_with_all_that_is_to_be_said_of_it():
    answer = json_reply({"name": "größe"}, 201, [("Location", "/v1/pods/a")])
    assert (answer.status_code, answer.content_type) == (201, "application/json")
    assert json.loads(answer.get_data()) == {"name": "größe"}
    assert answer.headers["Content-Length"] == str(len('{"name":"größe"}'.encode()))
    assert answer.headers["Location"] == "/v1/pods/a"
    assert set(SAFETY) <= set(answer.headers)


def test_a_header_may_come_more_than_once():
    answer = json_reply({}, headers=[("Warning", "one"), ("Warning", "two")])
    assert answer.headers.getlist("Warning") == ["one", "two"]


def test_its_media_type_may_be_another():
    assert json_reply({}, media_type="application/problem+json").content_type == "application/problem+json"


def test_its_headers_go_out_as_those_of_any_other_answer():
    """The second look at them that is left out would have found nothing to change."""
    app = Flask("test")
    app.add_url_rule("/ours", "ours", lambda: json_reply({"a": 1}, headers=[("Location", "/v1/pods/a")]))
    headers = [("Content-Type", "application/json"), *SAFETY, ("Location", "/v1/pods/a")]
    app.add_url_rule("/flasks", "flasks", lambda: Response(b'{"a":1}', headers=headers))
    client = app.test_client()
    for method in ("GET", "HEAD"):
        ours, flasks = (client.open(path, method=method) for path in ("/ours", "/flasks"))
        assert sorted(ours.headers) == sorted(flasks.headers)
        assert ours.data == flasks.data
