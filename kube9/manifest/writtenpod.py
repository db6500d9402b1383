"""The spec of a pod as a document, which is read back as the same spec."""

from __future__ import annotations

from kube9.core.containers import (
    Config,
    ConfigVolume,
    Container,
    EmptyDir,
    EnvVar,
    ExecAction,
    HttpGetAction,
    Probe,
    RestartPolicy,
    TcpSocketAction,
    Volume,
    total_requests,
)
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.validation import device_totals
from kube9.manifest.containers import default_pull_policy
from kube9.manifest.written import Document, affinity, quantities, seconds, toleration, without_empty

__all__ = ["pod_spec"]

_DEFAULT_GRACE_MS = 30_000
_DEFAULT_MODE = 0o644


def pod_spec(spec: PodSpec, *, secrets: bool) -> Document:
    """``spec`` of a pod, without what is empty or as it is anyway.

    :param secrets: whether to write the texts of secret configs; else each is ``None``.
    """
    written: Document = {}
    if spec.containers:
        written["containers"] = [_container(each, spec.configs) for each in spec.containers]
    if spec.init_containers:
        written["initContainers"] = [_container(each, spec.configs) for each in spec.init_containers]
    if requests := _requests(spec):
        written["requests"] = requests
    if spec.devices:
        written["devices"] = [_device(each) for each in spec.devices]
    if spec.node_selector:
        written["nodeSelector"] = dict(spec.node_selector)
    if spec.node_affinity:
        written["affinity"] = affinity(spec.node_affinity)
    if spec.tolerations:
        written["tolerations"] = [toleration(each) for each in spec.tolerations]
    if spec.priority:
        written["priority"] = spec.priority
    if spec.scheduler_name:
        written["schedulerName"] = spec.scheduler_name
    if spec.volumes:
        written["volumes"] = [_volume(each, spec.configs) for each in spec.volumes]
    if spec.configs:
        written["configs"] = [_config(each, secrets=secrets) for each in spec.configs]
    if spec.restart_policy is not RestartPolicy.ALWAYS:
        written["restartPolicy"] = spec.restart_policy.value
    if spec.grace_ms != _DEFAULT_GRACE_MS:
        written["terminationGracePeriodSeconds"] = seconds(spec.grace_ms)
    if spec.host_network:
        written["hostNetwork"] = True
    return written


def _requests(spec: PodSpec) -> dict[str, str]:
    """What the pod needs beyond what its containers and devices say; empty where they say it all."""
    if not spec.containers and not spec.init_containers:
        kinds = {device.kind for device in spec.devices}
        return quantities({name: amount for name, amount in spec.requests.items() if name not in kinds})
    needed = total_requests(spec.containers, spec.init_containers)
    said = {resource: amount for resource, amount in needed.items() if amount}
    if device_totals("requests", said, spec.devices) == spec.requests:
        return {}
    # Nothing asked for, although the containers do: a request of nothing keeps theirs from standing in for it.
    return quantities(spec.requests or dict.fromkeys(needed, 0))


def _device(wanted: DeviceRequest) -> Document:
    written: Document = {"kind": wanted.kind, "count": wanted.count}
    if wanted.milli != 1000:
        written["milli"] = wanted.milli
    if wanted.models:
        written["models"] = list(wanted.models)
    return written


def _config(config: Config, *, secrets: bool) -> Document:
    shown = secrets or not config.secret
    data = dict(config.data) if shown else dict.fromkeys(config.data)
    written: Document = {"name": config.name}
    if data:
        written["data"] = data
    if config.secret:
        written["secret"] = True
    return written


