"""Machines of a small network, each a namespace of this machine's network with an address of its own."""

from __future__ import annotations

import ipaddress
import secrets
import subprocess


class Switch:
    """What machines are plugged into; this machine is not.

    :param addresses: a network that is free.
    """

    def __init__(self, addresses: ipaddress.IPv4Network):
        self.addresses = addresses
        self.hosts = addresses.hosts()
        self.name = f"k9s-{secrets.token_hex(4)}"
        # Bridged packets pass the firewall, too, and an engine drops what it has no rule for.
        self.rule = ("FORWARD", "--source", str(addresses), "--destination", str(addresses), "--jump", "ACCEPT")
        run("iptables", "--wait", "--insert", *self.rule)
        run("ip", "link", "add", self.name, "type", "bridge")
        run("ip", "link", "set", self.name, "up")

    def close(self):
        run("ip", "link", "delete", self.name)
        run("iptables", "--wait", "--delete", *self.rule)


class Apart:
    """One machine's place for an engine, which may have bridges and a firewall as it likes."""

    options = ()

    def __init__(self, switch: Switch):
        self.name = f"k9n-{secrets.token_hex(4)}"
        self.address = str(next(switch.hosts))
        # Only the network is another one: `ip netns exec` would hide the control groups, too.
        self.inside = ("nsenter", f"--net=/run/netns/{self.name}")
        inner = "eth0"
        self.outer = outer = f"k9v-{secrets.token_hex(4)}"
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        run("ip", "link", "set", outer, "master", switch.name, "up")
        run(*self.inside, "ip", "address", "add", f"{self.address}/{switch.addresses.prefixlen}", "dev", inner)
        for device in ("lo", inner):
            run(*self.inside, "ip", "link", "set", device, "up")

    def close(self):
        # The namespace lives on for as long as a process is in it.
        run("ip", "link", "delete", self.outer)
        run("ip", "netns", "delete", self.name)


def run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
