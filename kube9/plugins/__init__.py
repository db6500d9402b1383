"""How strategies get in: the built-in ones, and the manager that loads every plugin, a stranger's like our own.

The built-ins (policies, filters, queues, devices, traces) use only the public hooks. ``manager`` finds plugins in
``sources``, holds them to their ``contract``, fills the ``registries``, and hands events on through the ``door``.
"""
