"""What names, labels, paths and other texts in specs may be: what a manifest can say, and a store can keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from kube9.core.errors import InvalidInput
from kube9.core.validation import amounts

if TYPE_CHECKING:
    from attrs import Attribute

__all__ = [
    "DATA_KEY",
    "ENV_NAME",
    "LABEL_KEY",
    "LABEL_VALUE",
    "NAME_LABEL",
    "PORT_NAME",
    "SUBDOMAIN",
    "TextRule",
    "amounts_by_label",
    "check_text",
    "check_unique",
    "filled_text",
    "follows",
    "is_mount_path",
    "is_storable",
    "label_map",
    "stays_below",
    "text",
    "texts",
    "texts_by_label",
    "texts_by_name",
]

Check = Callable[[object, "Attribute[Any]", Any], None]

_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_QUALIFIED = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"


@frozen
class TextRule:
    """What the texts of one kind are."""

    #: As a message puts it.
    words: str
    chars_max: int
    _match: Callable[[str], object] = field(repr=False)

    @classmethod
    def of(cls, pattern: str, chars_max: int, words: str) -> TextRule:
        """The texts that match ``pattern`` as a whole; ``words`` leave out how long they may be."""
        return cls(f"{words}, at most {chars_max} characters", chars_max, re.compile(pattern).fullmatch)

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and len(value) <= self.chars_max and self._match(value) is not None


# Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/

#: RFC 1123 subdomain.
SUBDOMAIN = TextRule.of(
    _SUBDOMAIN, 253, "a name of lower-case letters, digits, '-' and '.', with a letter or digit at each end of a part"
)
#: RFC 1123 label.
NAME_LABEL = TextRule.of(
    r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", 63, "a name of lower-case letters, digits and '-', not '-' at an end"
)
PORT_NAME = TextRule.of(
    r"(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?",
    15,
    "a name of lower-case letters, digits and single '-', with a letter in it",
)
ENV_NAME = TextRule.of(r"[ -<>-~]+", 1000, "a name of printable ASCII characters without '='")
#: Becomes a file's name.
DATA_KEY = TextRule.of(
    r"(?!\.\.?\Z)[-._A-Za-z0-9]+", 253, "a name of letters, digits, '-', '_' and '.', not '.' or '..'"
)
#: Of labels, annotations, taints and resources.
LABEL_KEY = TextRule(
    "a name of letters, digits, '-', '_' and '.', at most 63 characters, perhaps after a domain and '/', such as "
    "example.com/tier",
    317,
    re.compile(rf"(?:(?=.{{1,253}}/){_SUBDOMAIN}/)?{_QUALIFIED}").fullmatch,
)
LABEL_VALUE = TextRule.of(
    rf"(?:{_QUALIFIED})?",
    63,
    "a text that is empty or of letters, digits, '-', '_' and '.', with a letter or digit at each end",
)

# Specs are made by the ten thousand, and have few different labels.
_is_label_key = lru_cache(maxsize=4096)(LABEL_KEY.allows)
_is_label_value = lru_cache(maxsize=4096)(LABEL_VALUE.allows)


def is_storable(value: object) -> bool:
    """Whether it is a text that a database and a process can be given: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str) or "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def stays_below(path: str) -> bool:
    """Whether a relative path leads nowhere but below where it begins."""
    return not path.startswith("/") and ".." not in path.split("/")


def is_mount_path(path: str) -> bool:
    """Whether something can be mounted there."""
    return path.startswith("/") and ":" not in path and ".." not in path.split("/")


def check_text(what: str, value: str) -> None:
    """The message quotes nothing: it may be a secret.

    :raises InvalidInput: it cannot be stored, or is no text.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{what} must be a text, got {type(value).__name__}")
    if not is_storable(value):
        raise InvalidInput(f"{what} must be a text without NUL characters and halves of surrogate pairs")


def check_unique(what: str, names: Iterable[str]) -> None:
    """:raises InvalidInput: one of ``names`` is there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"{what}: {name!r} is there twice, expected once")
        seen.add(name)


# Validators of fields.


def follows(rule: TextRule, *, or_empty: bool = False) -> Check:
    """A validator: the field follows the rule, or is empty where that is allowed."""

    def check(_: object, attribute: Attribute[Any], value: str) -> None:
        if not rule.allows(value) and not (or_empty and value == ""):
            raise InvalidInput(f"{attribute.name} must be {rule.words}, got {_shown(value)}")

    return check


def text(_: object, attribute: Attribute[Any], value: str) -> None:
    check_text(attribute.name, value)


def filled_text(_: object, attribute: Attribute[Any], value: str) -> None:
    check_text(attribute.name, value)
    if not value:
        raise InvalidInput(f"{attribute.name} must not be empty")


def texts(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    for each in value:
        check_text(attribute.name, each)


def label_map(_: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    """Labels, or what they are held against."""
    for key, each in value.items():
        if not _is_label_key(key):
            raise _bad_key(attribute, key)
        if not isinstance(each, str) or not _is_label_value(each):
            raise InvalidInput(f"{attribute.name}: {key} must be {LABEL_VALUE.words}, got {_shown(each)}")


def texts_by_label(_: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    """Any texts under the names that labels may have."""
    for key, each in value.items():
        if not _is_label_key(key):
            raise _bad_key(attribute, key)
        check_text(f"{attribute.name}: {key}", each)


def texts_by_name(_: object, attribute: Attribute[Any], value: Mapping[str, str]) -> None:
    """Any texts under any names but the empty one."""
    for key, each in value.items():
        if not key or not is_storable(key):
            raise InvalidInput(f"{attribute.name}: a name must be a text with something in it, got {_shown(key)}")
        check_text(f"{attribute.name}: {_shown(key)}", each)


def amounts_by_label(_: object, attribute: Attribute[Any], value: Mapping[str, int]) -> None:
    """Amounts of resources, under the names that labels may have."""
    for key in value:
        if not _is_label_key(key):
            raise _bad_key(attribute, key)
    amounts(_, attribute, value)


def _bad_key(attribute: Attribute[Any], key: object) -> InvalidInput:
    return InvalidInput(f"{attribute.name}: {_shown(key)} must be {LABEL_KEY.words}")


def _shown(value: object) -> str:
    """A name as a message quotes it, cut where it is long."""
    return f"{value!r:.70}"