def _container(container: Container, configs: tuple[Config, ...]) -> Document:
    written: Document = {"name": container.name}
    if container.image:
        written["image"] = container.image
    if container.command:
        written["command"] = list(container.command)
    if container.args:
        written["args"] = list(container.args)
    if container.working_dir:
        written["workingDir"] = container.working_dir
    if container.env:
        written["env"] = [_variable(each, configs) for each in container.env]
    if container.requests or container.limits:
        written["resources"] = _resources(container)
    if container.ports:
        written["ports"] = [
            without_empty({"containerPort": each.port, "name": each.name, "protocol": _unless(each.protocol, "TCP")})
            for each in container.ports
        ]
    if container.mounts:
        written["volumeMounts"] = [
            without_empty(
                {"name": each.name, "mountPath": each.path, "subPath": each.sub_path, "readOnly": each.read_only}
            )
            for each in container.mounts
        ]
    if container.pull_policy is not default_pull_policy(container.image):
        written["imagePullPolicy"] = container.pull_policy.value
    for name, probe in _probes(container):
        if probe is not None:
            written[name] = _probe(probe)
    return written


def _unless(value: str, default: str) -> str:
    return "" if value == default else value


def _probes(container: Container) -> tuple[tuple[str, Probe | None], ...]:
    return (
        ("livenessProbe", container.liveness),
        ("readinessProbe", container.readiness),
        ("startupProbe", container.startup),
    )


def _resources(container: Container) -> Document:
    limits = container.limits
    # A limit stands in for a request that is not said, so where there is none that must be.
    requests = {**container.requests, **{name: 0 for name in limits if name not in container.requests}}
    return without_empty({"requests": quantities(requests), "limits": quantities(limits)})


def _variable(variable: EnvVar, configs: tuple[Config, ...]) -> Document:
    source = variable.source
    if source is None:
        return {"name": variable.name, "value": variable.value} if variable.value else {"name": variable.name}
    kind = "secretKeyRef" if _is_secret(source.config, configs) else "configMapKeyRef"
    return {"name": variable.name, "valueFrom": {kind: {"name": source.config, "key": source.key}}}


def _is_secret(name: str, configs: tuple[Config, ...]) -> bool:
    return any(config.secret for config in configs if config.name == name)


def _probe(probe: Probe) -> Document:
    written = _action(probe)
    for name, value, default in (
        ("initialDelaySeconds", seconds(probe.initial_delay_ms), 0),
        ("periodSeconds", seconds(probe.period_ms), 10),
        ("timeoutSeconds", seconds(probe.timeout_ms), 1),
        ("successThreshold", probe.success_threshold, 1),
        ("failureThreshold", probe.failure_threshold, 3),
    ):
        if value != default:
            written[name] = value
    return written


def _action(probe: Probe) -> Document:
    action = probe.action
    if isinstance(action, ExecAction):
        return {"exec": {"command": list(action.command)}}
    if isinstance(action, TcpSocketAction):
        return {"tcpSocket": without_empty({"port": action.port, "host": action.host})}
    return {"httpGet": _http_get(action)}


def _http_get(action: HttpGetAction) -> Document:
    return without_empty(
        {
            "port": action.port,
            "path": _unless(action.path, "/"),
            "host": action.host,
            "scheme": _unless(action.scheme, "HTTP"),
            "httpHeaders": [{"name": name, "value": value} for name, value in action.headers.items()],
        }
    )


def _volume(volume: Volume, configs: tuple[Config, ...]) -> Document:
    source = volume.source
    if isinstance(source, EmptyDir):
        limit = source.size_limit_bytes
        size = {} if limit is None else {"sizeLimit": quantities({"memory": limit})["memory"]}
        return {"name": volume.name, "emptyDir": {**({"medium": "Memory"} if source.in_memory else {}), **size}}
    if isinstance(source, ConfigVolume):
        return {"name": volume.name, **_config_volume(source, configs)}
    return {"name": volume.name, "namedVolume": {"name": source.volume}}


def _config_volume(source: ConfigVolume, configs: tuple[Config, ...]) -> Document:
    secret = _is_secret(source.config, configs)
    written: Document = {"secretName" if secret else "name": source.config}
    if source.items:
        written["items"] = [{"key": key, "path": path} for key, path in source.items.items()]
    if source.mode != _DEFAULT_MODE:
        written["defaultMode"] = source.mode
    return {"secret" if secret else "configMap": written}
