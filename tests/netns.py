"""Machines of a small network, each a namespace of this machine's network with an address of its own."""

from __future__ import annotations

import ipaddress
import secrets
import subprocess

#: What each machine calls its end of its cable.
INNER = "eth0"


class Switch:
    """What machines are plugged into.

    :param addresses: a network that is free.
    :param here: whether this machine is one of them, at ``address``.
    """

    def __init__(self, addresses: ipaddress.IPv4Network, *, here: bool = False):
        self.addresses = addresses
        self.hosts = addresses.hosts()
        self.name = f"k9s-{secrets.token_hex(4)}"
        # Bridged packets pass the firewall, too, and an engine drops what it has no rule for.
        self.rule = ("FORWARD", "--source", str(addresses), "--destination", str(addresses), "--jump", "ACCEPT")
        run("iptables", "--wait", "--insert", *self.rule)
        run("ip", "link", "add", self.name, "type", "bridge")
        if here:
            self.address = str(next(self.hosts))
            run("ip", "address", "add", f"{self.address}/{addresses.prefixlen}", "dev", self.name)
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
        inner = INNER
        self.outer = outer = f"k9v-{secrets.token_hex(4)}"
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self.name)
        run("ip", "link", "set", outer, "master", switch.name, "up")
        run(*self.inside, "ip", "address", "add", f"{self.address}/{switch.addresses.prefixlen}", "dev", inner)
        for device in ("lo", inner):
            run(*self.inside, "ip", "link", "set", device, "up")

    def unplug(self):
        run("ip", "link", "set", self.outer, "down")

    def plug_in(self):
        run("ip", "link", "set", self.outer, "up")

    def deafen(self):
        """It can say what it likes, and hears nothing."""
        run(*self.inside, "iptables", "--wait", "--insert", "INPUT", "--in-interface", INNER, "--jump", "DROP")

    def mute(self):
        """It hears everything, and can say nothing."""
        run(*self.inside, "iptables", "--wait", "--insert", "OUTPUT", "--out-interface", INNER, "--jump", "DROP")

    def restore(self):
        """As before it was made deaf or mute."""
        run(*self.inside, "iptables", "--wait", "--flush")

    def close(self):
        # The namespace lives on for as long as a process is in it.
        run("ip", "link", "delete", self.outer)
        run("ip", "netns", "delete", self.name)


def run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
