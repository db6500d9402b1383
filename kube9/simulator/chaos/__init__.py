"""A whole cluster under weather: the production core, agents that fence themselves, and links that lose messages."""
