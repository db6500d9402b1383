from __future__ import annotations

import io
import tarfile
import threading
from contextlib import closing

import pytest

from kube9.agent import labels
from kube9.agent.configuration import NodeConfiguration
from kube9.agent.docker import make_runtime, make_sweep
from kube9.agent.engine import EngineAway
from kube9.agent.sweep import Sweep

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]

SLEEP = ("sleep", "1000")
#: Of a probe that does not fail because the machine is busy.
PATIENT = {"periodSeconds": 1, "timeoutSeconds": 60, "failureThreshold": 60}


def finally_(condition, what, patience_s=60.0):
    """Wait until it is so."""
    waiting = threading.Event()
    for _ in range(int(patience_s / 0.05)):
        if condition():
            return
        waiting.wait(0.05)
    pytest.fail(f"never came: {what}")


class TestWholePod:
    """Two containers after an init container, with all that pods may have."""

    SECRET = "correct horse"

    @pytest.fixture
    def pod(self, node):
        mounts = [{"name": "scratch", "mountPath": "/scratch"}]
        served = {
            "env": [
                {"name": "LEVEL", "value": "info"},
                {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "web", "key": "colour"}}},
            ],
            "workingDir": "/tmp",
            "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": "0.5", "memory": "32Mi"}},
            "volumeMounts": [
                *mounts,
                {"name": "web", "mountPath": "/etc/web"},
                {"name": "web", "mountPath": "/etc/one.conf", "subPath": "conf/web.conf"},
                {"name": "db", "mountPath": "/etc/db"},
            ],
            "startupProbe": {"exec": {"command": ["test", "-e", "/scratch/served"]}, **PATIENT},
            "readinessProbe": {"httpGet": {"port": 8080, "path": "/"}, **PATIENT},
            "livenessProbe": {"tcpSocket": {"port": 8080}, **PATIENT},
        }
        node.start(
            node.container(
                "server",
                "sh",
                "-c",
                "env; pwd; echo ok > /scratch/served; cp /scratch/index.html .; exec httpd -f -p 8080",
                **served,
            ),
            node.container("other", *SLEEP, volumeMounts=mounts, resources={"limits": {"cpu": "50m"}}),
            initContainers=[
                node.container("prepare", "sh", "-c", "echo hello > /scratch/index.html", volumeMounts=mounts)
            ],
            volumes=[
                {"name": "scratch", "emptyDir": {}},
                {"name": "web", "configMap": {"name": "web", "items": [{"key": "conf", "path": "conf/web.conf"}]}},
                {"name": "db", "secret": {"secretName": "db", "defaultMode": 0o400}},
            ],
            configs=[
                {"name": "web", "data": {"conf": "workers = 4\n", "colour": "green"}},
                {"name": "db", "secret": True, "data": {"password": self.SECRET}},
            ],
            devices={"gpu": [0, 2]},
            owner="shop",
        )
        node.told.wait("is_so", so=lambda ready, *_: ready)
        return node

    def test_runs_with_all_it_has(self, pod):
        assert pod.told.wait("started")
        assert [each[3:] for each in pod.told.all if each[0] == "is_so"][-1] == (True, 0, "")
        said = {"LEVEL=info", f"PASSWORD={self.SECRET}", "COLOUR=green", "KUBE9_DEVICES_GPU=0,2", "/tmp"}
        finally_(lambda: said <= set(pod.output("server").splitlines()), "what it wrote")
        server = pod.one("server")
        assert files(server, "/etc/web")["web/conf/web.conf"] == ("workers = 4\n", 0o644)
        assert files(server, "/etc/one.conf") == {"one.conf": ("workers = 4\n", 0o644)}
        assert files(server, "/etc/db")["db/password"] == (self.SECRET, 0o400)
        assert files(pod.one("other"), "/scratch")["scratch/index.html"] == ("hello\n", 0o644)
        pod.stop()

    def test_has_its_limits_in_the_engines_eyes(self, pod):
        server, other = (pod.one(name).attrs["HostConfig"] for name in ("server", "other"))
        assert (server["NanoCpus"], server["Memory"], server["MemorySwap"]) == (500_000_000, 32 << 20, 32 << 20)
        assert server["CpuShares"] == 256
        # It is started without, and has it soon after; what says no limit has the node's.
        assert (other["NanoCpus"], other["Memory"]) == (50_000_000, 512 << 20)
        pod.stop()

    def test_shares_one_network_and_has_its_labels(self, pod):
        by_role = {each.labels[labels.ROLE]: each for each in pod.containers()}
        assert set(by_role) == {"sandbox", "init", "container"}
        sandbox = by_role["sandbox"]
        for name in ("server", "other", "prepare"):
            assert pod.one(name).attrs["HostConfig"]["NetworkMode"] == f"container:{sandbox.id}"
        for each in pod.containers():
            theirs = {label: each.labels.get(label) for label in (labels.CLUSTER, labels.NODE_UID)}
            assert theirs == {labels.CLUSTER: pod.mark, labels.NODE_UID: pod.uid}
            assert (each.labels[labels.POD_UID], each.labels[labels.EPOCH]) == ("p", "1")
            assert self.SECRET not in str(each.labels) + each.name
        pod.stop()

    def test_leaves_nothing(self, pod):
        pod.stop(grace_ms=1_000)
        assert pod.containers() == []
        assert pod.client.volumes.list(filters={"label": f"{labels.CLUSTER}={pod.mark}"}) == []


