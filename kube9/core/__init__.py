"""The pure heart of kube9: values, the state machine, scheduling, hook specs and ports.

Nothing here does I/O, starts a thread or reads a clock; time arrives with each stimulus.
"""
