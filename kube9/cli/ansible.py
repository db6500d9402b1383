"""Inventories of Ansible's, in INI or in YAML, as far as they say where machines are and what groups they are in.

Source: https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from kube9.core.errors import FileError

__all__ = ["AnsibleHost", "is_ansible", "mapping", "read_ini", "read_yaml"]

_SECTION = re.compile(r"\[([^\]:\s]+)(?::(vars|children|hosts))?\]\s*(?:[#;].*)?")
_RANGE = re.compile(r"\[([0-9]+|[A-Za-z]):([0-9]+|[A-Za-z])(?::([0-9]+))?\]")
#: Groups that all hosts are in, which says nothing of any.
_EVERYBODY = ("all", "ungrouped")
_HOSTS_MAX = 10_000
_GROUP_KEYS = ("hosts", "children", "vars")


@define
class _Group:
    hosts: dict[str, dict[str, str]] = field(factory=dict)
    children: list[str] = field(factory=list)
    vars: dict[str, str] = field(factory=dict)


class AnsibleHost:
    """One host: what is said of it, by itself or by its groups, and all groups that it is in."""

    def __init__(self, name: str, groups: tuple[str, ...], said: Mapping[str, str]) -> None:
        self.name, self.groups, self.said = name, groups, said


def is_ansible(document: Any) -> bool:
    """Whether it is an inventory in YAML: groups at the top, each with hosts, children or vars."""
    return (
        isinstance(document, dict)
        and bool(document)
        and all(
            each is None or (isinstance(each, dict) and each and all(key in _GROUP_KEYS for key in each))
            for each in document.values()
        )
    )


def mapping(path: str, what: str, said: Any) -> Mapping[str, Any]:
    """What is said of something by names; empty where nothing is.

    :raises FileError: it is something else.
    """
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise FileError(path, f"{what}: expected 'NAME: VALUE' each, got {said!r:.100}")
    return said


def read_yaml(path: str, document: Mapping[str, Any]) -> list[AnsibleHost]:
    """:raises FileError: it is none, or says something that cannot be used."""
    groups: dict[str, _Group] = {}
    for name, body in document.items():
        _read_group(path, str(name), body, groups)
    return _hosts(path, groups)


def _read_group(path: str, name: str, body: Any, groups: dict[str, _Group]) -> None:
    group = groups.setdefault(name, _Group())
    if body is None:
        return
    if not isinstance(body, dict) or any(key not in _GROUP_KEYS for key in body):
        raise FileError(path, f"group {name!r}: expected hosts, children and vars")
    for pattern, said in mapping(path, f"hosts of group {name!r}", body.get("hosts")).items():
        texts = _texts(mapping(path, f"host {pattern}", said))
        for host in _expanded(path, str(pattern)):
            group.hosts.setdefault(host, {}).update(texts)
    group.vars.update(_texts(mapping(path, f"vars of group {name!r}", body.get("vars"))))
    for child, inner in mapping(path, f"children of group {name!r}", body.get("children")).items():
        group.children.append(str(child))
        _read_group(path, str(child), inner, groups)


def _texts(said: Mapping[str, Any]) -> dict[str, str]:
    """Those that are plain: what is a list or an object is nothing that is asked for here."""
    return {str(key): str(value) for key, value in said.items() if not isinstance(value, dict | list)}


def read_ini(path: str, text: str) -> list[AnsibleHost]:
    """:raises FileError: with the line of the first thing that is wrong."""
    groups: dict[str, _Group] = {"ungrouped": _Group()}
    name, kind = "ungrouped", "hosts"
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and (section := _SECTION.fullmatch(line)):
            name, kind = section[1], section[2] or "hosts"
            groups.setdefault(name, _Group())
        elif line.startswith("[") and not _RANGE.match(line):
            raise FileError(path, f"expected [GROUP], [GROUP:vars] or [GROUP:children], got {line!r}", line=number)
        else:
            _read_line(path, number, line, groups, name, kind)
    return _hosts(path, groups)


def _read_line(path: str, number: int, line: str, groups: dict[str, _Group], name: str, kind: str) -> None:
    group = groups[name]
    if kind == "vars":
        key, equals, value = line.partition("=")
        if not equals:
            raise FileError(path, f"expected KEY=VALUE, got {line!r}", line=number)
        group.vars[key.strip()] = value.strip().strip("'\"")
        return
    try:
        words = shlex.split(line, comments=True)
    except ValueError as exc:
        raise FileError(path, f"{exc} in {line!r}", line=number) from exc
    if kind == "children":
        group.children.append(words[0])
        groups.setdefault(words[0], _Group())
        return
    said = {}
    for word in words[1:]:
        key, equals, value = word.partition("=")
        if not equals:
            raise FileError(path, f"expected KEY=VALUE after the host, got {word!r}", line=number)
        said[key] = value
    for host in _expanded(path, words[0], number):
        group.hosts.setdefault(host, {}).update(said)


def _expanded(path: str, pattern: str, line: int | None = None) -> Iterator[str]:
    """``web[01:20].example.com`` is twenty hosts."""
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    first, last, step = found[1], found[2], int(found[3] or 1)
    if first.isdigit() != last.isdigit() or step < 1:
        raise FileError(path, f"the range {found[0]} makes no sense", line=line)
    if first.isdigit():
        if (int(last) - int(first)) // step >= _HOSTS_MAX:
            raise FileError(path, f"the range {found[0]} is of more than {_HOSTS_MAX} hosts", line=line)
        width = len(first) if first.startswith("0") else 0
        parts = [str(each).zfill(width) for each in range(int(first), int(last) + 1, step)]
    else:
        parts = [chr(each) for each in range(ord(first), ord(last) + 1, step)]
    if not parts:
        raise FileError(path, f"the range {found[0]} ends before it begins", line=line)
    for part in parts:
        yield from _expanded(path, pattern[: found.start()] + part + pattern[found.end() :], line)


def _hosts(path: str, groups: Mapping[str, _Group]) -> list[AnsibleHost]:
    depths = _depths(path, groups)
    names = dict.fromkeys(host for group in groups.values() for host in group.hosts)
    return [_host(name, groups, depths) for name in names]


def _host(name: str, groups: Mapping[str, _Group], depths: Mapping[str, int]) -> AnsibleHost:
    """What is nearest to the host counts: itself, then a group, then one that the group is in."""
    mine = {group for group, body in groups.items() if name in body.hosts}
    while more := {group for group, body in groups.items() if mine.intersection(body.children)} - mine:
        mine |= more
    said: dict[str, str] = {}
    for group in sorted(mine | (groups.keys() & {"all"}), key=lambda each: (each != "all", depths[each], each)):
        said.update(groups[group].vars)
    for group in sorted(mine):
        said.update(groups[group].hosts.get(name, {}))
    return AnsibleHost(name, tuple(sorted(mine.difference(_EVERYBODY))), said)


def _depths(path: str, groups: Mapping[str, _Group]) -> dict[str, int]:
    """How deep each group is below another."""
    depths = dict.fromkeys(groups, 0)
    for _ in groups:
        before = dict(depths)
        for name, group in groups.items():
            for child in group.children:
                depths[child] = max(depths[child], depths[name] + 1)
        if depths == before:
            return depths
    if any(group.children for group in groups.values()):
        raise FileError(path, "its groups are children of each other in a circle")
    return depths
