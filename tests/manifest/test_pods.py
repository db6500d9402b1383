from __future__ import annotations

import pytest

from kube9.core.containers import RestartPolicy
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.manifest import parse_document


def spec_of(document):
    return parse_document(document).spec


def test_a_pod_without_containers_says_what_it_needs(pod):
    document = pod({"requests": {"cpu": "1500m", "memory": "2Gi"}, "devices": [{"kind": "gpu", "count": 2}]})
    devices = (DeviceRequest(kind="gpu", count=2),)
    assert spec_of(document) == PodSpec(name="p", requests={"cpu": 1500, "memory": 2 * 2**30}, devices=devices)


@pytest.mark.parametrize(
    "field, written, attribute, value",
    [
        ("nodeSelector", {"disk": "ssd"}, "node_selector", {"disk": "ssd"}),
        ("priority", -5, "priority", -5),
        ("schedulerName", "best-fit", "scheduler_name", "best-fit"),
        ("schedulerName", "default-scheduler", "scheduler_name", ""),
        ("restartPolicy", "OnFailure", "restart_policy", RestartPolicy.ON_FAILURE),
        ("terminationGracePeriodSeconds", 0, "grace_ms", 0),
        ("terminationGracePeriodSeconds", 1.5, "grace_ms", 1500),
        ("hostNetwork", True, "host_network", True),
        ("priority", None, "priority", 0),
    ],
)
def test_fields_of_a_pod(pod, field, written, attribute, value):
    manifest = parse_document(pod({field: written}))
    assert getattr(manifest.spec, attribute) == value
    assert manifest.warnings == ()


def test_what_a_pod_needs_is_the_sum_of_its_containers_or_its_largest_init_container(pod):
    def container(name, cpu, memory):
        return {"name": name, "image": "x:1", "resources": {"requests": {"cpu": cpu, "memory": memory}}}

    document = pod(
        {
            "containers": [container("a", "1", "1Gi"), container("b", "500m", "1Gi")],
            "initContainers": [container("i", "4", "1Gi")],
        },
        "v1",
    )
    assert spec_of(document).requests == {"cpu": 4000, "memory": 2 * 2**30}


@pytest.mark.parametrize(
    "field, value",
    [
        ("hostPID", True),
        ("hostIPC", True),
        ("nodeName", "n1"),
        ("securityContext", {"runAsUser": 1}),
        ("hostAliases", [{"ip": "1.2.3.4"}]),
        ("ephemeralContainers", [{"name": "x"}]),
        ("activeDeadlineSeconds", 0),
        ("dnsPolicy", "None"),
        ("os", {"name": "windows"}),
        ("shareProcessNamespace", True),
        ("priorityClassName", "high"),
        ("resources", {"requests": {"cpu": 1}}),
        ("runtimeClassName", "gvisor"),
    ],
)
def test_what_would_change_what_runs_is_refused(problems_of, running, field, value):
    for version in ("v1", "kube9/v1"):
        found = problems_of(running(version, {field: value}))
        assert list(found) == [f"spec.{field}"]
        assert found[f"spec.{field}"].startswith("is not supported: ")


@pytest.mark.parametrize(
    "field, value",
    [
        ("serviceAccountName", "default"),
        ("automountServiceAccountToken", True),
        ("imagePullSecrets", [{"name": "x"}]),
        ("enableServiceLinks", True),
        ("preemptionPolicy", "PreemptLowerPriority"),
        ("topologySpreadConstraints", [{"whenUnsatisfiable": "ScheduleAnyway"}]),
    ],
)
def test_what_changes_nothing_that_runs_is_warned_about(running, field, value):
    (warning,) = parse_document(running("v1", {field: value})).warnings
    assert warning.startswith(f"spec.{field}")


@pytest.mark.parametrize(
    "spec",
    [
        {"hostPID": False},
        {"securityContext": {}},
        {"hostAliases": []},
        {"nodeName": ""},
        {"dnsPolicy": "ClusterFirst"},
        {"preemptionPolicy": "Never"},
        {"os": {"name": "linux"}},
        {"hostUsers": True},
        {"automountServiceAccountToken": False},
        {"serviceAccountName": None},
    ],
)
def test_what_asks_for_nothing_needs_no_word(running, spec):
    assert parse_document(running("v1", spec)).warnings == ()