def files(container, path):
    """What is at a path of a container: text and mode of each file."""
    data = b"".join(container.get_archive(path)[0])
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {
            each.name: (archive.extractfile(each).read().decode(), each.mode & 0o777)
            for each in archive.getmembers()
            if each.isfile()
        }


class TestEnds:
    def test_an_exit_code_is_told_and_what_it_wrote_is_kept(self, node):
        node.start(node.container("main", "sh", "-c", "echo bye; exit 3"), restartPolicy="Never")
        exited = node.told.wait("exited")
        assert exited[3:] == (3, "Error: container main exited with code 3")
        assert [each[0] for each in node.told.all if each[0] != "is_so"] == ["started", "exited"]
        assert node.output() == "bye\n"
        node.stop()
        assert node.containers() == []

    def test_success(self, node):
        node.start(node.container("main", "true"), restartPolicy="OnFailure")
        assert node.told.wait("exited")[3:] == (0, "")
        node.stop()

    def test_too_much_memory_is_told_as_such(self, node):
        hog = node.container(
            "main",
            "sh",
            "-c",
            "x=$(dd if=/dev/zero bs=1M count=64 | tr '\\0' x)",
            resources={"limits": {"memory": "16Mi"}},
        )
        node.start(hog, restartPolicy="Never")
        exited = node.told.wait("exited")
        assert (exited[3] != 0, exited[4].split(":")[0]) == (True, "OOMKilled")
        node.stop()

    def test_a_container_is_started_again_in_the_same_place(self, node):
        node.start(
            node.container(
                "main",
                "sh",
                "-c",
                "echo run >> /count; cat /count; [ $(wc -l < /count) -gt 1 ] && exec sleep 1000; exit 1",
            )
        )
        node.told.wait("is_so", so=lambda _, restarts, reason: restarts == 1)
        finally_(lambda: node.output() == "run\nrun\nrun\n", "the output of both runs")
        node.stop()

    def test_one_with_little_cpu_has_its_limit_again(self, node):
        little = {"limits": {"cpu": "50m"}}
        node.start(node.container("main", "sh", "-c", "[ -e /once ] && exec sleep 1000; touch /once", resources=little))
        node.told.wait("is_so", so=lambda ready, restarts, reason: ready and restarts == 1)
        assert node.one().attrs["HostConfig"]["NanoCpus"] == 50_000_000
        node.stop()

    def test_the_second_restart_waits(self, node):
        node.start(node.container("main", "false"))
        told = node.told.wait("is_so", so=lambda _, restarts, reason: reason.startswith("CrashLoopBackOff"))
        assert told[4:] == (1, "CrashLoopBackOff: container main exited with code 1; again in 10 s")
        node.stop()

    def test_a_failed_liveness_probe_has_it_started_again(self, node):
        probe = {"exec": {"command": ["test", "!", "-e", "/sick"]}, **PATIENT, "failureThreshold": 1}
        node.start(node.container("main", *SLEEP, livenessProbe=probe))
        node.told.wait("started")
        node.one().exec_run(["touch", "/sick"])
        told = node.told.wait("is_so", so=lambda _, restarts, reason: "liveness probe" in reason)
        assert "failed its liveness probe: the command exited with code 1" in told[5]
        node.told.wait("is_so", so=lambda _, restarts, reason: restarts == 1)
        node.stop()

    def test_one_that_does_not_listen_is_killed_after_its_grace(self, node):
        node.start(node.container("main", "sh", "-c", "trap 'echo told' TERM; while true; do sleep 0.1; done"))
        node.told.wait("started")
        node.stop(grace_ms=300)
        assert node.containers() == []

    def test_what_runs_without_containers_is_a_sandbox(self, node):
        node.start()
        node.told.wait("started")
        (only,) = node.containers()
        assert only.labels[labels.ROLE] == "sandbox"
        node.stop()


