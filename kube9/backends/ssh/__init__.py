"""The SSH backend: a node is a machine that one can log in to, which runs kube9's agent.

The agent starts and looks after the pods. What is here brings it there, starts, fences and removes it, and reads from
pods, all over one connection to each machine, with paramiko.
"""

from __future__ import annotations
