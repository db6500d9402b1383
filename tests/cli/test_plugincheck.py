"""``kube9 plugins check`` finds what a plugin breaks, says which promise that is, and shows the smallest example."""

from __future__ import annotations

import json
import re

import pytest

from kube9.cli.newpackage import NewPackage

pytestmark = pytest.mark.once

FEW = ("--examples", "15")

SOUND = """
import kube9


@kube9.scheduler("emptiest", local=True)
def emptiest(pod, nodes):
    return nodes.free["cpu"]
"""

HEAD = "import numpy as np\nimport kube9\n\n\n"

RAISES = """
@kube9.scheduler("raises")
def raises(pod, nodes):
    return 1 / 0
"""

#: Each breaks one promise: the code, the promise, and what is said of it.
BROKEN = {
    "an impure scheduler": (
        """
asked = []


@kube9.scheduler("subject")
def subject(pod, nodes):
    asked.append(None)
    return np.full(len(nodes), float(len(asked)))
""",
        "same arguments give same scores",
        "first [",
    ),
    "a scheduler that writes to the table": (
        """
@kube9.scheduler("subject")
def subject(pod, nodes):
    nodes.largest["cpu"] += 1
    return np.zeros(len(nodes))
""",
        "leaves its arguments alone",
        "nodes.",
    ),
    "a NaN": (
        """
@kube9.scheduler("subject")
def subject(pod, nodes):
    return np.full(len(nodes), np.nan)
""",
        "scores are finite where the pod fits",
        "score nan for node 'n0'",
    ),
    "a wrong shape": (
        """
@kube9.scheduler("subject")
def subject(pod, nodes):
    return np.zeros(len(nodes) + 1)
""",
        "gives one score per node",
        "scores of shape (2,) for 1 nodes; expected (1,)",
    ),
    "a filter that answers with numbers": (
        """
class Subject:
    reason = "numbers"

    def fits(self, pod, nodes):
        return np.ones(len(nodes))


@kube9.hookimpl
def kube9_register_filters(register):
    register("subject", Subject)
""",
        "gives one truth value per node or none",
        "a mask of type float64; expected bool",
    ),
    "a health check that gives NaN": (
        """
class Subject:
    suspect_at, fail_at = 3.0, 10.0

    def suspicion(self, history, now_ms):
        missed = (now_ms - history.arrivals_ms[-1]) / history.interval_ms
        return missed if len(history.arrivals_ms) > 1 else float("nan")


@kube9.hookimpl
def kube9_register_health_checks(register):
    register("subject", Subject)
""",
        "suspicion is a finite number from 0 up",
        "suspicion nan; expected a finite number from 0 up",
    ),
    "a health check with hidden state": (
        """
class Subject:
    suspect_at, fail_at = 3.0, 10.0
    asked = 0

    def suspicion(self, history, now_ms):
        self.asked += 1
        return (now_ms - history.arrivals_ms[-1]) / history.interval_ms + self.asked / 1e6


@kube9.hookimpl
def kube9_register_health_checks(register):
    register("subject", Subject)
""",
        "same history gives the same suspicion",
        "again [",
    ),
    "a subscriber that prints": (
        """
@kube9.hookimpl
def kube9_node_lost(node):
    print(node.name)
""",
        "writes nothing to stdout",
        "to stdout; write to stderr, or to a file",
    ),
    "a subscriber that must have heard of everything": (
        """
seen = {}


@kube9.hookimpl
def kube9_pod_bound(pod, node):
    seen[pod.uid] = node.name


@kube9.hookimpl
def kube9_pod_ready(pod):
    seen[pod.uid, pod.name]
""",
        "takes every event",
        "failed in kube9_pod_ready: KeyError",
    ),
}


@pytest.fixture
def plugin_file(tmp_path):
    def write(code, name="subject.py"):
        path = tmp_path / name
        path.write_text(HEAD + code)
        return str(path)

    return write


