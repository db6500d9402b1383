"""How fast the server is, beside its floors: run ``python -m bench server``."""
