"""Label selectors, as ``kubectl -l`` and Kubernetes's API take them.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from attrs import frozen

from kube9.core.errors import InvalidInput

__all__ = ["Requirement", "Selector", "parse_selector"]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_PREFIX = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_KEY = re.compile(rf"(?:{_PREFIX}/)?{_NAME}", re.ASCII)
_VALUE = re.compile(rf"(?:{_NAME})?", re.ASCII)
#: Signs, and the words between them; blanks only part words.
_TOKEN = re.compile(r"\s*(==|!=|[=!(),]|[^\s=!(),]+)", re.ASCII)

_HELP = "expected requirements such as app=web, tier!=db, zone in (a,b), zone notin (c), disk or !disk"


@frozen
class Requirement:
    """One condition on one label."""

    key: str
    #: Empty for "it is there, whatever its value", which ``negated`` turns into "it is not there".
    values: frozenset[str] = frozenset()
    #: A label that is not there meets a negated requirement.
    negated: bool = False

    def met_by(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        found = value is not None and (not self.values or value in self.values)
        return found is not self.negated


@frozen
class Selector:
    """All of its requirements must be met; without any it selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.met_by(labels) for requirement in self.requirements)


def parse_selector(text: str) -> Selector:
    """Read ``text``.

    :raises InvalidInput: it is no label selector.
    """
    words = _Words(text)
    requirements: list[Requirement] = []
    while not words.done:
        requirements.append(_requirement(words))
        if not words.done:
            words.expect(",")
            if words.done:
                raise InvalidInput(f"a requirement must follow the last comma; {_HELP}")
    return Selector(tuple(requirements))


class _Words:
    """The words and signs of a selector, one after the other."""

    def __init__(self, text: str) -> None:
        self._words = list(_split(text))
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._words)

    @property
    def next(self) -> str:
        """The next word, which stays; empty at the end."""
        return "" if self.done else self._words[self._at]

    def take(self) -> str:
        word = self.next
        self._at += 1
        return word

    def expect(self, *signs: str) -> str:
        word = self.take()
        if word not in signs:
            raise InvalidInput(f"expected {' or '.join(map(repr, signs))}, got {word or 'the end'!r}; {_HELP}")
        return word


def _split(text: str) -> Iterator[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None, "every character is a sign, a blank, or part of a word"
        yield match[1]
        at = match.end()


def _requirement(words: _Words) -> Requirement:
    if words.next == "!":
        words.take()
        return Requirement(_key(words), negated=True)
    key = _key(words)
    if words.next in ("", ","):
        return Requirement(key)
    operator = words.expect("=", "==", "!=", "in", "notin")
    if operator in ("in", "notin"):
        return Requirement(key, _set(words), negated=operator == "notin")
    # Nothing behind the sign is the empty value.
    value = "" if words.next in ("", ",") else _value(words)
    return Requirement(key, frozenset([value]), negated=operator == "!=")


def _set(words: _Words) -> frozenset[str]:
    words.expect("(")
    values = {"" if words.next in (",", ")") else _value(words)}
    while words.expect(",", ")") == ",":
        values.add("" if words.next in (",", ")") else _value(words))
    return frozenset(values)


def _key(words: _Words) -> str:
    word = words.take()
    if _KEY.fullmatch(word) is None:
        raise InvalidInput(f"expected the name of a label, got {word or 'the end'!r}; {_HELP}")
    return word


def _value(words: _Words) -> str:
    word = words.take()
    if _VALUE.fullmatch(word) is None:
        raise InvalidInput(
            f"expected a value of at most 63 letters, digits, '.', '_' and '-' that begins and ends with a letter or "
            f"digit, got {word!r}; {_HELP}"
        )
    return word
