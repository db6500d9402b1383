"""Files that list machines: kube9's own short form, manifests of nodes, and inventories of Ansible's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kube9.cli.ansible import AnsibleHost, is_ansible, mapping, read_ini, read_yaml
from kube9.core.errors import FileError

__all__ = ["read_inventory"]

Document = dict[str, Any]

#: What becomes of what Ansible is told; the older names are still common.
_OPTIONS = {
    "ansible_host": "host",
    "ansible_ssh_host": "host",
    "ansible_port": "port",
    "ansible_ssh_port": "port",
    "ansible_user": "user",
    "ansible_ssh_user": "user",
    "ansible_ssh_private_key_file": "key",
    "ansible_private_key_file": "key",
    "ansible_python_interpreter": "python",
}
_SECRET = re.compile(r"ansible_.*pass", re.IGNORECASE)
_FIELDS = ("backend", "cpu", "host", "key", "labels", "memory", "name", "options", "pods", "port", "taints", "user")
_OPTION_FIELDS = ("host", "key", "port", "user")
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]")
_BACKEND = "ssh"


def read_inventory(path: str) -> list[Document]:
    """The manifests of the nodes that it lists.

    :raises FileError: it cannot be read, or lists what cannot be a node.
    """
    from kube9.manifest.yamltext import yaml_documents

    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as exc:
        raise FileError(path, exc.strerror or str(exc)) from exc
    except UnicodeDecodeError as exc:
        raise FileError(path, "expected text in UTF-8") from exc
    if not path.endswith((".yaml", ".yml", ".json")) and _is_ini(text):
        found = _of_ansible(path, read_ini(path, text))
    else:
        documents = [each for each in yaml_documents(text) if each is not None]
        found = [node for each in documents for node in _of_document(path, each)]
    if not found:
        raise FileError(path, "it lists no machine")
    names = Counter(_name_of(path, node) for node in found)
    if twice := sorted(name for name, count in names.items() if count > 1):
        raise FileError(path, f"two of its machines have the same name: {', '.join(twice)}")
    return found


def _name_of(path: str, node: Document) -> str:
    name = mapping(path, "metadata", node.get("metadata")).get("name")
    if not isinstance(name, str) or not name:
        raise FileError(path, "a manifest of kind Node has no metadata.name")
    return name


def _is_ini(text: str) -> bool:
    """Lines of words with an equals sign, or sections: neither begins a document of YAML's that is an inventory."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and line[0] not in "#;" and line != "---"]
    return bool(said) and (said[0].startswith("[") or (not said[0].endswith(":") and ": " not in said[0]))


def _of_document(path: str, document: Any) -> list[Document]:
    if isinstance(document, dict) and document.get("kind") == "Node":
        return [document]
    if isinstance(document, dict) and "hosts" in document and document.keys() <= {"hosts", "defaults"}:
        return _of_list(path, document["hosts"], mapping(path, "defaults", document.get("defaults")))
    if is_ansible(document):
        return _of_ansible(path, read_yaml(path, document))
    raise FileError(
        path,
        "expected 'hosts' with a machine each, a manifest of kind Node, or an inventory of Ansible's in YAML or INI",
    )


def _of_list(path: str, hosts: Any, defaults: Mapping[str, Any]) -> list[Document]:
    """``name: {host, user, port, key, labels, cpu, memory, ...}`` each, or a list of such with a name."""
    if isinstance(hosts, dict):
        hosts = [
            {**(said or {}), "name": name} if isinstance(said, dict | None) else said for name, said in hosts.items()
        ]
    if not isinstance(hosts, list):
        raise FileError(path, "hosts: expected machines by name, or a list of them")
    return [_of_host(path, {"name": said} if isinstance(said, str) else said, defaults) for said in hosts]


def _of_host(path: str, said: Any, defaults: Mapping[str, Any]) -> Document:
    if not isinstance(said, dict) or not said.get("name"):
        raise FileError(path, f"hosts: expected a machine with a name, got {said!r:.100}")
    name = str(said["name"])
    for key in (*said, *defaults):
        if "pass" in str(key).lower():
            raise FileError(path, _no_secret(name, str(key)))
        if key not in _FIELDS:
            raise FileError(path, f"host {name}: unknown field {key!r}; expected one of {', '.join(_FIELDS)}")
    labelled = [mapping(path, f"labels of host {name}", each.get("labels")) for each in (defaults, said)]
    merged = {**defaults, **said, "labels": {**labelled[0], **labelled[1]}}
    options = {key: str(merged[key]) for key in _OPTION_FIELDS if merged.get(key) is not None}
    more = mapping(path, f"options of host {name}", merged.get("options"))
    options |= {str(key): str(value) for key, value in more.items()}
    capacity = {key: merged[key] for key in ("cpu", "memory", "pods") if merged.get(key) not in (None, "auto")}
    labels = {str(key): str(value) for key, value in merged["labels"].items()}
    spec: Document = {"backend": merged.get("backend") or _BACKEND, "capacity": capacity, "options": options}
    if merged.get("taints"):
        spec["taints"] = merged["taints"]
    return _document(name, labels, spec)


def _of_ansible(path: str, hosts: Iterable[AnsibleHost]) -> list[Document]:
    return [_of_ansible_host(path, host) for host in hosts]


def _of_ansible_host(path: str, host: AnsibleHost) -> Document:
    for key in host.said:
        if _SECRET.search(key):
            raise FileError(path, _no_secret(host.name, key))
    if host.said.get("ansible_connection", "ssh") not in ("ssh", "smart", "paramiko", "paramiko_ssh"):
        raise FileError(path, f"host {host.name}: kube9 logs in by ssh, not by {host.said['ansible_connection']}")
    name, _, port = host.name.partition(":") if host.name.count(":") == 1 else (host.name, "", "")
    options = {"host": name, **({"port": port} if port else {})}
    options |= {option: host.said[key] for key, option in _OPTIONS.items() if host.said.get(key)}
    if options.get("python") in ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent"):
        del options["python"]
    labels = {f"group/{_NO_NAME.sub('-', group)}": "true" for group in host.groups}
    return _document(_NO_NAME.sub("-", name), labels, {"backend": _BACKEND, "capacity": {}, "options": options})


def _no_secret(host: str, key: str) -> str:
    return (
        f"host {host}: {key} is refused, for what is said of a node is stored and shown; take it out, use keys or an "
        "ssh-agent, or give the server KUBE9_SSH_PASSWORD in its environment"
    )


def _document(name: str, labels: Mapping[str, str], spec: Document) -> Document:
    metadata: Document = {"name": name, "labels": dict(labels)} if labels else {"name": name}
    return {"apiVersion": "kube9/v1", "kind": "Node", "metadata": metadata, "spec": spec}
