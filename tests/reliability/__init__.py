"""Is what was acknowledged still there when the server is killed? Run ``python tests/reliability --help``."""
