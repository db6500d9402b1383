"""The composition root: what it puts together works, and two of it in one process know nothing of each other."""

from __future__ import annotations

import pickle
from functools import partial

import pytest

import kube9
from kube9.app import App
from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.core import hookspecs
from kube9.core import stimuli as s
from kube9.core.errors import DuplicateName, FileError, InvalidInput, PluginError, UnknownName
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodPhase, PodSpec
from kube9.core.settings import Settings
from kube9.plugins.manager import Plugins
from kube9.plugins.policies import FirstFit
from kube9.plugins.sources import Source, installed
from kube9.store import open_store

#: Whatever else is installed beside kube9 is no affair of these tests.
ALONE = {"KUBE9_PLUGINS": ""}


@pytest.fixture
def app():
    return App.load(env=ALONE)


def app_with(plugin):
    """kube9's own plugins and one object more."""
    own = [source for source in installed() if source.built_in]
    return App(plugins=Plugins.load(own, [Source(name="extra", where="extra", load=lambda: plugin)]))


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


POLICY = """
import kube9

@kube9.scheduler("{name}", local=True)
def policy(pod, nodes):
    return {score}
"""


# ---------------------------------------------------------------------- what is loaded


def test_every_built_in_plugin_works(app):
    assert {info.name: info.error for info in app.plugins.infos if info.built_in and info.error} == {}
    assert {entry.name for entry in app.registries.schedulers} == {"best-fit", "first-fit", "random", "worst-fit"}
    assert {"fcfs", "priority"} <= {entry.name for entry in app.registries.queue_disciplines}
    assert {"kube9", "openb", "orlib", "swf"} <= {entry.name for entry in app.registries.trace_readers}


def test_two_apps_with_different_plugins_live_in_one_process(tmp_path):
    apps = [
        App.load([write(tmp_path / f"{name}.py", POLICY.format(name=name, score="nodes.free['cpu']"))], env=ALONE)
        for name in ("one", "two")
    ]
    assert ["one" in app.registries.schedulers for app in apps] == [True, False]
    assert ["two" in app.registries.schedulers for app in apps] == [False, True]


def test_a_file_asked_for_twice_is_loaded_once(tmp_path):
    path = write(tmp_path / "mine.py", POLICY.format(name="mine", score="nodes.free['cpu']"))
    app = App.load([path, path], env=ALONE)
    assert app.plugin_files == (path,)
    assert [info.error for info in app.plugins.infos if info.name == path] == [None]


def test_a_broken_file_is_fatal_only_when_strict(tmp_path):
    path = write(tmp_path / "mine.py", "1 / 0")
    assert [info.name for info in App.load([path], env=ALONE).plugins.infos if info.error] == [path]
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        App.load([path], strict=True, env=ALONE)
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        App.load([path], env={**ALONE, "KUBE9_STRICT_PLUGINS": "1"})


def test_strictness_of_the_environment_is_remembered():
    assert App.load(env={**ALONE, "KUBE9_STRICT_PLUGINS": "1"}).strict
    assert not App.load(env=ALONE).strict


def test_a_file_that_is_not_there_is_always_an_error(tmp_path):
    with pytest.raises(InvalidInput, match="there is no such file"):
        App.load([str(tmp_path / "mine.py")], env=ALONE)


# ---------------------------------------------------------------------- pipelines and clusters


def test_a_pipeline_has_every_filter_in_order_of_registration_and_its_owner(app):
    pipeline = app.make_pipeline("best-fit")
    assert pipeline.name == "best-fit"
    assert [name for name, _ in pipeline.filters] == [entry.name for entry in app.registries.filters]
    assert pipeline.owner == f"kube9 {kube9.__version__}"


def test_the_owner_of_a_policy_in_a_file_is_the_file(tmp_path):
    path = write(tmp_path / "mine.py", POLICY.format(name="mine", score="nodes.free['cpu']"))
    assert App.load([path], env=ALONE).make_pipeline("mine").owner == path


