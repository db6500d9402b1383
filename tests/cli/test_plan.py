"""``kube9 plan``: where things would go, and nothing goes there."""

from __future__ import annotations

import json

PODS = """
apiVersion: kube9/v1
kind: Pod
metadata: {{name: {name}}}
spec: {{requests: {{cpu: "{cpu}"}}}}
"""


def test_each_pod_has_a_node_or_a_reason(live, run, said, tmp_path):
    live.add_nodes("n1")
    path = tmp_path / "pods.yaml"
    path.write_text("---".join(PODS.format(name=name, cpu=cpu) for name, cpu in (("a", 3), ("b", 2), ("c", 1))))
    result = run("plan", "-f", str(path))
    assert result.exit_code == 0, result.stderr
    rows = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    assert rows[0] == ["POD", "NODE", "REASON"]
    assert rows[1] == ["a", "n1"]
    assert rows[2] == ["b", "0", "of 1 nodes fit: 1 insufficient cpu"]
    assert rows[3] == ["c", "n1"]
    assert result.stderr == "1 of 3 pods would wait.\n"
    assert said("pod", "list")["items"] == []
    document = json.loads(run("plan", "-f", str(path), "-o", "json").stdout)
    assert [item["nodeName"] for item in document["items"]] == ["n1", None, "n1"]
