"""Writes metrics.md, beside this file, from what a server shows to Prometheus; run it after a change of that.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from pages import filled, table, write_or_check
from prometheus_client.metrics_core import Metric

from kube9.agent.brain import PodUse
from kube9.api import Limits, Tokens
from kube9.api.application import RESOURCES
from kube9.api.metrics import PlaneMetrics
from kube9.api.services import Services
from kube9.app import App
from kube9.core.nodes import NodePhase
from kube9.core.pods import PodPhase
from kube9.store import open_store

PAGE = Path(__file__).with_name("metrics.md")

HEAD = """\
# Metrics

<!-- Written by docs/reference/make_metrics.py from kube9/api/metrics.py: change it there, and run the script. -->

`kube9 serve` shows these under `/metrics`, in the text format of Prometheus. The request wants the server's token, as
all others do:

```yaml
scrape_configs:
- job_name: kube9
  authorization:
    credentials_file: /home/ops/.local/state/kube9/token
  static_configs:
  - targets: ["127.0.0.1:9009"]
```

Labels are phases, resources and endpoints, never names of nodes or pods: the number of series does not grow with the
cluster. Numbers are read when they are asked for, and counters begin at 0 with each start of the server, except
`kube9_events_total`.
"""

FOOT = """\
`phase` of nodes is one of {nodes}, of pods one of {pods}; all of them are always there. `resource` is `cpu`,
`memory`, `pods` and whatever else nodes have, devices by their kind. `endpoint` is the `operationId` of [the OpenAPI
document](api.md), such as `list_pods`, or `none` where there is no such endpoint; `status` is the class of the
answer, such as `2xx`. `kube9_measured` is there once a node has measured anything, which those in memory do not.
"""

#: Where a name and a label do not say it.
COUNTED = "a number"


def page() -> str:
    """The whole page."""
    words = {"nodes": listed(NodePhase), "pods": listed(PodPhase)}
    foot = filled(" ".join(FOOT.format(**words).split()))
    return "\n".join([HEAD, table(("series", "type", "unit", "labels", ""), map(row, metrics())), foot, ""])


def metrics() -> list[Metric]:
    """What a server shows that has measured something and has answered a request."""
    app = App.load(env={"KUBE9_PLUGINS": ""})
    with TemporaryDirectory() as folder, closing(open_store(f"{folder}/kube9.db")) as store:
        plane = app.make_control_plane(store)
        plane.usage.note("n1", (PodUse("p", 1, 1, 1),))
        services = Services(
            plane=plane, plugins=app.plugins, tokens=Tokens.of("token"), limits=Limits(), resources=RESOURCES
        )
        services.requests.observe("list_pods", 200, 0.001)
        return list(PlaneMetrics(services).collect())


def row(metric: Metric) -> tuple[str, ...]:
    """A line of the table."""
    labels = dict.fromkeys(label for sample in metric.samples for label in sample.labels if label != "le")
    names = {"counter": "{}_total", "info": "{}_info", "histogram": "{}` and its `_bucket`, `_sum` and `_count"}
    series = names.get(metric.type, "{}").format(metric.name)
    marked = ", ".join(f"`{label}`" for label in labels or own_labels(metric))
    return f"`{series}`", metric.type, unit(metric), marked, metric.documentation


def own_labels(metric: Metric) -> tuple[str, ...]:
    """The labels of a family that has no series yet."""
    return tuple(getattr(metric, "_labelnames", ()))


def unit(metric: Metric) -> str:
    if metric.name.endswith("_seconds"):
        return "seconds"
    if "cpu in thousandths" in metric.documentation:
        return "of the resource"
    if metric.documentation.startswith("1 while"):
        return "1 or 0"
    return "1" if metric.type == "info" else COUNTED


def listed(words: type[NodePhase | PodPhase]) -> str:
    *some, last = (f"`{word.value}`" for word in words)
    return f"{', '.join(some)} and {last}"


if __name__ == "__main__":
    write_or_check(PAGE, page())
