"""How fast containers are there, beside the bare engine and Docker Swarm: run ``python -m bench docker``."""