def test_a_seed_reaches_the_scheduler_that_takes_one(app):
    assert app.make_pipeline("random", seed=5).scheduler == app.make_pipeline("random:seed=5", seed=6).scheduler
    assert app.make_pipeline("random", seed=5).scheduler != app.make_pipeline("random", seed=6).scheduler


@pytest.mark.parametrize(
    "asked, error, why",
    [
        ({"scheduler": "bestfit"}, UnknownName, r"no scheduler 'bestfit'; installed: best-fit, .*mean 'best-fit'\?"),
        ({"scheduler": "best-fit:speed=1"}, InvalidInput, "scheduler 'best-fit' from plugin 'policies'"),
        ({"scheduler": "random:seed=x"}, InvalidInput, "scheduler 'random' from plugin 'policies'"),
        ({"queue": "lifo"}, UnknownName, "no queue discipline 'lifo'; installed: fcfs, priority"),
        ({"devices": "best"}, UnknownName, "no device chooser 'best'; installed: least-left, most-left"),
        ({"others": ["best-fit"]}, DuplicateName, "scheduler 'best-fit' is asked for twice"),
    ],
    ids=str,
)
def test_a_cluster_of_what_is_not_there_is_refused(app, asked, error, why):
    with pytest.raises(error, match=why):
        app.make_cluster(**asked)


def add_node(name, at_ms, cpu_milli=1000):
    yield s.AddNode(at_ms=at_ms, uid=name, spec=NodeSpec(name=name, capacity={"cpu": cpu_milli}))
    yield s.NodeJoined(at_ms=at_ms, uid=name)


def place(cluster, name, scheduler_name=""):
    for node, cpu_milli in (("small", 1000), ("large", 4000)):
        for stimulus in add_node(node, 0, cpu_milli):
            cluster.handle(stimulus)
    spec = PodSpec(name=name, requests={"cpu": 500}, scheduler_name=scheduler_name)
    cluster.handle(s.LaunchPod(at_ms=0, uid=name, spec=spec))
    assert cluster.check() is None
    return cluster.pods[name].node_uid


@pytest.mark.parametrize("scheduler, node", [("best-fit", "small"), ("worst-fit", "large")])
def test_a_cluster_places_by_its_scheduler(app, scheduler, node):
    assert place(app.make_cluster(scheduler=scheduler), "pod") == node


def test_a_pod_may_name_one_of_the_other_schedulers(app):
    assert place(app.make_cluster(scheduler="best-fit", others=["worst-fit"]), "pod", "worst-fit") == "large"


def test_a_policy_in_a_file_places_pods(tmp_path):
    path = write(tmp_path / "mine.py", POLICY.format(name="roomy", score="nodes.free['cpu']"))
    assert place(App.load([path], env=ALONE).make_cluster(scheduler="roomy"), "pod") == "large"


def test_a_policy_that_breaks_its_contract_is_named_with_its_file(tmp_path):
    path = write(tmp_path / "mine.py", POLICY.format(name="short", score="nodes.free['cpu'][:1]"))
    cluster = App.load([path], env=ALONE).make_cluster(scheduler="short")
    for stimulus in (*add_node("a", 0), *add_node("b", 0)):
        cluster.handle(stimulus)
    outcome = cluster.handle(s.LaunchPod(at_ms=0, uid="p", spec=PodSpec(name="p")))
    messages = [getattr(event, "message", "") for event in outcome.events]
    assert any(f"scheduler 'short' of {path} returned" in message for message in messages)


# ---------------------------------------------------------------------- backends and traces


def test_a_backend_is_made_with_its_clock_and_reports_to_whom_it_is_told(app):
    clock, delivered = VirtualClock(), []
    backend = app.make_backend("memory", clock, delivered.append)
    cluster = app.make_cluster()
    (instruction,) = cluster.handle(s.AddNode(at_ms=0, uid="n", spec=NodeSpec(name="n"))).instructions
    backend.create_node(instruction.node, None)
    clock.advance(10_000)
    assert [type(stimulus) for stimulus in delivered] == [s.NodeJoined]


