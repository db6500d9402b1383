"""How fast kube9 decides, beside a plain loop over objects and the bare NumPy scan: run ``python -m bench``."""