class TestNotStarted:
    def test_an_image_that_cannot_be_had(self, node):
        node.start({"name": "main", "image": "127.0.0.1:1/none:1"})
        error = node.told.wait("not_started")[3]
        assert error.startswith("ErrImagePull: image 127.0.0.1:1/none:1: ")
        assert node.told.wait("is_so", so=lambda *told: told[2] == "PullingImage: 127.0.0.1:1/none:1")
        assert node.containers() == []

    def test_an_image_that_may_not_be_fetched(self, node):
        node.start({"name": "main", "image": "127.0.0.1:1/none:1", "imagePullPolicy": "Never"})
        assert node.told.wait("not_started")[3].startswith("ErrImageNeverPull: image 127.0.0.1:1/none:1 is not on")

    def test_a_second_container_without_image_does_not_move_the_pod(self, node):
        node.start(
            {"name": "main", "image": "127.0.0.1:1/none:1", "imagePullPolicy": "Never"},
            initContainers=[node.container("first", "true")],
        )
        told = node.told.wait("is_so", so=lambda *told: "ErrImageNeverPull" in told[2])
        assert told[5].startswith("StartError: container main could not start: ErrImageNeverPull")
        node.stop()

    def test_a_command_that_is_not_there_is_tried_again(self, node):
        node.start(node.container("main", "/nowhere"))
        told = node.told.wait("is_so", so=lambda *told: told[2].startswith("CrashLoopBackOff"))
        assert "/nowhere" in told[5]
        node.stop()

    def test_a_command_that_is_not_there_ends_what_is_not_restarted(self, node):
        node.start(node.container("main", "/nowhere"), restartPolicy="Never")
        assert node.told.wait("exited")[3] == 128
        node.stop()

    def test_no_image(self, node):
        node.start({"name": "main", "command": ["true"]})
        assert node.told.wait("not_started")[3].startswith("CreateContainerConfigError: container main names no image")


class TestStopping:
    def test_twice_and_of_what_was_never_there(self, node):
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        node.stop()
        node.stop()
        node.stop("nobody", 7)

    def test_one_that_is_being_started(self, node):
        node.start(node.container("main", *SLEEP))
        node.stop(grace_ms=1_000)
        assert node.containers() == []

    def test_a_start_twice_is_one(self, node):
        node.start(node.container("main", *SLEEP))
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        node.stop()
        assert [each[0] for each in node.told.all if each[0] != "is_so"] == ["started", "stopped"]

    def test_what_another_start_of_the_agent_left(self, node, make_node):
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        node.runtime.close()
        later = make_node()
        later.stop()
        assert node.containers() == []

    def test_killing_tells_nobody(self, node):
        node.start(node.container("main", *SLEEP), node.container("more", *SLEEP))
        node.told.wait("started")
        before = list(node.told.all)
        node.runtime.kill("p", 1)
        assert [each for each in node.containers() if each.status == "running"] == []
        finally_(lambda: node.containers() == [], "all is removed")
        assert node.told.all == before

    def test_killing_while_it_is_started(self, node):
        node.start(node.container("main", *SLEEP), node.container("more", *SLEEP))
        node.runtime.kill("p", 1)
        assert [each for each in node.containers() if each.status == "running"] == []
        finally_(lambda: node.containers() == [], "all is removed")

    def test_killing_what_is_not_known_here(self, node, make_node):
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        node.runtime.close()
        make_node().runtime.kill("p", 1)
        assert [each for each in node.containers() if each.status == "running"] == []

    def test_cleaning_leaves_other_nodes_and_named_volumes_alone(self, node, make_node):
        mounts = [{"name": "kept", "mountPath": "/kept"}, {"name": "lost", "mountPath": "/lost"}]
        volumes = [{"name": "kept", "namedVolume": {"name": "uploads"}}, {"name": "lost"}]
        node.start(
            node.container("main", "sh", "-c", "echo x > /kept/file; exec sleep 1000", volumeMounts=mounts),
            volumes=volumes,
        )
        other = make_node("n2")
        other.start(other.container("main", *SLEEP), uid="q")
        node.told.wait("started")
        other.told.wait("started", "q")
        node.runtime.close()
        again = make_node()
        again.runtime.clean()
        assert node.containers() == []
        assert len(other.containers("q")) == 1
        (kept,) = node.client.volumes.list(filters={"label": f"{labels.CLUSTER}={node.mark}"})
        assert kept.name == f"kube9_{node.mark}_n1_uploads"
        again.start(
            again.container("main", "cat", "/kept/file", volumeMounts=mounts[:1]),
            volumes=volumes,
            restartPolicy="Never",
        )
        again.told.wait("exited")
        assert again.output() == "x\n"
        again.stop()
        kept.remove()

    def test_the_sweep_of_the_guard_ends_all_of_the_node_only(self, node, make_node):
        node.start(node.container("main", *SLEEP))
        other = make_node("n2")
        other.start(other.container("main", *SLEEP), uid="q")
        node.told.wait("started")
        other.told.wait("started", "q")
        node.runtime.close()
        configuration = NodeConfiguration("n1", node.uid, node.mark, "docker", node.engine.address)
        make_sweep(configuration)()
        assert node.one().status == "exited"
        assert other.one(uid="q").status == "running"


