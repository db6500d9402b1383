"""How fast machines join and their pods start, beside bare ssh: run ``python -m bench ssh``."""