def test_an_unknown_backend_lists_those_there_are(app):
    with pytest.raises(UnknownName, match="no backend 'docket'; installed: docker, memory"):
        app.make_backend("docket", VirtualClock(), print)


def test_a_trace_goes_to_the_reader_that_recognises_it(app, tmp_path):
    path = write(tmp_path / "bins.txt", "1\n u120_00\n 150 3 2\n100\n50\n70\n")
    (trace,) = app.read_trace(path)
    assert [arrival.pod.requests["cpu"] for arrival in trace.arrivals] == [100, 50, 70]
    assert app.read_trace(path, "orlib") == (trace,)


def test_a_file_that_no_reader_recognises_lists_the_formats(app, tmp_path):
    path = write(tmp_path / "letter.txt", "Dear reader,\n")
    with pytest.raises(FileError) as caught:
        app.read_trace(path)
    for entry in app.registries.trace_readers:
        assert entry.factory().describes in str(caught.value)


def test_an_unknown_trace_format_is_refused(app, tmp_path):
    with pytest.raises(UnknownName, match=r"no trace reader 'orlip'; .*Did you mean 'orlib'\?"):
        app.read_trace(write(tmp_path / "bins.txt", "1\n"), "orlip")


def test_an_app_can_be_loaded_again_elsewhere_by_what_it_remembers(tmp_path):
    path = write(tmp_path / "mine.py", POLICY.format(name="mine", score="nodes.free['cpu']"))
    app = App.load([path], strict=True, env=ALONE)
    files, strict = pickle.loads(pickle.dumps((app.plugin_files, app.strict)))
    again = App.load(files, strict=strict, env=ALONE)
    assert (again.plugin_files, again.strict, again.plugins.hooks) == ((path,), True, app.plugins.hooks)


# ---------------------------------------------------------------------- control planes


@pytest.fixture
def start(tmp_path):
    """Start a control plane of an app, and stop it after the test."""
    planes = []

    def start(app, **asked):
        planes.append(app.make_control_plane(open_store(str(tmp_path / f"{len(planes)}.db")), **asked))
        planes[-1].start()
        return planes[-1]

    yield start
    for plane in planes:
        plane.stop()


def run_pod(plane, name, scheduler_name=""):
    spec = PodSpec(name=name, requests={"cpu": 500}, scheduler_name=scheduler_name)
    return plane.view.node_name(plane.launch_pod(spec, uid=name).pod.node_uid)


def wait_until(plane, holds):
    for _ in range(1000):
        if holds():
            return
        plane.view.wait(plane.view.revision, 0.02)
    pytest.fail(f"it did not come about: {plane.view.nodes()}")


def add_nodes(plane, **cpu_milli):
    for name, milli in cpu_milli.items():
        plane.add_node(NodeSpec(name=name, capacity={"cpu": milli}), uid=name)
    wait_until(plane, lambda: all(node.schedulable for node in plane.view.nodes()))


def test_a_control_plane_has_every_scheduler_that_can_be_made_by_its_name(app, start):
    plane = start(app, scheduler="worst-fit", others=["random:seed=3"])
    assert plane.schedulers == ("worst-fit", "random", "best-fit", "first-fit")
    add_nodes(plane, small=1000, large=4000)
    assert (run_pod(plane, "p"), run_pod(plane, "q", "best-fit")) == ("large", "small")


def test_a_scheduler_that_needs_options_is_left_out_until_it_is_asked_for_with_them(start, caplog):
    class Needy:
        @kube9.hookimpl
        def kube9_register_schedulers(self, register):
            register("needy", lambda size: FirstFit())
            register("broken", lambda: 1 / 0)

    app = app_with(Needy())
    assert start(app).schedulers == ("best-fit", "first-fit", "random", "worst-fit")
    assert "scheduler broken is left out" in caplog.text
    assert "needy" in start(app, others=["needy:size=3"]).schedulers
    with pytest.raises(InvalidInput, match="scheduler 'needy'"):
        start(app, scheduler="needy")


