"""What every test gets: a watch for what it leaves behind, real traces and servers, and a word on what was left out."""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

#: How long a thread or process that was told to end may take to do so.
GRACE_S = 30.0

#: Helpers of multiprocessing that live as long as the interpreter and belong to no test.
LASTING_PROCESSES = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")

# A shell starts what runs in its background deaf to Ctrl-C, and programs that are started from here would be too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more of the machine than of the code, so nothing here judges by it.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(autouse=True)
def leaves_nothing_behind():
    """Fail a test that leaves a thread, a child process or a changed environment variable to the tests after it."""
    threads, children, environment = set(threading.enumerate()), child_processes(), dict(os.environ)
    yield
    left = [f"thread {thread.name!r}" for thread in outlasting(lambda: set(threading.enumerate()) - threads)]
    left += [f"child process {pid} ({line})" for pid, line in outlasting(lambda: new_processes(children)).items()]
    left += changed_variables(environment)
    if left:
        os.environ.clear()
        os.environ.update(environment)
        pytest.fail("the test left behind: " + ", ".join(sorted(left)), pytrace=False)


def outlasting(still_there):
    """What is still there after the time of grace; empty as soon as nothing is."""
    deadline_s = time.monotonic() + GRACE_S
    waiting = threading.Event()
    while (left := still_there()) and time.monotonic() < deadline_s:
        waiting.wait(0.01)
    return left


def child_processes():
    """The command lines of this process's children, by process id; none where the system does not list them."""
    children = {}
    for listing in Path("/proc/self/task").glob("*/children"):
        for pid in read_of_process(listing).split():
            line = read_of_process(Path(f"/proc/{pid}/cmdline")).replace("\0", " ").strip()
            if not any(lasting in line for lasting in LASTING_PROCESSES):
                children[pid] = line or "ended, but nobody waited for it"
    return children


def new_processes(before):
    """The children that were not there before."""
    return {pid: line for pid, line in child_processes().items() if pid not in before}


def read_of_process(path):
    """What the system says of a thread or process; nothing if it ended since its name was read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def changed_variables(before):
    """The names of environment variables that are not as they were, without pytest's own."""
    now = dict(os.environ)
    names = (before.keys() | now.keys()) - {"PYTEST_CURRENT_TEST"}
    return [f"environment variable {name}" for name in names if before.get(name) != now.get(name)]


@pytest.fixture(scope="session")
def shared_data(pytestconfig) -> Path:
    """The folder of real traces that stands beside the checkout and is no part of it."""
    path = pytestconfig.rootpath.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("needs the real traces in ../shared/data: put that folder beside the checkout")
    return path


