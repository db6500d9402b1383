from __future__ import annotations

import secrets

import pytest

from kube9.backends.docker.network import gateway_of


@pytest.mark.parametrize(
    "pools,gateway",
    [
        ([{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}], "172.18.0.1"),
        ([{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1/16"}], "172.18.0.1"),
        ([{"Subnet": "10.90.0.0/24"}], "10.90.0.1"),
        ([{"Subnet": "fd00::/64", "Gateway": "fd00::1"}, {"Subnet": "10.0.0.0/8", "Gateway": "10.0.0.9"}], "10.0.0.9"),
        ([{"Subnet": "fd00::/64"}], ""),
        (None, ""),
    ],
)
def test_the_first_gateway_that_speaks_ipv4_is_taken(pools, gateway):
    assert gateway_of({"IPAM": {"Config": pools}}) == gateway


@pytest.mark.once
def test_a_network_has_the_addresses_that_are_asked_for(make_bench, engine):
    # Of no other run's: those that look for free ones take others.
    subnet = f"10.{64 + secrets.randbelow(64)}.{secrets.randbelow(256)}.0/24"
    bench = make_bench(subnet=subnet)
    bench.up()
    network = engine.client.api.inspect_network(f"kube9-{bench.mark}")
    assert network["IPAM"]["Config"][0]["Subnet"] == subnet


@pytest.mark.once
def test_a_network_of_somebody_else_is_used_and_stays(make_bench, engine, cluster_mark):
    name = f"test-{cluster_mark}"
    engine.client.networks.create(name)
    try:
        bench = make_bench(network=name)
        node = bench.up()
        bench.destroy(node)
        assert [each.name for each in engine.client.networks.list(names=[name])] == [name]
        assert engine.client.networks.list(names=[f"kube9-{cluster_mark}"]) == []
    finally:
        engine.client.networks.get(name).remove()
