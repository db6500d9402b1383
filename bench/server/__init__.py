"""How fast the server is, beside the same web server answering a constant and the bare store: ``python -m bench server``."""