def module_beside(name):
    """A module of this folder, which is no package and not where Python looks for modules."""
    spec = spec_from_file_location(f"kube9_tests_{name}", Path(__file__).with_name(f"{name}.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL server; where ``may_be_stopped``, it can be stopped and started."""
    of_postgres = module_beside("postgres")
    if url := os.environ.get(of_postgres.VARIABLE):
        server = of_postgres.NamedServer(url)
    elif programs := of_postgres.programs():
        server = of_postgres.PostgresServer(programs)
    else:
        pytest.skip(of_postgres.HOW_TO_GET_IT)
    server.databases = of_postgres.Databases(server)
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres):
    """An empty database of the test's own on a real PostgreSQL server, as ``postgresql://...``."""
    name = postgres.databases.make()
    yield postgres.url(name)
    postgres.ensure_running()
    postgres.databases.drop(name)


@pytest.fixture
def stoppable_postgres(postgres):
    """The same server, for a test that stops it; it runs again afterwards."""
    if not postgres.may_be_stopped:
        pytest.skip(module_beside("postgres").HOW_TO_STOP_IT)
    yield postgres
    postgres.ensure_running()


@pytest.fixture(scope="session")
def clean_environment():
    """Make an environment that has nothing of this one: ``clean_environment(folder)``."""
    return module_beside("cleanenv").Environment


@pytest.fixture(scope="session")
def build_wheel():
    """Build the wheel of a package of this repository: ``build_wheel(package, folder)``."""
    return module_beside("cleanenv").build_wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory, build_wheel):
    """kube9's wheel."""
    return build_wheel(Path(__file__).parents[1], tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def engine():
    """A real container engine: ``address``, ``client`` (docker-py), and images: ``busybox`` and ``node_base``."""
    engine = module_beside("engine").connect()
    yield engine
    engine.close()


@pytest.fixture
def cluster_mark(engine):
    """What a cluster of the test's own writes on all it makes on the engine; nothing of it may be left afterwards."""
    mark = f"c-{secrets.token_hex(4)}"
    yield mark
    fail_for_what_is_left(engine, mark)


def fail_for_what_is_left(engine, mark=None):
    """Fail a test that leaves something on an engine, and remove it."""
    if left := outlasting(lambda: engine.left(mark)):
        engine.remove(mark)
        pytest.fail(f"the test left on the engine: {module_beside('engine').told(left)}", pytrace=False)


@pytest.fixture(scope="session")
def lasting_own_engine(engine):
    """The engine that all tests of a session stop and start by turns."""
    of_dockerd = module_beside("dockerd")
    if not of_dockerd.possible():
        pytest.skip(of_dockerd.HOW_TO_GET_IT)
    own = module_beside("engine").OwnEngine(of_dockerd.Dockerd(of_dockerd.Beside()), engine)
    yield own
    own.close()


@pytest.fixture
def own_engine(lasting_own_engine):
    """An engine as ``engine``, for a test that stops, kills or fills one; nothing at all may be left on it."""
    yield lasting_own_engine
    lasting_own_engine.dockerd.ensure_running()
    fail_for_what_is_left(lasting_own_engine)


@pytest.fixture
def ssh(tmp_path):
    """Machines that one can log in to, made by ``machine(name)``; nothing may run on any of them afterwards."""
    of_sshd = module_beside("sshd")
    if not of_sshd.possible():
        pytest.skip(of_sshd.HOW_TO_GET_IT)
    place = of_sshd.Place(tmp_path / "ssh")
    yield place
    left = [f"process {pid} ({line})" for pid, line in outlasting(place.left).items()]
    place.close()
    if left:
        pytest.fail("the test left on its machines: " + ", ".join(sorted(left)), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Let no test be skipped where everything is required."""
    report = yield
    return refuse_skip(item, report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Let no module be skipped where everything is required."""
    report = yield
    return refuse_skip(collector, report)


def refuse_skip(node, report):
    """With ``KUBE9_REQUIRE_ALL=1``, where everything is known to be there, what was skipped has failed."""
    required = os.environ.get("KUBE9_REQUIRE_ALL") == "1" and not hasattr(report, "wasxfail")
    if report.skipped and required and not is_declared(node, report):
        report.outcome = "failed"
        report.longrepr = f"{node.nodeid} was left out although KUBE9_REQUIRE_ALL=1: {reason_of(report)}"
    return report


def is_declared(node, report):
    """Whether a contract left it out because the implementation says of itself that it cannot do that."""
    cannot = getattr(getattr(node, "cls", None), "cannot", ())
    return any(f" cannot {capability!r}:" in reason_of(report) for capability in cannot)


def reason_of(report):
    """Why a report says that its test was skipped."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter, config):
    """Say which tests were left out, why, and how to get them run."""
    skipped = Counter(reason_of(report) for report in terminalreporter.stats.get("skipped", []))
    deselected = len(terminalreporter.stats.get("deselected", []))
    if not skipped and not deselected:
        return
    terminalreporter.section("left out")
    for reason, count in sorted(skipped.items()):
        terminalreporter.line(f"{count} x {reason}")
    if deselected:
        chosen = " ".join(filter(None, (config.option.markexpr, config.option.keyword))) or "--deselect"
        terminalreporter.line(f"{deselected} x not chosen by {chosen!r}: run without it to have them too")
