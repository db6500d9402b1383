"""``kube9 delete -f``: what was applied is taken away again."""

from __future__ import annotations

DOCUMENTS = """
apiVersion: kube9/v1
kind: Node
metadata: {name: n1}
spec: {capacity: {cpu: "1"}}
---
apiVersion: kube9/v1
kind: Pod
metadata: {name: web, namespace: team}
spec: {requests: {cpu: 100m}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
"""


def test_all_of_it_goes_the_last_first(live, run, tmp_path):
    path = tmp_path / "all.yaml"
    path.write_text(DOCUMENTS)
    assert run("apply", "-f", str(path)).exit_code == 0
    live.wait_for("PodRunning")
    result = run("delete", "-f", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "pod web is being deleted\nnode n1 is being deleted\n"
    live.wait_for("NodeDeleted")
    again = run("delete", "-f", str(path))
    assert again.exit_code == 2
    assert again.stderr.count("Error: there is no") == 2