class TestNetwork:
    def test_pods_find_each_other_by_name(self, node):
        node.start(
            node.container("main", "sh", "-c", "echo it is me > index.html; exec httpd -f -p 80"),
            uid="a",
            name="web-1",
            owner="web",
        )
        node.start(
            node.container("main", "sh", "-c", "echo it is me > index.html; exec httpd -f -p 80"),
            uid="b",
            name="db",
            namespace="shop",
        )
        node.told.wait("started", "a")
        node.told.wait("started", "b")
        said = "; ".join(
            f"until wget -q -O - http://{name}/; do sleep 0.1; done"
            for name in ("web-1", "web-1.default", "web", "web.default", "db.shop")
        )
        node.start(
            node.container("main", "sh", "-c", said),
            uid="c",
            name="asker",
            restartPolicy="Never",
        )
        node.told.wait("exited", "c")
        assert node.output(uid="c").splitlines() == ["it is me"] * 5
        for uid in "abc":
            node.stop(uid)

    def test_on_the_nodes_own_network(self, make_node):
        node = make_node()
        theirs = {labels.CLUSTER: node.mark}
        machine = node.client.containers.run(node.engine.busybox, [*SLEEP], labels=theirs, network="none", detach=True)
        try:
            on_machine = make_node("n2", host_network=f"container:{machine.id}")
            on_machine.start(
                on_machine.container("main", *SLEEP), on_machine.container("more", *SLEEP), hostNetwork=True
            )
            on_machine.told.wait("started")
            modes = [each.attrs["HostConfig"]["NetworkMode"] for each in on_machine.containers()]
            assert modes == [f"container:{machine.id}"] * 2
            on_machine.stop()
        finally:
            machine.remove(force=True)


class TestLease:
    def test_nothing_is_started_again_that_may_not_run(self, node):
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        node.told.allowed = False
        node.one().kill()
        node.told.wait("is_so", so=lambda ready, *_: not ready)
        finally_(lambda: "main" in node.runtime._copies.get("p", 1)._upkeep.beginnings, "it is about to be started")
        node.runtime.kill("p", 1)
        finally_(lambda: node.containers() == [], "all is removed")


class TestEvents:
    def test_an_exit_that_was_not_heard_of_is_seen(self, node):
        """As when the engine closes the stream of its events."""
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        watch = node.runtime._watch
        finally_(lambda: watch._stream is not None, "the stream of events")
        stream = watch._stream
        watch._query = {"filters": {"label": ["nothing=of this"]}}
        stream._link.sock.shutdown(2)
        finally_(lambda: watch._stream not in (None, stream), "another stream")
        node.one().kill()
        node.runtime._look()
        node.told.wait("is_so", so=lambda _, restarts, reason: restarts == 1)
        node.stop()

    def test_somebody_removes_a_container(self, node):
        node.start(node.container("main", *SLEEP))
        node.told.wait("started")
        first = node.one()
        first.remove(force=True)
        node.told.wait("is_so", so=lambda ready, restarts, reason: ready and restarts == 1)
        assert node.one().id != first.id
        node.stop()

    def test_somebody_kills_the_sandbox(self, node):
        node.start(node.container("main", *SLEEP), node.container("more", *SLEEP))
        node.told.wait("started")
        (sandbox,) = [each for each in node.containers() if each.labels[labels.ROLE] == "sandbox"]
        sandbox.kill()
        node.told.wait("is_so", so=lambda ready, restarts, reason: ready and restarts == 2)
        sandbox.reload()
        assert sandbox.status == "running"
        node.stop()

    def test_somebody_removes_the_sandbox(self, node):
        node.start(node.container("main", *SLEEP), node.container("more", *SLEEP))
        node.told.wait("started")
        (sandbox,) = [each for each in node.containers() if each.labels[labels.ROLE] == "sandbox"]
        sandbox.remove(force=True)
        node.told.wait("is_so", so=lambda ready, restarts, reason: ready and restarts == 2)
        node.stop()

    def test_what_came_too_late_is_swept_up(self, node):
        theirs = {labels.CLUSTER: node.mark, labels.NODE_UID: node.uid, labels.POD_UID: "late", labels.EPOCH: "3"}
        node.client.containers.create(node.engine.busybox, [*SLEEP], labels=theirs)
        node.runtime._begin_round()
        finally_(lambda: node.containers("late") == [], "it is removed")


