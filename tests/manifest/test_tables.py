from __future__ import annotations

import re
import runpy
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from kube9 import manifest
from kube9.manifest import read_manifests
from kube9.manifest.shape import Shape
from kube9.manifest.tables import SHAPES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "manifests.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_every_table_is_listed():
    modules = [import_module(f"{manifest.__name__}.{each.name}") for each in iter_modules(manifest.__path__)]
    there = {id(value): name for module in modules for name, value in vars(module).items() if isinstance(value, Shape)}
    assert {there[each] for each in there.keys() - {id(shape) for shape in SHAPES}} == set()
    assert len({shape.title for shape in SHAPES}) == len(SHAPES)


def test_the_reference_tells_every_table():
    script = runpy.run_path(str(REFERENCE / "make_manifests.py"))
    assert script["page"](PAGE) == PAGE, "run docs/reference/make_manifests.py"


def test_the_reference_has_an_example_of_each_kind():
    assert {kind for text in EXAMPLES for kind in re.findall(r"^kind: (\w+)", text, flags=re.MULTILINE)} == {
        "Deployment",
        "Node",
        "Pod",
        "Secret",
    }


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_reference_are_sound(text):
    found = read_manifests(text, "manifests.md")
    assert found.manifests
    assert found.warnings == ()


def test_the_full_example_shows_every_field_of_a_pod_that_is_honoured():
    shown = set(re.findall(r"^  (\w+):", EXAMPLES[0], flags=re.MULTILINE))
    spec = next(shape for shape in SHAPES if shape.title == "spec of a Pod")
    missing = {field.name for field in spec.fields if field.treatment.value == "honoured"} - shown
    assert missing == {"hostNetwork", "requests"}
