"""Machines that are cut off: their pods end, and only then run elsewhere, as what the pods themselves wrote shows."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(600)]

#: As quick as a machine may be that comes to a stop for some seconds now and then, which is not to be taken for a cut.
QUICK = ("--health", "heartbeat:interval_ms=200,suspect_ms=6000,fail_ms=10000", "--lease", "15s")
PODS = 6
#: Each line has who writes it, and a time that is the same for all machines here.
WRITER = """
import os, sys, time
log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
while True:
    os.write(log, ("%s %d\\n" % (os.getcwd(), time.monotonic_ns())).encode())
    time.sleep(0.1)
"""
#: How a machine is cut off, and how that is mended.
CUTS = (("m1", "unplug", "plug_in"), ("m2", "deafen", "restore"), ("m3", "mute", "restore"))


class Diary:
    """What all pods wrote, on all machines."""

    def __init__(self, path):
        self.path = path

    def copies(self):
        """From when to when each copy of a pod wrote: ``{(uid, epoch): (node, first_ns, last_ns)}``."""
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            where, _, at = line.rpartition(" ")
            # .../CLUSTER/NODE/pods/UID-EPOCH/files/CONTAINER
            node, _, copy = Path(where).parts[-5:-2]
            uid, _, epoch = copy.rpartition("-")
            _, first_ns, _ = found.setdefault((uid, int(epoch)), (node, int(at), 0))
            found[uid, int(epoch)] = (node, first_ns, int(at))
        return found

    def moves(self):
        """How often a pod was moved. No copy wrote a word once the next one had begun."""
        copies, moves = self.copies(), 0
        for (uid, epoch), (node, _, last_ns) in copies.items():
            for (other, later), (where, first_ns, _) in copies.items():
                if other == uid and later > epoch:
                    assert last_ns < first_ns, f"{uid} was on {node} (epoch {epoch}) and on {where} (epoch {later})"
                    moves += 1
        return moves


class World:
    """A cluster on three machines, and a deployment whose pods write the diary."""

    def __init__(self, cluster, machines, ssh, diary):
        self.cluster, self.machines, self.ssh, self.diary = cluster, machines, ssh, diary

    def begin(self):
        for name, machine in self.machines.items():
            options = {**machine.options, "runtime": "process"}
            words = [f"--option={key}={value}" for key, value in options.items()]
            self.cluster.kube9("node", "add", name, "--cpu", "2", "--memory", "1Gi", *words)
        self.cluster.until(lambda: set(self.cluster.nodes().values()) == {"Ready"}, "the machines join")
        container = {
            "name": "main",
            "command": ["python3", "-c", WRITER, str(self.diary.path)],
            "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}},
        }
        template = {"metadata": {"labels": {"app": "diary"}}, "spec": {"containers": [container]}}
        deployment = {"apiVersion": "kube9/v1", "kind": "Deployment", "metadata": {"name": "diary"}}
        deployment["spec"] = {"replicas": PODS, "template": template}
        self.cluster.ask(lambda client: client.apply([deployment]))
        self.cluster.until(self.all_write, "all pods write")

    def where(self):
        """The node and the epoch of each pod."""
        return {name: (pod["nodeName"], pod["epoch"]) for name, pod in self.cluster.pods().items()}

    def on(self, name):
        return {pod for pod, (node, _) in self.where().items() if node == name}

    def all_write(self):
        """Whether every pod runs, and has written what it is."""
        if not self.cluster.all_run(PODS) or not self.diary.path.exists():
            return False
        written = {(node, epoch) for (_, epoch), (node, _, _) in self.diary.copies().items()}
        return written >= set(self.where().values())

    def said(self, name):
        """How often the agent of a node said that it stops its pods."""
        (log,) = self.machines[name].root.glob("*/*/agent.log")
        return log.read_text(encoding="utf-8").count("the lease is over")

    def is_clean(self, name):
        """Whether a machine without pods has an agent and a warden, and nothing of any copy."""
        machine = self.machines[name]
        processes = self.ssh.left(machine).values()
        agents = [line for line in processes if "--config" in line]
        wardens = [line for line in processes if "wardenprogram" in line]
        (pods,) = machine.root.glob("*/*/pods")
        return (len(agents), len(wardens), len(processes)) == (1, 1, 2) and not any(pods.iterdir())


@pytest.fixture
def world(switch, machines, ssh, serve, tmp_path, way):
    address = switch.address if way == "straight" else "127.0.0.1"
    words = ("--backend", "ssh:keepalive_ms=3000", "--scheduler", "worst-fit", *QUICK)
    cluster = serve(*words, env=ssh.environment, host=address)
    return World(cluster, machines, ssh, Diary(tmp_path / "diary"))


@pytest.mark.parametrize("way", ["straight", "tunnel"])
def test_a_machine_that_is_cut_off_ends_its_pods_before_others_run_in_their_place(world, way):
    world.begin()
    cluster, diary = world.cluster, world.diary
    for name, cut, mend in CUTS:
        place, mine = world.machines[name].apart, world.on(name)
        assert mine, world.where()
        getattr(place, cut)()
        cluster.until(lambda name=name: world.said(name), "the agent says that it stops its pods")
        cluster.until(lambda name=name: not world.on(name) and world.all_write(), "its pods run elsewhere")
        assert diary.moves() >= len(mine)
        getattr(place, mend)()
        cluster.until(lambda name=name: cluster.nodes()[name] == "Ready", "the machine is back")
        cluster.until(lambda name=name: world.is_clean(name), "it is as it was when it joined")
    # Those that were cut off first have run the pods of those that were later.
    cluster.delete_nodes()
    assert diary.moves() >= len(CUTS)
    assert [list(machine.root.parent.iterdir()) for machine in world.machines.values()] == [[], [], []]
