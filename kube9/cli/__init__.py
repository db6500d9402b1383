"""The ``kube9`` program: thin commands over the composition root. Data goes to stdout, talk to stderr."""
