"""What runs on a node. Nothing here needs more than Python 3.8 and its standard library."""
