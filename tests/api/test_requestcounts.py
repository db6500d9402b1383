from __future__ import annotations

import pytest

from kube9.api.requestcounts import RequestCounts


def samples(counts):
    return {
        (sample.name.removeprefix("kube9_request_duration_seconds"), *sample.labels.values()): sample.value
        for metric in counts.metrics()
        for sample in metric.samples
        if not sample.name.endswith("_created")
    }


def test_requests_are_counted_by_endpoint_and_class_of_status():
    counts = RequestCounts()
    for status in (200, 201, 204, 404, 503):
        counts.observe("list_pods", status, 0.01)
    counts.observe("show_pod", 200, 0.01)
    found = samples(counts)
    assert found["_count", "list_pods", "2xx"] == 3
    assert found["_count", "list_pods", "4xx"] == 1
    assert found["_count", "list_pods", "5xx"] == 1
    assert found["_count", "show_pod", "2xx"] == 1


def test_how_long_they_took_is_summed_and_sorted_into_buckets():
    counts = RequestCounts()
    for duration_s in (0.0005, 0.002, 20.0, 100.0):
        counts.observe("list_pods", 200, duration_s)
    found = samples(counts)
    assert found["_sum", "list_pods", "2xx"] == pytest.approx(120.0025)
    upto = {key[-1]: value for key, value in found.items() if key[0] == "_bucket"}
    assert (upto["0.001"], upto["0.0025"], upto["10.0"], upto["30.0"], upto["+Inf"]) == (1, 2, 2, 3, 4)


def test_nothing_is_told_of_what_was_never_asked():
    assert samples(RequestCounts()) == {}
