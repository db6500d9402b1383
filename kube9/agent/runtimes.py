"""What can run pods on a node, by name; each is loaded only where it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Callable, NamedTuple  # noqa: UP035  (Python 3.8)

from kube9.agent.configuration import ConfigurationError, NodeConfiguration
from kube9.agent.runtime import News, Runtime

__all__ = ["KNOWN", "RuntimeMaker", "find_runtime"]

#: The module of each. It has ``make_runtime(node, news)``, and ``make_sweep(node)``, which returns what ends all that
#: the node runs, from a process of its own. Where pods outlive the agent it has ``make_home(node)``, too.
KNOWN = {"docker": "kube9.agent.docker", "process": "kube9.agent.process"}


class RuntimeMaker(NamedTuple):
    make_runtime: Callable[[NodeConfiguration, News], Runtime]
    make_sweep: Callable[[NodeConfiguration], Callable[[], None]]
    #: What keeps the pods while there is no agent, and ends them with the lease; ``None`` where a guard does that.
    make_home: Callable[[NodeConfiguration], Any] | None = None


def find_runtime(name: str) -> RuntimeMaker:
    """:param name: of one that is known here; or a module, as ``module:its.name``.

    :raises ConfigurationError: there is none.
    """
    kind, _, module_name = name.partition(":")
    try:
        with _http_without_tls():
            module: Any = import_module(module_name if kind == "module" else KNOWN[name])
        return RuntimeMaker(module.make_runtime, module.make_sweep, getattr(module, "make_home", None))
    except KeyError:
        raise ConfigurationError(f"runtime: there is no {name!r}; expected one of {', '.join(KNOWN)}") from None
    except (ImportError, AttributeError) as exc:
        raise ConfigurationError(f"runtime: {name!r} cannot be used: {exc}") from exc


@contextmanager
def _http_without_tls() -> Iterator[None]:
    """The standard library's HTTP takes TLS along where it is there, and with it a sixth of what an agent may weigh.

    An engine on the same machine is asked without; whoever needs TLS for something else finds it as ever.
    """
    if "ssl" in sys.modules or "http.client" in sys.modules:
        yield
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]
    try:
        import http.client  # noqa: F401

        yield
    finally:
        del sys.modules["ssl"]
