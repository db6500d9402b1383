"""Place a pod where it leaves the least memory unused."""

import kube9


@kube9.scheduler("tightest-memory", local=True)
def tightest_memory(pod, nodes):
    return -(nodes.free["memory"] - pod.requests["memory"])
