"""A real container engine for the tests, what they have left on it, and the images that they run there.

``python tests/engine.py`` makes the images beforehand.
"""

from __future__ import annotations

import io
import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing, suppress
from functools import cached_property
from pathlib import Path

import pytest

#: Names an engine other than the one of this machine, as it does for docker itself.
VARIABLE = "DOCKER_HOST"
DEFAULT = "unix:///var/run/docker.sock"

#: Whose cluster a thing on an engine belongs to.
LABEL = "kube9.cluster"

BUSYBOX = "kube9-test/busybox:1"
NODE_BASE = "kube9-test/python:3"

HOW_TO_GET_IT = f"apt install docker.io and see that it runs, or name an engine in {VARIABLE}"
NO_DOCKER_PY = "needs docker-py: pip install 'kube9[test]'"
NO_BUSYBOX = "needs an image with a shell: apt install busybox-static, or docker pull busybox:1"
NO_NODE_BASE = (
    "needs an image with python3: docker pull python:3-slim, or apt install debootstrap and run the tests once as root"
)

#: For one answer; an engine that unpacks an image of some hundred megabytes says nothing until it is done.
TIMEOUT_S = 180


def connect():
    """The engine that ``DOCKER_HOST`` names, or that of this machine; a skip where none answers."""
    docker = pytest.importorskip("docker", reason=NO_DOCKER_PY)
    address = os.environ.get(VARIABLE) or DEFAULT
    try:
        knock(address)
        return Engine(docker.from_env(timeout=TIMEOUT_S), address)
    except (OSError, docker.errors.DockerException) as exc:
        pytest.skip(f"needs a container engine, and none answers at {address}: {HOW_TO_GET_IT} ({short(exc)})")


def knock(address):
    """Try a socket of this machine first: docker-py would leave it open where nobody answers."""
    scheme, _, path = address.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)


def short(exc):
    """The first of what is often a chain of causes told in one line."""
    return str(exc).partition(": (")[0][:200]


