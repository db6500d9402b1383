"""Names as Kubernetes has them. Inside, kube9 takes more; here stands what a person may give.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and .../labels/
"""

from __future__ import annotations

import re
from typing import Any

from kube9.manifest.reader import NOTHING, Read, Reader, quotes_hint

__all__ = ["data_key", "env_name", "is_subdomain", "label_key", "label_value", "name_label", "port_name", "subdomain"]

_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_SUBDOMAIN_MATCH = re.compile(_SUBDOMAIN).fullmatch
SUBDOMAIN_CHARS_MAX = 253
_QUALIFIED = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"(?:(?=.{{1,253}}/){_SUBDOMAIN}/)?{_QUALIFIED}")


def _name(pattern: str, most: int, expected: str) -> Read:
    """A text of at most ``most`` characters that matches; ``expected`` says what of."""
    match = re.compile(pattern).fullmatch

    def read(reader: Reader, value: Any) -> Any:
        if not isinstance(value, str):
            return reader.expected("a text", value, quotes_hint(value))
        if len(value) <= most and match(value) is not None:
            return value
        return reader.expected(f"{expected}, at most {most} characters", value)

    return read


def is_subdomain(name: str) -> bool:
    """Whether ``name`` is an RFC 1123 subdomain."""
    return len(name) <= SUBDOMAIN_CHARS_MAX and _SUBDOMAIN_MATCH(name) is not None


#: Of pods, nodes, deployments and configs: RFC 1123 subdomain.
subdomain = _name(
    _SUBDOMAIN,
    SUBDOMAIN_CHARS_MAX,
    "a name of lower-case letters, digits, '-' and '.', with a letter or digit at each end of a part",
)
#: Of namespaces, containers and volumes: RFC 1123 label.
name_label = _name(
    r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", 63, "a name of lower-case letters, digits and '-', not '-' at an end"
)
port_name = _name(
    r"(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?",
    15,
    "a name of lower-case letters, digits and single '-', with a letter in it",
)
env_name = _name(r"[ -<>-~]+", 1000, "a name of printable ASCII characters without '='")
#: Becomes a file's name.
data_key = _name(r"(?!\.\.?\Z)[-._A-Za-z0-9]+", 253, "a name of letters, digits, '-', '_' and '.', not '.' or '..'")
label_value = _name(
    rf"(?:{_QUALIFIED})?",
    63,
    "a text that is empty or of letters, digits, '-', '_' and '.', with a letter or digit at each end",
)


def label_key(reader: Reader, key: Any) -> Any:
    """The name of a label, an annotation, a taint or a resource, perhaps with a domain before it."""
    if isinstance(key, str) and len(key) <= 317 and _LABEL_KEY.fullmatch(key) is not None:
        return key
    reader.problem(
        "expected a name of letters, digits, '-', '_' and '.', at most 63 characters, perhaps after a domain and '/', "
        "such as example.com/tier"
    )
    return NOTHING