def test_backends_that_are_asked_for_are_made_at_the_start_and_others_when_a_node_first_names_them(start):
    made = []

    class Second:
        @kube9.hookimpl
        def kube9_register_backends(self, register):
            register("second", partial(self.make, "second"))
            register("third", partial(self.make, "third"))

        def make(self, name, clock, deliver, **options):
            made.append((name, options))
            return MemoryBackend(clock, deliver)

    plane = start(app_with(Second()), backends=["second:zone=north"])
    assert plane.backends == ("second", "memory", "docker", "ssh", "third")
    assert made == [("second", {"zone": "north"})]
    for name in ("second", "third"):
        plane.add_node(NodeSpec(name=name, backend=name), uid=name)
    assert made == [("second", {"zone": "north"}), ("third", {})]
    with pytest.raises(UnknownName, match="there is no backend 'fourth'; installed: docker, memory, second"):
        plane.add_node(NodeSpec(name="m", backend="fourth"), uid="m")


def test_nodes_in_memory_beat_as_often_as_the_health_check_wants(app, start):
    plane = start(app, health="heartbeat:interval_ms=20,suspect_ms=5000,fail_ms=9000")
    add_nodes(plane, n=1000)
    wait_until(plane, lambda: plane.status().heartbeats >= 3)
    assert plane.health()[0].last_heard_ms_ago is not None
    learning = start(app, health="phi-accrual:interval_ms=20,fail_at=300")
    add_nodes(learning, n=1000)
    wait_until(learning, lambda: learning.status().heartbeats >= 3)
    assert learning.health()[0].last_heard_ms_ago is not None
    silent = start(app, backends=["memory:heartbeat_ms=0"])
    add_nodes(silent, n=1000)
    assert silent.health()[0].last_heard_ms_ago is None


def test_a_backend_is_told_how_often_its_nodes_are_to_be_heard(start, caplog):
    def asking(clock, deliver, heartbeat_ms=7):
        made.append(heartbeat_ms)
        return MemoryBackend(clock, deliver, heartbeat_ms=int(heartbeat_ms))

    class Asking:
        @kube9.hookimpl
        def kube9_register_backends(self, register):
            register("asking", asking)

    made = []
    for step in ("asking", "asking:heartbeat_ms=25"):
        plane = start(app_with(Asking()), backends=[step], health="heartbeat:interval_ms=20")
        plane.add_node(NodeSpec(name="n", backend="asking"), uid="n")
    assert made == [20, "25"]
    (warned,) = [each.getMessage() for each in caplog.records if each.name == "kube9.app"]
    assert "backend asking: its nodes are heard every 25 ms, and the health check expects them every 20 ms" in warned
    assert "asking:heartbeat_ms=20" in warned


@pytest.mark.parametrize(
    "asked, error, why",
    [
        ({"health": "heartbaet"}, UnknownName, r"'heartbaet'; installed: heartbeat, phi-accrual. Did you mean"),
        ({"health": "heartbeat:fail_ms=1"}, InvalidInput, "must grow in this order"),
        ({"scheduler": "bestfit"}, UnknownName, "no scheduler 'bestfit'"),
        ({"others": ["best-fit"]}, DuplicateName, "scheduler 'best-fit' is asked for twice"),
        ({"backends": ["docket"]}, UnknownName, "no backend 'docket'; installed: docker, memory"),
        ({"backends": ["memory:", "memory:exit_code=1"]}, DuplicateName, "backend 'memory' is asked for twice"),
    ],
    ids=str,
)
def test_a_control_plane_of_what_is_not_there_is_refused(app, asked, error, why):
    with pytest.raises(error, match=why):
        app.make_control_plane(None, **asked)


