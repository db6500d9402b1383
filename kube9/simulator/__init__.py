"""Simulation: traces, nodes and failures from files and seeds, run through the real core in virtual time."""
