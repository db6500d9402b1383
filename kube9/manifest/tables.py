"""Every table of fields, in the order in which the reference tells them."""

from __future__ import annotations

from kube9.manifest import configs, containers, deployments, env, metadata, nodes, placement, pods, probes, volumes
from kube9.manifest.shape import Shape

__all__ = ["SHAPES"]

SHAPES: tuple[Shape, ...] = (
    pods.POD,
    metadata.METADATA,
    pods.POD_SPEC,
    containers.CONTAINER,
    env.ENV_VAR,
    env.ENV_SOURCE,
    *configs.KEY_REFERENCE.values(),
    env.ENV_FROM,
    env.CONFIG_SOURCE,
    containers.RESOURCES,
    containers.PORT,
    containers.MOUNT,
    probes.PROBE,
    probes.EXEC,
    probes.HTTP_GET,
    probes.HTTP_HEADER,
    probes.TCP_SOCKET,
    volumes.VOLUME,
    volumes.EMPTY_DIR,
    volumes.CONFIG_VOLUME,
    volumes.SECRET_VOLUME,
    volumes.CONFIG_ITEM,
    volumes.NAMED_VOLUME,
    configs.CONFIG,
    placement.DEVICE_REQUEST,
    placement.TOLERATION,
    placement.AFFINITY,
    placement.NODE_AFFINITY,
    placement.NODE_SELECTOR,
    placement.NODE_TERM,
    placement.REQUIREMENT,
    placement.FIELD_REQUIREMENT,
    placement.POD_AFFINITY,
    deployments.DEPLOYMENT,
    deployments.DEPLOYMENT_SPEC,
    deployments.SELECTOR,
    deployments.EXPRESSION,
    deployments.STRATEGY,
    deployments.ROLLING_UPDATE,
    deployments.TEMPLATE,
    metadata.TEMPLATE_METADATA,
    nodes.NODE,
    metadata.NODE_METADATA,
    nodes.NODE_SPEC,
    placement.DEVICE_GROUP,
    placement.TAINT,
    configs.CONFIG_MAP,
    configs.SECRET,
)
