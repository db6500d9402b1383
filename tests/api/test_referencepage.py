"""The OpenAPI document as people read it, and the page in docs/reference that is made of it."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from kube9.api import Limits
from kube9.api.application import RESOURCES
from kube9.api.openapi import openapi_document
from kube9.api.referencepage import chapters, errors, shapes, words

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "api.md").read_text(encoding="utf-8")

OPENAPI = openapi_document(RESOURCES, Limits())
OPERATIONS = {each.name: each for chapter in chapters(OPENAPI) for each in chapter.operations}
SHAPES = {each.name: each for each in shapes(OPENAPI)}


@pytest.mark.parametrize(
    "schema,expected",
    [
        ({}, ""),
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"]}, "text or null"),
        ({"type": "integer", "minimum": 0}, "integer"),
        ({"type": "integer", "minimum": 1, "maximum": 10}, "integer from 1 to 10"),
        ({"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "integer"),
        ({"type": "number", "minimum": 0, "maximum": 5}, "number from 0 to 5"),
        ({"enum": ["a"]}, "`a`"),
        ({"enum": ["a", "b", "c"]}, "`a`, `b` or `c`"),
        ({"const": "v1", "type": "string"}, "`v1`"),
        ({"$ref": "#/components/schemas/Pod"}, "Pod"),
        ({"oneOf": [{"$ref": "#/components/schemas/Pod"}, {"type": "null"}]}, "Pod or null"),
        ({"type": "array"}, "list"),
        ({"type": "array", "items": {"type": "boolean"}}, "list of boolean"),
        ({"type": "object"}, "object"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "text by name"),
    ],
)
def test_what_a_schema_takes_in_words(schema, expected):
    assert words(schema) == expected


def test_every_operation_and_every_shape_is_told():
    assert OPERATIONS.keys() == {told["operationId"] for path in OPENAPI["paths"].values() for told in path.values()}
    assert list(SHAPES) == list(OPENAPI["components"]["schemas"])


def test_an_operation_is_told_with_all_that_it_takes_and_answers():
    launch = OPERATIONS["launch_pod"]
    assert (launch.method, launch.path) == ("POST", "/v1/pods")
    assert [(row.name, row.where) for row in launch.parameters] == [
        ("namespace", "query"),
        ("Idempotency-Key", "header"),
    ]
    assert launch.body == "PodManifestOrList"
    assert [(result.status, result.body) for result in launch.results] == [("200", "PodOrBatch"), ("201", "Pod")]
    assert {"400", "409", "503"} <= set(launch.errors)
    assert OPERATIONS["drain_node"].body == "DrainOptions, may be left out"
    assert OPERATIONS["pod_logs"].results[0].body == "text/plain"


def test_who_may_ask_is_told_where_it_is_not_as_everywhere():
    assert OPERATIONS["list_pods"].access == ""
    assert OPERATIONS["healthz"].access == "Needs no token."
    assert "node's own token" in OPERATIONS["beat"].access
    assert "password" in OPERATIONS["docs_page"].access


def test_an_answer_that_is_no_problem_is_no_error_whatever_its_status():
    ready = OPERATIONS["readyz"]
    assert [(result.status, result.body) for result in ready.results] == [("200", "Health"), ("503", "Health")]
    assert "503" not in ready.errors


def test_an_error_means_the_same_everywhere():
    """Which is why the pages tell it once."""
    told = {result.status: result.about for result in errors(OPENAPI)}
    assert list(told) == sorted(told)
    for methods in OPENAPI["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if "application/problem+json" in response.get("content", {}):
                    assert response["description"] == told[status]


def test_fields_of_inner_objects_stand_below_the_field_they_are_in():
    rows = {row.name: row for row in SHAPES["Problem"].rows}
    assert rows["status"].required
    assert not rows["problems"].required
    assert rows["problems[].path"].type == "text"
    assert "status.nodeName" in {row.name for row in SHAPES["Pod"].rows}


def test_a_list_is_told_by_what_is_said_of_its_items():
    warnings = next(row for row in SHAPES["Applied"].rows if row.name == "warnings")
    assert (warnings.type, warnings.about[:24]) == ("list of text", "What is not honoured and")


def test_each_of_several_objects_is_told_with_its_own_fields():
    one, other = SHAPES["BatchItem"].choices
    assert "nodeName" in {row.name for row in one.rows}
    assert [row.name for row in other.rows] == ["problem"]
    assert SHAPES["PodOrBatch"].choices == ()
    assert SHAPES["PodOrBatch"].type == "Pod or Batch"


def test_the_reference_is_what_its_script_writes():
    script = runpy.run_path(str(REFERENCE / "make_api.py"))
    assert script["page"](PAGE) == PAGE, "run docs/reference/make_api.py"


def test_the_script_wants_the_mark_that_it_writes_behind():
    script = runpy.run_path(str(REFERENCE / "make_api.py"))
    with pytest.raises(SystemExit, match="lost its mark"):
        script["page"]("A page without it.\n")


def test_no_table_of_the_reference_has_a_column_without_a_name():
    heads = re.findall(r"^(\|.*\|)\n\| ---", PAGE, flags=re.MULTILINE)
    assert len(heads) > 30
    assert [head for head in heads if "" in [cell.strip() for cell in head[1:-1].split("|")]] == []


def test_the_error_of_the_reference_is_what_its_request_is_answered_with(api):
    request, answer = map(json.loads, re.findall(r"^```json\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
    assert api.problem_of(api.post("/v1/pods", request), 400) == answer
