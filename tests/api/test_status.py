from __future__ import annotations

import kube9


def test_the_server_tells_what_it_knows(api):
    api.node()
    api.pod("web", requests={"cpu": "64"})
    told = api.get("/v1/status").json
    assert told["version"] == kube9.__version__
    assert (told["ready"], told["reason"], told["storeOk"]) == (True, "", True)
    assert told["defaultScheduler"] == told["schedulers"][0] == "best-fit"
    assert "memory" in told["backends"]
    assert (told["nodes"], told["pods"], told["deployments"]) == ({"Ready": 1}, {"Pending": 1}, 0)
    assert told["lastEventId"] == api.get("/v1/events").json["metadata"]["lastId"]