def test_options_that_a_backend_does_not_take_keep_a_control_plane_from_starting(app, start):
    with pytest.raises(InvalidInput, match="there is no option 'speed'"):
        start(app, backends=["memory", "ssh:speed=7"])


class Broken:
    """A plugin whose backend cannot be made; whoever has nodes of another one is to be served all the same."""

    @kube9.hookimpl
    def kube9_register_backends(self, register):
        register("broken", lambda clock, deliver: 1 // 0)


def test_a_backend_that_fails_when_it_is_made_keeps_no_control_plane_from_starting(start, caplog):
    plane = start(app_with(Broken()), backends=["broken", "memory"])
    assert "the nodes of backend broken cannot be reached: " in caplog.text
    assert "ZeroDivisionError" in caplog.text
    plane.add_node(NodeSpec(name="n", backend="memory"), uid="n")
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        plane.add_node(NodeSpec(name="m", backend="broken"), uid="m")


def test_plugins_hear_what_happens_in_a_control_plane(start):
    recorder = Recorder()
    plane = start(app_with(recorder))
    add_nodes(plane, n=1000)
    run_pod(plane, "p")
    wait_until(plane, lambda: plane.view.pod("default", "p").ready)
    plane.stop()
    heard = [hook for hook, _ in recorder.calls if "register" not in hook]
    assert heard == ["kube9_node_ready", "kube9_pod_bound", "kube9_pod_ready"]


# ---------------------------------------------------------------------- hooks, in a small run


class Recorder:
    """Implements every hook there is, and remembers each call."""

    def __init__(self):
        self.calls = []


def remember(hook):
    """Make the function that notes a call of ``hook`` with all its arguments."""
    arguments = vars(hookspecs)[hook].__code__.co_varnames
    scope = {}
    exec(f"def {hook}(self, {', '.join(arguments)}): self.calls.append(({hook!r}, locals()))", scope)
    return kube9.hookimpl(scope[hook])


for name in [name for name in vars(hookspecs) if name.startswith("kube9_")]:
    setattr(Recorder, name, remember(name))


@pytest.fixture
def small_run():
    """Two nodes; a pod on the first, which dies, is fenced and given up; the pod moves once it may, and ends.

    The second node is drained.
    """
    recorder = Recorder()
    app = app_with(recorder)
    cluster = app.make_cluster(settings=Settings(recovery_attempts=1))

    def tell(*stimuli):
        for stimulus in stimuli:
            for event in cluster.handle(stimulus).events:
                app.door.announce(event)
            assert cluster.check() is None

    tell(*add_node("first", 1), *add_node("second", 2))
    tell(s.LaunchPod(at_ms=3, uid="pod", spec=PodSpec(name="pod", requests={"cpu": 100})))
    tell(s.PodStarted(at_ms=4, uid="pod", epoch=1), s.FailNode(at_ms=5, uid="first", lease_left_ms=1000))
    tell(s.HoldMoves(at_ms=5, reason="half are silent"), s.NodeFenced(at_ms=5, uid="first"))
    tell(s.HoldMoves(at_ms=5, reason=""), s.RestartNodeFailed(at_ms=6, uid="first", reason="no power"))
    tell(s.PodStarted(at_ms=7, uid="pod", epoch=2))
    tell(s.PodHealthChanged(at_ms=7, uid="pod", epoch=2, ready=False, reason="Unhealthy: it hangs"))
    tell(s.PodHealthChanged(at_ms=8, uid="pod", epoch=2, ready=True, restarts=1))
    tell(s.PodExited(at_ms=8, uid="pod", epoch=2, exit_code=3))
    tell(s.DrainNode(at_ms=9, uid="second"))
    return recorder.calls


def test_the_order_of_hooks_in_a_small_run(small_run):
    assert [hook for hook, _ in small_run] == [
        "kube9_register_schedulers",
        "kube9_register_filters",
        "kube9_register_queue_disciplines",
        "kube9_register_device_choosers",
        "kube9_register_backends",
        "kube9_register_health_checks",
        "kube9_register_trace_readers",
        "kube9_register_commands",
        "kube9_node_ready",
        "kube9_node_ready",
        "kube9_pod_bound",
        "kube9_pod_ready",
        "kube9_node_failed",
        "kube9_moves_held",
        "kube9_node_fenced",
        "kube9_moves_resumed",
        "kube9_pod_evicted",
        "kube9_pod_bound",
        "kube9_node_lost",
        "kube9_pod_ready",
        "kube9_pod_unready",
        "kube9_container_restarted",
        "kube9_pod_ready",
        "kube9_pod_finished",
        "kube9_node_drained",
    ]


def told(calls, hook):
    return [arguments for name, arguments in calls if name == hook]


def test_kube9_node_ready_tells_the_node(small_run):
    calls = told(small_run, "kube9_node_ready")
    assert [(call["node"].name, call["node"].phase.value, call["at_ms"]) for call in calls] == [
        ("first", "Ready", 1),
        ("second", "Ready", 2),
    ]


def test_kube9_pod_bound_tells_pod_and_node(small_run):
    calls = told(small_run, "kube9_pod_bound")
    assert [(call["pod"].epoch, call["node"].name, call["at_ms"]) for call in calls] == [
        (1, "first", 3),
        (2, "second", 5),
    ]
    assert all(call["pod"].node_uid == call["node"].uid for call in calls)


def test_kube9_node_failed_tells_the_node(small_run):
    (call,) = told(small_run, "kube9_node_failed")
    assert (call["node"].name, call["node"].phase.value, call["at_ms"]) == ("first", "Failed", 5)


def test_kube9_node_fenced_tells_the_node(small_run):
    (call,) = told(small_run, "kube9_node_fenced")
    assert (call["node"].name, call["node"].lease_left_ms, call["at_ms"]) == ("first", 0, 5)


@pytest.mark.parametrize("hook", ["kube9_moves_held", "kube9_moves_resumed"])
def test_kube9_moves_held_and_kube9_moves_resumed_tell_why(small_run, hook):
    (call,) = told(small_run, hook)
    assert (call["reason"], call["at_ms"]) == ("half are silent", 5)


def test_kube9_pod_evicted_tells_where_the_pod_was(small_run):
    (call,) = told(small_run, "kube9_pod_evicted")
    assert (call["pod"].phase, call["pod"].node_uid) == (PodPhase.PENDING, None)
    assert (call["node_name"], call["at_ms"]) == ("first", 5)


def test_kube9_node_lost_tells_the_node(small_run):
    (call,) = told(small_run, "kube9_node_lost")
    assert (call["node"].name, call["node"].phase.value, call["at_ms"]) == ("first", "Lost", 6)


def test_kube9_node_drained_tells_the_node(small_run):
    (call,) = told(small_run, "kube9_node_drained")
    assert (call["node"].name, call["node"].drain, call["node"].cordoned, call["at_ms"]) == ("second", None, True, 9)


def test_kube9_pod_ready_tells_each_time_that_it_is(small_run):
    calls = told(small_run, "kube9_pod_ready")
    assert [(call["pod"].epoch, call["pod"].ready, call["at_ms"]) for call in calls] == [
        (1, True, 4),
        (2, True, 7),
        (2, True, 8),
    ]


def test_kube9_pod_unready_tells_why(small_run):
    (call,) = told(small_run, "kube9_pod_unready")
    assert (call["pod"].ready, call["pod"].reason, call["at_ms"]) == (False, "Unhealthy: it hangs", 7)


def test_kube9_container_restarted_tells_how_often(small_run):
    (call,) = told(small_run, "kube9_container_restarted")
    assert (call["pod"].restarts, call["pod"].epoch, call["at_ms"]) == (1, 2, 8)


def test_kube9_pod_finished_tells_how(small_run):
    (call,) = told(small_run, "kube9_pod_finished")
    assert (call["pod"].phase, call["pod"].exit_code, call["at_ms"]) == (PodPhase.FAILED, 3, 8)