def test_a_priority_class_beside_the_priority_that_it_stands_for(running):
    manifest = parse_document(running("v1", {"priorityClassName": "high", "priority": 100}))
    assert manifest.spec.priority == 100
    assert manifest.warnings == ("spec.priorityClassName: kube9 goes by priority alone",)


def test_a_spread_that_must_hold_is_refused(problems_of, running):
    spread = [{"whenUnsatisfiable": "ScheduleAnyway"}, {"whenUnsatisfiable": "DoNotSchedule"}]
    found = problems_of(running("v1", {"topologySpreadConstraints": spread}))
    assert list(found) == ["spec.topologySpreadConstraints[1]"]


@pytest.mark.parametrize("field", ["requests", "devices", "configs"])
def test_fields_of_kube9_are_not_those_of_kubernetes(problems_of, running, field):
    found = problems_of(running("v1", {field: {}}))
    assert found == {f"spec.{field}": "is a field of kube9's own; say apiVersion: kube9/v1 to use it"}


@pytest.mark.parametrize(
    "spec, path, part",
    [
        ({"contaners": []}, "spec.contaners", "did you mean 'containers'?"),
        ({"priority": 2**31}, "spec.priority", "expected a whole number from -2147483648 to 2147483647"),
        ({"priority": "5"}, "spec.priority", "got the text '5'"),
        ({"hostNetwork": "yes"}, "spec.hostNetwork", "expected true or false"),
        ({"restartPolicy": "always"}, "spec.restartPolicy", "expected one of Always, OnFailure, Never"),
        ({"terminationGracePeriodSeconds": -1}, "spec.terminationGracePeriodSeconds", "number of seconds from 0"),
        ({"terminationGracePeriodSeconds": 0.0001}, "spec.terminationGracePeriodSeconds", "number of seconds"),
        ({"requests": {"pods": 1}}, "spec.requests.pods", "a limit of nodes"),
        ({"requests": {"gpu": 1}, "devices": [{"kind": "gpu", "count": 1}]}, "spec", "also as devices"),
        ({"nodeSelector": {"a b": "x"}}, "spec.nodeSelector['a b']", "expected a name"),
        ({"nodeSelector": {"a": 5}}, "spec.nodeSelector.a", "put it in quotes"),
        ({"containers": {}}, "spec.containers", "expected a list, got an object"),
        ({"containers": ["c"]}, "spec.containers[0]", "expected an object, got the text 'c'"),
    ],
)
def test_faults_of_a_pod(problems_of, pod, spec, path, part):
    found = problems_of(pod(spec))
    assert list(found) == [path]
    assert part in found[path]


def test_seconds_of_kubernetes_are_whole(problems_of, running):
    found = problems_of(running("v1", {"terminationGracePeriodSeconds": 1.5}))
    assert "a whole number of seconds" in found["spec.terminationGracePeriodSeconds"]


@pytest.mark.parametrize("spec", [{}, {"containers": []}, {"containers": None}])
def test_a_pod_of_kubernetes_has_containers(problems_of, pod, spec):
    assert list(problems_of(pod(spec, "v1"))) == ["spec.containers"]


def test_no_two_containers_have_one_name(problems_of, pod):
    one, other = {"name": "a", "image": "x:1"}, {"name": "b", "image": "x:1"}
    assert list(problems_of(pod({"containers": [one, other, one]}))) == ["spec.containers[2].name"]
    assert list(problems_of(pod({"containers": [one], "initContainers": [one]}))) == ["spec.initContainers[0].name"]


def test_containers_may_not_ask_for_more_together_than_a_number_holds(problems_of, pod):
    containers = [{"name": f"c{number}", "resources": {"requests": {"memory": "8Pi"}}} for number in range(1025)]
    assert problems_of(pod({"containers": containers})) == {
        "spec": f"containers: they ask for {1025 * 2**53} of memory in all, expected at most {2**53}"
    }


def test_all_problems_are_told_at_once(problems_of, pod):
    container = {"name": "C", "imge": "x", "args": "-v", "resources": {"requests": {"cpu": "1x"}}}
    found = problems_of(pod({"containers": [container], "priority": True}, "v1", labels={"a": 1}))
    assert list(found) == [
        "metadata.labels.a",
        "spec.containers[0].name",
        "spec.containers[0].imge",
        "spec.containers[0].args",
        "spec.containers[0].resources.requests.cpu",
        "spec.containers[0].image",
        "spec.priority",
    ]