class Engine:
    """An engine, by its address and as a docker-py client, and images that are there once they are asked for."""

    def __init__(self, client, address):
        self.client, self.address = client, address

    @cached_property
    def busybox(self):
        """The tag of an image with ``sh`` and all that busybox has."""
        if not self.has(BUSYBOX):
            if program := self.static_busybox():
                self.import_busybox(program, BUSYBOX)
            elif self.has("busybox:1") or self.pull("busybox:1"):
                self.client.images.get("busybox:1").tag(BUSYBOX)
            else:
                pytest.skip(NO_BUSYBOX)
        return BUSYBOX

    @cached_property
    def node_base(self):
        """The tag of an image with ``python3``, for nodes to be made of."""
        if not self.has(NODE_BASE):
            if self.has("python:3-slim") or self.pull("python:3-slim"):
                self.client.images.get("python:3-slim").tag(NODE_BASE)
            elif shutil.which("debootstrap") and os.geteuid() == 0:
                self.import_debian(NODE_BASE)
            else:
                pytest.skip(NO_NODE_BASE)
        return NODE_BASE

    def has(self, image):
        return bool(self.client.images.list(name=image))

    def pull(self, image):
        """Whether it could be pulled."""
        import docker

        with suppress(docker.errors.APIError):
            self.client.images.pull(image)
        return self.has(image)

    def static_busybox(self):
        """The machine's busybox where it needs nothing beside itself, and runs on the engine's kind of machine."""
        path = shutil.which("busybox")
        if path is None or self.client.info()["Architecture"] != platform.machine():
            return None
        # One that does names what finds its libraries: /lib64/ld-linux-x86-64.so.2, /lib/ld-musl-aarch64.so.1.
        return None if b"/ld-" in Path(path).read_bytes() else Path(path)

    def import_busybox(self, program, tag):
        listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True, timeout=60)
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as tar:
            tar.add(program, "bin/busybox")
            for name in set(listed.stdout.split()) - {"busybox"}:
                tar.addfile(entry(f"bin/{name}", tarfile.SYMTYPE, linkname="busybox"))
            tar.addfile(entry("tmp", tarfile.DIRTYPE, mode=0o1777))
            users = b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"
            tar.addfile(entry("etc/passwd", size=len(users)), io.BytesIO(users))
        repository, _, version = tag.rpartition(":")
        self.client.api.import_image_from_data(content.getvalue(), repository=repository, tag=version)

    def import_debian(self, tag):
        """A minute's work, done once: the image stays."""
        with tempfile.TemporaryDirectory(prefix="kube9-debian-") as folder:
            command = ["debootstrap", "--variant=minbase", "--include=python3", codename(), folder]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
            shutil.rmtree(Path(folder) / "var/cache/apt/archives")
            packing = ["tar", "--create", "--directory", folder, "."]
            with subprocess.Popen(packing, stdout=subprocess.PIPE) as tar:
                repository, _, version = tag.rpartition(":")
                self.client.api.import_image_from_stream(tar.stdout, repository=repository, tag=version)

    def left(self, mark=None):
        """What is there of a cluster, or of everybody: ``{(kind, id): name}``."""
        return {key: name for key, name in self.everything(mark) if name not in ("bridge", "host", "none")}

    def everything(self, mark):
        filters = {} if mark is None else {"label": f"{LABEL}={mark}"}
        api = self.client.api
        for one in api.containers(all=True, filters=filters):
            yield ("container", one["Id"]), ", ".join(name.lstrip("/") for name in one["Names"]) or one["Id"]
        for one in api.networks(filters=filters):
            yield ("network", one["Id"]), one["Name"]
        for one in api.volumes(filters=filters)["Volumes"] or []:
            yield ("volume", one["Name"]), one["Name"]

    def remove(self, mark=None):
        """Remove what is left of a cluster, or of everybody."""
        import docker

        api = self.client.api
        removals = {
            "container": lambda name: api.remove_container(name, v=True, force=True),
            "network": api.remove_network,
            "volume": lambda name: api.remove_volume(name, force=True),
        }
        for kind, name in self.left(mark):
            # It may be going already.
            with suppress(docker.errors.NotFound):
                removals[kind](name)

    def close(self):
        self.client.close()


class OwnEngine(Engine):
    """An engine that may be stopped, by ``stop()``, ``kill()``, ``start()`` and ``restart()``.

    :param images: the engine that it has its images from, each when it is asked for.
    """

    def __init__(self, dockerd, images):
        import docker

        super().__init__(docker.DockerClient(base_url=dockerd.address, timeout=TIMEOUT_S), dockerd.address)
        self.dockerd, self.images = dockerd, images
        self.start, self.stop, self.kill, self.restart = dockerd.start, dockerd.stop, dockerd.kill, dockerd.restart

    @cached_property
    def busybox(self):
        return self.copied(self.images.busybox)

    @cached_property
    def node_base(self):
        return self.copied(self.images.node_base)

    def copied(self, tag):
        self.client.images.load(self.images.client.images.get(tag).save(named=tag))
        return tag

    def close(self):
        self.dockerd.ensure_running()
        self.remove()
        super().close()
        self.dockerd.close()


def entry(name, type=tarfile.REGTYPE, *, mode=0o755, linkname="", size=0):
    found = tarfile.TarInfo(name)
    found.type, found.mode, found.linkname, found.size = type, mode, linkname, size
    return found


def codename():
    """Of the Debian or Ubuntu that this machine runs."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["VERSION_CODENAME"]


def told(left):
    """What is left, for a message."""
    return ", ".join(sorted(f"{kind} {name}" for (kind, _), name in left.items()))


def main():
    try:
        with closing(connect()) as engine:
            sys.stdout.write(f"{engine.address} has {engine.busybox} and {engine.node_base}\n")
    except pytest.skip.Exception as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
