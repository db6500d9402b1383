"""What a pod's manifest says is what its containers have."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]

SECRET = "correct-horse-battery"
#: Of a probe that does not fail because the machine is busy.
PATIENT = "periodSeconds: 1, timeoutSeconds: 60, failureThreshold: 60"

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  terminationGracePeriodSeconds: 1
  initContainers:
  - name: first
    image: IMAGE
    command: [sh, -c, "echo made by init > /work/index.html"]
    volumeMounts: [{name: work, mountPath: /work}]
  containers:
  - name: web
    image: IMAGE
    command: [httpd, -f, -p, "8080", -h, /work]
    resources: {limits: {cpu: 250m, memory: 32Mi}}
    volumeMounts: [{name: work, mountPath: /work}]
    startupProbe: {tcpSocket: {port: 8080}, PATIENT}
    livenessProbe: {exec: {command: [test, -e, /work/index.html]}, PATIENT}
    readinessProbe: {httpGet: {path: /index.html, port: 8080}, PATIENT}
  - name: beside
    image: IMAGE
    command:
    - sh
    - -c
    - |
      cat /etc/shop/greeting
      echo $COLOUR ${#PASSWORD} $(cat /etc/secret/password | wc -c)
      until wget -q -O - http://localhost:8080; do sleep 0.1; done
      exec sleep 600
    env:
    - {name: COLOUR, value: green}
    - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
    volumeMounts:
    - {name: settings, mountPath: /etc/shop}
    - {name: secret, mountPath: /etc/secret}
  volumes:
  - {name: work, emptyDir: {}}
  - {name: settings, configMap: {name: settings}}
  - {name: secret, secret: {secretName: db}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: "good morning\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: db}
stringData: {password: SECRET}
"""


def test_a_pod_has_all_that_its_manifest_says(engine, cluster):
    cluster.add_nodes("n1")
    manifest = MANIFEST.replace("IMAGE", engine.busybox).replace("SECRET", SECRET).replace("PATIENT", PATIENT)
    (cluster.folder / "shop.yaml").write_text(manifest, encoding="utf-8")
    cluster.kube9("apply", "-f", "shop.yaml")
    cluster.until(lambda: cluster.all_run(1), "the pod is ready")
    said = ["good morning", f"green {len(SECRET)} {len(SECRET)}", "made by init"]
    cluster.until(
        lambda: cluster.kube9("pod", "logs", "shop", "--container", "beside").splitlines() == said,
        "its containers meet",
    )
    (web,) = cluster.containers(f"kube9.cluster={cluster.mark}", "kube9.container=web")
    (beside,) = cluster.containers(f"kube9.cluster={cluster.mark}", "kube9.container=beside")
    limits = engine.client.api.inspect_container(web["Id"])["HostConfig"]
    assert limits["Memory"] == 32 * 1024**2
    cpu = limits["NanoCpus"] / 1e9 or limits["CpuQuota"] / limits["CpuPeriod"]
    assert cpu == pytest.approx(0.25)
    assert (
        cluster.kube9("pod", "exec", "shop", "--container", "web", "--", "cat", "/work/index.html") == "made by init\n"
    )
    everywhere = [container["Labels"] for container in cluster.containers(f"kube9.cluster={cluster.mark}")]
    assert web["Labels"] in everywhere
    assert beside["Labels"] in everywhere
    assert SECRET not in str(everywhere)
    assert SECRET not in cluster.log.read_text(encoding="utf-8")


def test_a_pod_that_takes_more_memory_than_it_may_is_killed_and_that_is_told(engine, cluster):
    cluster.add_nodes("n1")
    container = {
        "name": "main",
        "image": engine.busybox,
        "command": ["sh", "-c", "x=a; while true; do x=$x$x; done"],
        "resources": {"limits": {"memory": "16Mi"}},
    }
    greedy = {"metadata": {"name": "greedy"}, "spec": {"containers": [container], "restartPolicy": "Never"}}
    cluster.ask(lambda client: client.launch_pod(greedy))
    cluster.until(lambda: cluster.pods()["greedy"]["phase"] == "Failed", "it is killed")
    told = cluster.pods()["greedy"]
    assert told["exitCode"] == 137
    assert told["reason"].startswith("OOMKilled")
