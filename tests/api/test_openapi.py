from __future__ import annotations

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from kube9.api import Limits
from kube9.api.application import RESOURCES
from kube9.api.openapi import openapi_document

OPENAPI = openapi_document(RESOURCES, Limits())

#: As many as find what there is to find, within seconds; the seed is the same each time.
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_it_is_what_the_server_tells(api):
    assert api.get("/openapi.json").json == json.loads(json.dumps(OPENAPI))


def test_it_is_valid():
    OpenAPIV31SpecValidator(OPENAPI).validate()


def test_every_route_is_described_and_every_description_has_its_route(api):
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in api.app.url_map.iter_rules()
        # HEAD is GET without the body, and OPTIONS the same everywhere.
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(method, path) for path, methods in OPENAPI["paths"].items() for method in methods}
    assert routes == described


def operations():
    return [
        pytest.param(told, id=told["operationId"]) for methods in OPENAPI["paths"].values() for told in methods.values()
    ]


@pytest.mark.parametrize("told", operations())
def test_each_operation_says_all_there_is_to_say(told):
    assert told["summary"].endswith(".")
    assert told["tags"]
    for parameter in told["parameters"]:
        assert parameter["description"]
        assert parameter["schema"]
    assert {"400", "500"} <= told["responses"].keys()
    if told.get("security") != []:
        assert {"401", "403"} <= told["responses"].keys()
    if "requestBody" in told:
        assert {"413", "415"} <= told["responses"].keys()


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_schema_is_there_and_used():
    used = {reference.removeprefix("#/components/schemas/") for reference in references(OPENAPI)}
    assert used == OPENAPI["components"]["schemas"].keys()


def test_the_fields_of_manifests_are_those_that_are_read():
    spec = OPENAPI["components"]["schemas"]["PodManifest"]["properties"]["spec"]
    assert {"containers", "requests", "tolerations", "configs"} <= spec["properties"].keys()
    # Those that are refused are not offered.
    assert "hostPID" not in spec["properties"]


#: What each answer is held to. Left out: that all that a schema lets through is taken (a schema cannot say that two
#: containers of one name make no pod), and checks of authentication, which have tests of their own.
HELD_TO = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
)


def finite(told):
    """Whether an operation's answer ends. No client of a test would come back from one that does not."""
    return told["operationId"] != "stream_events"


def ends(case):
    """The same of one request."""
    return str((case.query or {}).get("follow", "")).lower() != "true"


def existing(path):
    """The names of things that are there, for paths that take one; a name made up is seldom that of anything."""
    if "{name}" not in path:
        return [None]
    return [None, {"name": "n1" if path.startswith("/v1/nodes") else "web"}]


def generated():
    return [
        pytest.param(path, method, mode, names, id=f"{told['operationId']}-{mode.value}-{'there' if names else 'any'}")
        for path, methods in OPENAPI["paths"].items()
        for method, told in methods.items()
        for mode in GenerationMode
        for names in existing(path)
        if finite(told)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("path,method,mode,names", generated())
def test_whatever_is_asked_is_answered_as_described(api, path, method, mode, names):
    load_all_checks()
    checks = CHECKS.get_by_names(HELD_TO)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", api.app, headers=dict(api.AUTHORIZED))
    api.node("n1")
    api.pod("web")
    api.post("/v1/deployments", api.deployment_manifest("web", 1))

    @seed(20261123)
    @settings(EXAMPLES)
    @given(case=schema[path][method].as_strategy(generation_mode=mode, path_parameters=names))
    def holds(case):
        assume(ends(case))
        case.call_and_validate(headers=dict(api.AUTHORIZED), checks=checks)

    try:
        holds()
    except Unsatisfiable:
        # Of what takes nothing, nothing wrong can be asked.
        assert mode is GenerationMode.NEGATIVE
        assert not OPENAPI["paths"][path][method]["parameters"]
