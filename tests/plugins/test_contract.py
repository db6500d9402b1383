"""What pluggy would take in silence, or refuse in words of its own, is refused in plain ones."""

from __future__ import annotations

import pytest

import kube9
from kube9.core.errors import PluginError
from kube9.plugins import contract
from kube9.plugins.sources import Source

KNOWN = {
    "kube9_node_lost": ("node", "at_ms"),
    "kube9_pod_bound": ("pod", "node", "at_ms"),
    "kube9_register_schedulers": ("register",),
}


class Plugin:
    """An object with the given functions as its own."""

    def __init__(self, **functions):
        vars(self).update(functions)


@kube9.hookimpl
def sound(node, at_ms):
    return (node, at_ms)


@kube9.hookimpl
def sound_with_name(pod, name):
    return (pod, name)


@kube9.hookimpl
def default(node, at_ms=0):
    return (node, at_ms)


@kube9.hookimpl
def keyword_only(node, *, at_ms):
    return (node, at_ms)


@kube9.hookimpl
def starred(*values):
    return values


@kube9.hookimpl
def double_starred(**values):
    return values


@kube9.hookimpl(wrapper=True)
def wrapper(node):
    return (yield)


@kube9.hookimpl(hookwrapper=True)
def old_wrapper(node):
    yield


@kube9.hookimpl(specname="kube9_pod_bund")
def renamed(pod):
    return pod


def unmarked(node):
    return node


@pytest.mark.parametrize(
    "name, function, why",
    [
        ("kube9_node_lost", default, "kube9_node_lost gives its argument 'at_ms' a default"),
        ("kube9_node_lost", keyword_only, "must ask for 'at_ms' as a plain argument"),
        ("kube9_node_lost", starred, r"must ask for 'values' as a plain argument, not as \*values"),
        ("kube9_node_lost", double_starred, r"must ask for 'values' as a plain argument, not as \*\*values"),
        ("kube9_node_lost", wrapper, "kube9_node_lost is a wrapper"),
        ("kube9_node_lost", old_wrapper, "kube9_node_lost is a wrapper"),
        ("kube9_node_lost", unmarked, "kube9_node_lost is not marked as a hook; put @kube9.hookimpl above it"),
        ("kube9_node_lots", sound, "there is no hook kube9_node_lots; did you mean kube9_node_lost?"),
        (
            "kube9_pod_bound",
            sound_with_name,
            "kube9_pod_bound asks for 'name', which there is not; it may ask for pod, node",
        ),
        ("kube9_xyzzy_and_more", sound, "there is no hook kube9_xyzzy_and_more$"),
        ("kube9_bound", renamed, "there is no hook kube9_pod_bund; did you mean kube9_pod_bound?"),
        ("node_lost", sound, "node_lost is marked as a hook, but the names of hooks begin with kube9_"),
    ],
)
def test_a_mistake_is_named(name, function, why):
    with pytest.raises(PluginError, match=why):
        contract.check_hooks(Plugin(**{name: function}), KNOWN)


class OfEveryKind:
    @kube9.hookimpl
    def kube9_node_lost(self, node):
        return node

    @classmethod
    @kube9.hookimpl
    def kube9_pod_bound(cls, pod):
        return pod

    @staticmethod
    @kube9.hookimpl
    def kube9_register_schedulers(register):
        return register

    @kube9.hookimpl
    @staticmethod
    def kube9_marked_above(register):
        return register


def test_sound_hooks_of_every_kind_of_function_are_found():
    known = {**KNOWN, "kube9_marked_above": ("register",)}
    contract.check_hooks(OfEveryKind(), known)
    for hook in known:
        others = {other: arguments for other, arguments in known.items() if other != hook}
        with pytest.raises(PluginError, match=f"there is no hook {hook}"):
            contract.check_hooks(OfEveryKind(), others)


def test_things_of_such_a_name_that_are_no_functions_are_let_be():
    contract.check_hooks(Plugin(kube9_node_lost=sound, kube9_version="1.0", kube9_other=kube9), KNOWN)


def test_a_plugin_without_anything_is_a_mistake():
    with pytest.raises(PluginError, match=r"it offers nothing: it has no function marked @kube9\.hookimpl"):
        contract.check_hooks(Plugin(score=unmarked), KNOWN)


GPU = {"name": "gpu", "distribution": "kube9-gpu", "version": "1.2", "where": "kube9_gpu", "load": object}


@pytest.mark.parametrize(
    "requires",
    ["kube9", "kube9>=0.4", "kube9>=0.4,<0.5", "Kube9~=0.4.0", "numpy<1", "kube9<0.4; python_version < '3'"],
)
def test_a_range_that_holds_this_version_is_kept_to(requires):
    contract.check_requirement(Source(requires=(requires,), **GPU), "0.4.1")


@pytest.mark.parametrize("version", ["0.4.1", "0.4.1.dev3", "0.5rc1"])
def test_a_range_that_does_not_hold_this_version_is_refused(version):
    with pytest.raises(PluginError) as caught:
        contract.check_requirement(Source(requires=("numpy", "kube9<0.4"), **GPU), version)
    assert str(caught.value) == f"kube9-gpu 1.2 wants kube9<0.4, this is {version}"


def test_a_version_before_a_release_is_within_a_range():
    contract.check_requirement(Source(requires=("kube9>=0.4",), **GPU), "0.5.dev1")