class TestEngineAway:
    @pytest.fixture
    def behind(self, relay, make_node):
        return make_node(address=f"unix://{relay.path}")

    def test_a_start_waits_for_it(self, relay, behind):
        relay.cut_off()
        behind.start(behind.container("main", *SLEEP))
        told = behind.told.wait("is_so", so=lambda _, restarts, reason: bool(reason))
        assert told[5].startswith("EngineUnreachable: ")
        relay.cut = False
        behind.told.wait("started")
        assert [each[3:] for each in behind.told.all if each[0] == "is_so"][-1] == (True, 0, "")
        behind.stop()

    def test_what_ended_meanwhile_is_seen(self, relay, behind):
        behind.start(behind.container("main", "sleep", "1000"), restartPolicy="Never")
        behind.told.wait("started")
        relay.cut_off()
        behind.one().kill()
        relay.cut = False
        assert behind.told.wait("exited")[3] == 137
        behind.stop()

    def test_a_stop_waits_for_it(self, relay, behind):
        behind.start(behind.container("main", *SLEEP))
        behind.told.wait("started")
        relay.cut_off()
        behind.runtime.stop("p", 1, 500)
        behind.runtime.stop("nobody", 1, 500)
        relay.cut = False
        behind.told.wait("stopped")
        behind.told.wait("stopped", "nobody")
        assert behind.containers() == []

    def test_killing_says_that_it_could_not(self, relay, behind):
        behind.start(behind.container("main", *SLEEP))
        behind.told.wait("started")
        relay.cut_off()
        with pytest.raises(EngineAway):
            behind.runtime.kill("p", 1)
        with pytest.raises(OSError):
            behind.runtime.clean()
        relay.cut = False
        behind.runtime.kill("p", 1)
        finally_(lambda: behind.containers() == [], "all is removed")


class TestEngineRestarts:
    def test_all_is_started_again(self, own_engine, node_class):
        mark = "c-own"
        network = own_engine.client.networks.create(f"{mark}-net", labels={labels.CLUSTER: mark})
        with closing(node_class(own_engine, mark)) as node:
            node.start(node.container("main", *SLEEP), node.container("more", *SLEEP))
            node.start(node.container("main", *SLEEP), uid="q", restartPolicy="Never")
            node.told.wait("started")
            node.told.wait("started", "q")
            own_engine.kill()
            own_engine.start()
            node.told.wait("exited", "q")
            node.told.wait("is_so", so=lambda ready, restarts, reason: ready and restarts == 2)
            finally_(lambda: [each.status for each in node.containers()] == ["running"] * 3, "all of it runs")
            node.stop()
            node.stop("q")
        network.remove()


class TestUse:
    def test_cpu_and_memory_are_told(self, node):
        node.start(node.container("main", "sh", "-c", "while true; do :; done"))
        node.told.wait("started")
        told = []

        def is_busy():
            node.runtime._gauge.measure(node.runtime._sweep.containers())
            told[:] = node.runtime.use()
            return any(each.cpu_milli > 100 for each in told)

        finally_(is_busy, "its use")
        (use,) = told
        assert (use.uid, use.epoch) == ("p", 1)
        assert 0 < use.memory_bytes < 64 << 20
        node.stop()


def test_many_at_once(node):
    for number in range(20):
        node.start(node.container("main", *SLEEP), uid=f"p{number}", name=f"p{number}")
    for number in range(20):
        node.told.wait("started", f"p{number}")
    for number in range(20):
        node.runtime.stop(f"p{number}", 1, 0)
    for number in range(20):
        node.told.wait("stopped", f"p{number}")
    assert Sweep(node.own, node.uid).containers() == []


def test_made_as_the_agent_asks_for_it(node):
    configuration = NodeConfiguration("n1", node.uid, node.mark, "docker", node.engine.address, capacity={"cpu": 1000})
    runtime = make_runtime(configuration, node.told)
    runtime.clean()
    assert runtime.use() == ()
    runtime.close()
