from __future__ import annotations

import pytest

from kube9.api import Limits, Tokens
from kube9.api.endpoint import Resource
from kube9.api.services import Services
from kube9.core.errors import Overloaded


@pytest.fixture
def make_services(plane, kube9):
    def make(**limits):
        resources = (Resource("pods", "What runs."),)
        return Services(
            plane=plane, plugins=kube9.plugins, tokens=Tokens.of("t"), limits=Limits(**limits), resources=resources
        )

    return make


def test_the_description_is_of_what_the_app_answers_and_made_once(make_services):
    services = make_services(items=7)
    assert services.openapi is services.openapi
    assert services.openapi["tags"] == [{"name": "pods", "description": "What runs."}]
    assert "7 documents" in services.openapi["info"]["description"]


def test_there_are_as_many_streams_as_its_limits_say(make_services):
    streams = make_services(streams=1).streams
    place = streams.enter()
    with pytest.raises(Overloaded):
        streams.enter()
    place.leave()


def test_no_two_apps_share_what_they_remember(make_services):
    one, other = make_services(), make_services()
    one.requests.observe("list_pods", 200, 0.1)
    assert other.requests.metrics()[0].samples == []
    assert one.parser is not other.parser
    assert one.streams is not other.streams
