"""Writes weather.md, beside this file, from kube9/simulator/chaos; run it after a change of what weather there is.

``--check`` writes nothing and fails if the page is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pages import class_of, comments, table, write_or_check

from kube9.simulator.chaos import weather
from kube9.simulator.chaos.weather import Climate, LinkQuality
from kube9.simulator.chaos.weathers import KEYS, LINK_KEYS, WEATHERS

PAGE = Path(__file__).with_name("weather.md")

HEAD = """\
# Weather

<!-- Written by docs/reference/make_weather.py from kube9/simulator/chaos: change it there, and run the script. -->

What goes wrong, for `kube9 health compare --weather` and `kube9 simulate --faults`: a name, or a YAML file. `kube9
chaos` draws a weather of its own for each seed.

## By name

"""

FILES = """\
## A file

A YAML file says what is unlike `quiet`, by these keys:

```yaml weather.yaml
nodes: 10
crash_every_ms: 300000
fault_ms: 45000
link:
  delay_ms: 80
  loss: 0.02
```

Times are means, drawn anew each time, where nothing else is said. Those between two faults are of the whole cluster,
and 0 there is never. `kube9 simulate --faults` does not use `nodes`, `pods`, `run_ms`, `user_every_ms` and `storm_ms`:
its trace says all that.

"""

LINK = """\
### Below `link`

How each direction of a link treats messages. A share is from 0 up, and below 1.

"""


def page() -> str:
    """The whole page."""
    quiet = WEATHERS["quiet"]
    about, about_link = (told_of(kind) for kind in (Climate, LinkQuality))
    keys = table(("key", "without", "what it is"), rows(KEYS, quiet, about))
    link_keys = table(("key", "without", "what it is"), rows(LINK_KEYS, quiet.link, about_link))
    names = table(("name", "unlike `quiet`"), named(quiet))
    return "\n".join([HEAD + names, FILES + keys, LINK + link_keys])


def told_of(kind: type) -> Mapping[str, str]:
    """By field, what is said of it."""
    source = inspect.getsource(weather)
    return comments(source, class_of(source, kind.__name__))


def rows(keys: Sequence[str], quiet: Climate | LinkQuality, about: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for key in keys:
        if not about[key]:
            raise SystemExit(f"nothing is said of {key}: write it before the field, with #:")
        yield f"`{key}`", f"`{written(getattr(quiet, key))}`", about[key]


def named(quiet: Climate) -> Iterator[tuple[str, ...]]:
    """A row for each weather that there is by name."""
    for name, climate in WEATHERS.items():
        unlike = [*differences(KEYS, climate, quiet), *differences(LINK_KEYS, climate.link, quiet.link, "link.")]
        yield f"`{name}`", ", ".join(unlike) or "nothing fails; links take 40 ms on average, and no message is lost"


def differences(
    keys: Sequence[str], one: Climate | LinkQuality, quiet: Climate | LinkQuality, place: str = ""
) -> Iterator[str]:
    for key in keys:
        if getattr(one, key) != getattr(quiet, key):
            yield f"`{place}{key}: {written(getattr(one, key))}`"


def written(value: object) -> str:
    """As YAML has it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    write_or_check(PAGE, page())
