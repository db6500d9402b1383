from __future__ import annotations


def test_every_plugin_is_told(api, kube9):
    found = {each["name"]: each for each in api.get("/v1/plugins").json["plugins"]}
    assert found.keys() == {info.name for info in kube9.plugins.infos}
    policies = found["policies"]
    assert policies["builtIn"] is True
    assert policies["error"] is None
    assert "best-fit" in policies["offers"]["schedulers"]


def test_names_are_in_camel_case(api):
    offers = {kind for each in api.get("/v1/plugins").json["plugins"] for kind in each["offers"]}
    assert "queueDisciplines" in offers
    assert not any("_" in kind for kind in offers)
