"""Names as Kubernetes has them, read where a person gave them. Inside, kube9 takes more for some."""

from __future__ import annotations

from typing import Any

from kube9.core.texts import DATA_KEY, ENV_NAME, LABEL_KEY, LABEL_VALUE, NAME_LABEL, PORT_NAME, SUBDOMAIN, TextRule
from kube9.manifest.reader import NOTHING, Read, Reader, quotes_hint

__all__ = ["data_key", "env_name", "is_subdomain", "label_key", "label_value", "name_label", "port_name", "subdomain"]

#: Whether a name is an RFC 1123 subdomain.
is_subdomain = SUBDOMAIN.allows


def _name(rule: TextRule) -> Read:
    """A text that follows the rule."""
    allows, expected = rule.allows, rule.words

    def read(reader: Reader, value: Any) -> Any:
        if allows(value):
            return value
        if not isinstance(value, str):
            return reader.expected("a text", value, quotes_hint(value))
        return reader.expected(expected, value)

    return read


#: Of pods, nodes, deployments and configs.
subdomain = _name(SUBDOMAIN)
#: Of namespaces, containers and volumes.
name_label = _name(NAME_LABEL)
port_name = _name(PORT_NAME)
env_name = _name(ENV_NAME)
data_key = _name(DATA_KEY)
label_value = _name(LABEL_VALUE)


def label_key(reader: Reader, key: Any) -> Any:
    """The name of a label, an annotation, a taint or a resource, perhaps with a domain before it."""
    if LABEL_KEY.allows(key):
        return key
    reader.problem(f"expected {LABEL_KEY.words}")
    return NOTHING