def check(run, *args, code):
    """What one thing is found to keep and to break, as programs are told."""
    result = run("plugins", "check", *FEW, *args, "-o", "json")
    assert result.exit_code == code, result.output
    (checked,) = json.loads(result.stdout)["checked"]
    assert checked["keeps"] is (code == 0)
    return checked


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("code, promise, said", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_told_with_its_smallest_example(run, plugin_file, code, promise, said):
    checked = check(run, "--plugin", plugin_file(code), code=1)
    (told,) = [each for each in checked["promises"] if each["promise"] == promise]
    assert told["outcome"] == "broken"
    assert said in told["message"]
    assert told["example"]
    assert any(each["outcome"] == "kept" for each in checked["promises"])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_backend_that_runs_more_than_it_was_given_is_caught(run, tmp_path):
    NewPackage.named("subject", "backend").write(tmp_path / "new")
    text = (tmp_path / "new" / "src" / "kube9_subject" / "__init__.py").read_text()
    added = "            running.add((pod.uid, pod.epoch))\n"
    assert added in text
    path = tmp_path / "subject.py"
    path.write_text(text.replace(added, added + '            running.add((pod.uid + "-twin", pod.epoch))\n'))
    cannot = [part for name in ("logs", "follow", "exec", "many-nodes") for part in ("--cannot", name)]
    checked = check(run, "--plugin", str(path), *cannot, code=1)
    (told,) = [each for each in checked["promises"] if each["promise"] == "a node runs just what it was given"]
    assert told["outcome"] == "broken"
    assert "-twin" in told["message"]
    assert "Call(what='start', pod='a')" in told["example"]


def test_the_table_says_what_is_kept_and_how_long_it_takes(run, plugin_file):
    result = run("plugins", "check", *FEW, "emptiest", "--plugin", plugin_file(SOUND))
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert re.fullmatch("scheduler 'emptiest': keeps [1-9][0-9]+ promises", first)
    assert second.startswith("  it takes ")
    assert " times as long as best-fit (budget 20 times" in second
    assert result.stderr == "Trying scheduler 'emptiest' ...\n"


def test_the_table_shows_what_is_broken(run, plugin_file):
    code, promise, said = BROKEN["a wrong shape"]
    result = run("-q", "plugins", "check", *FEW, "--plugin", plugin_file(code))
    assert (result.exit_code, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    at = lines.index(f"  BROKEN: {promise}")
    assert lines[at + 1] == "    As many scores as nodes, in one dimension."
    assert lines[at + 2] == f"    {said}"
    assert lines[at + 3 : at + 6] == [
        "    The smallest example:",
        "      Decision(",
        "          pod=PodSpec(name='pod'),",
    ]


def test_what_it_cannot_do_is_left_out_and_said(run, plugin_file):
    code = """
@kube9.scheduler("whole")
def whole(pod, nodes):
    return nodes.free["cpu"] / nodes.largest["cpu"] + nodes.free["memory"] / nodes.largest["memory"]
"""
    check(run, "--plugin", plugin_file(code), "--cannot", "partial-requests", code=0)


def test_what_is_left_out_of_one_contract_is_no_matter_for_another(run):
    result = run("plugins", "check", *FEW, "first-fit", "fcfs", "--cannot", "partial-requests")
    assert result.exit_code == 0, result.output


TENANTS = """
class Tenants:
    reason = "of another tenant"

    def fits(self, pod, nodes):
        return nodes.has_label("tenant", pod.labels["tenant"]).astype(int) if "tenant" in pod.labels else None


@kube9.hookimpl
def kube9_register_filters(register):
    register("tenants", Tenants)
"""


def test_what_goes_by_a_label_is_tried_with_it(run, plugin_file):
    check(run, "--plugin", plugin_file(TENANTS), code=0)
    labels = ("--label", "tenant=acme", "--label", "tenant=globex")
    result = run("plugins", "check", *FEW, "--plugin", plugin_file(TENANTS), *labels)
    assert result.exit_code == 1
    assert "a mask of type int64; expected bool" in result.stdout
    assert "labels={'tenant': 'acme'}" in result.stdout


@pytest.mark.parametrize(
    "label,told",
    [("tenant", "expected KEY=VALUE, got 'tenant'"), ("=x", "expected KEY=VALUE, got '=x'"), ("a b=c", "'a b'")],
)
def test_what_is_no_label_is_misuse(run, plugin_file, label, told):
    result = run("plugins", "check", *FEW, "--plugin", plugin_file(TENANTS), "--label", label)
    assert result.exit_code == 2
    assert told in result.stderr


def test_what_one_fault_breaks_is_told_together(run, plugin_file):
    result = run("plugins", "check", *FEW, "--plugin", plugin_file(RAISES))
    assert result.exit_code == 1
    assert result.stdout.count("ZeroDivisionError") == 1
    assert result.stdout.count("The smallest example:") == 1
    assert "  BROKEN: gives one score per node\n  BROKEN: scores are real numbers\n" in result.stdout


def test_one_line_that_fails_is_one_fault_whatever_the_example(run, plugin_file):
    code = """
class Hurried:
    suspect_at, fail_at = 3.0, 10.0

    def suspicion(self, history, now_ms):
        first, last = history.arrivals_ms[0], history.arrivals_ms[-1]
        if len(history.arrivals_ms) > 1:
            1 / (last - first)
        return (now_ms - last) / history.interval_ms


@kube9.hookimpl
def kube9_register_health_checks(register):
    register("hurried", Hurried)
"""
    result = run("-q", "plugins", "check", *FEW, "--plugin", plugin_file(code))
    assert result.exit_code == 1
    assert result.stdout.count("ZeroDivisionError") == result.stdout.count("The smallest example") == 1
    assert "    The smallest example, of 'suspicion falls with a beat':\n" in result.stdout
    assert "arrivals_ms=(0,), interval_ms=1000)" in result.stdout


def test_what_cannot_be_made_without_options_is_told_how_to_give_them(run, plugin_file):
    code = """
class Needs:
    def __init__(self, workload):
        raise ValueError

    def score(self, pod, nodes):
        return nodes.free["cpu"]


@kube9.hookimpl
def kube9_register_schedulers(register):
    register("needs", Needs)
"""
    result = run("plugins", "check", *FEW, "--plugin", plugin_file(code))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'workload'; what it needs is given as on a command line: needs:KEY=VALUE\n" in result.stderr
    assert result.stderr.count("Needs") == 1


@pytest.mark.parametrize("kind", ["health_checks", "backends"])
def test_what_lacks_a_method_is_told_once(run, plugin_file, kind):
    code = f"""
class Half:
    suspect_at, fail_at = 3.0, 10.0

    def __init__(self, clock=None, deliver=None):
        pass

    def suspision(self, history, now_ms):
        return 0.0


@kube9.hookimpl
def kube9_register_{kind}(register):
    register("half", Half)
"""
    result = run("-q", "plugins", "check", *FEW, "--plugin", plugin_file(code))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == result.stderr.count("Half has no ") == 1
    if kind == "health_checks":
        assert "Half has no 'suspicion' (did you mean that by 'suspision'?)\n" in result.stderr


def test_what_whoever_calls_set_for_pytest_has_no_say(run, plugin_file, monkeypatch, tmp_path):
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not mine')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    plugin_file(SOUND)
    checked = check(run, "--plugin", "subject.py", code=0)
    assert (checked["kind"], checked["name"], checked["plugin"]) == ("scheduler", "emptiest", "subject.py")


MISUSED = {
    "an unknown name": (("best-fitt",), 2, "Did you mean 'best-fit'?"),
    "nothing": ((), 2, "name what to check"),
    "no contract": (("traces",), 2, "offers nothing that there is a contract for"),
    "a step that no factory takes": (("best-fit:x=1",), 2, "'policies' has no option 'x'; it takes none"),
    "a backend with an option that there is not": (("memory:x=1",), 2, "there is no option 'x'; expected one of "),
    "a value that cannot be read": (("heartbeat:fail_ms=x",), 2, "option 'fail_ms': expected a whole number"),
    "no capability of that name": (
        ("first-fit", "--cannot", "fly"),
        2,
        "Error: --cannot: there is no capability 'fly'; there are: partial-requests\n",
    ),
}


@pytest.mark.parametrize("args, code, said", MISUSED.values(), ids=MISUSED)
def test_what_cannot_be_checked_is_told(run, args, code, said):
    result = run("plugins", "check", *FEW, *args)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""


def test_a_broken_plugin_fails(run, plugin_file):
    result = run("plugins", "check", "--plugin", plugin_file("kube9.nonsense()"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is broken and not used: AttributeError" in result.stderr


def test_a_plugin_that_is_left_out_is_misuse(run):
    result = run("plugins", "check", "policies", env={"KUBE9_PLUGINS_OFF": "policies"})
    assert result.exit_code == 2
    assert "plugin 'policies' (kube9 " in result.stderr
    assert "is left out by KUBE9_PLUGINS_OFF" in result.stderr


def test_the_list_is_as_it_was(run):
    assert run("plugins", "--hook", "kube9_register_filters").stdout.splitlines()[1].startswith("filters ")
