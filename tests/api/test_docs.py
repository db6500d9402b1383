"""The page for people: whole, self-contained, and readable in a real browser of any width."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from kube9.api.docs import _inline, _linked

VOID = {"meta"}


class Page(HTMLParser):
    """The names and links of a page; fails where elements are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.names, self.links, self.tags, self.text, self._open = [], [], set(), "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.names += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def page(api):
    return Page(api.get("/docs").text)


def test_everything_there_is_has_a_place(api, page):
    openapi = api.get("/openapi.json").json
    told = {told["operationId"] for methods in openapi["paths"].values() for told in methods.values()}
    told |= {f"shape-{name}" for name in openapi["components"]["schemas"]}
    told |= {tag["name"] for tag in openapi["tags"]}
    assert told - set(page.names) == set()


def test_each_place_has_a_name_of_its_own_and_each_link_leads_to_one(page):
    assert len(page.names) == len(set(page.names))
    assert {link for link in page.links if not link.startswith("#")} == {"/openapi.json"}
    assert {link[1:] for link in page.links if link.startswith("#")} - set(page.names) == set()


def test_it_runs_and_loads_nothing(api, page):
    assert not {"script", "link", "img", "iframe", "object", "form"} & page.tags
    policy = api.get("/docs").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy


def test_the_command_it_begins_with_asks_the_server_that_shows_it(api):
    assert (
        "\n    https://cluster.test:8443/v1/nodes"
        in Page(api.get("/docs", base_url="https://cluster.test:8443").text).text
    )


def test_what_it_shows_is_not_obeyed():
    assert str(_inline("<b> `a<b` & `c`")) == "&lt;b&gt; <code>a&lt;b</code> &amp; <code>c</code>"


@pytest.mark.parametrize(
    "text,expected",
    [
        ("list of Pod", 'list of <a href="#shape-Pod">Pod</a>'),
        ("Pod or PodList", '<a href="#shape-Pod">Pod</a> or PodList'),
        ("`Pod`", "<code>Pod</code>"),
    ],
)
def test_names_of_shapes_lead_there_unless_they_are_code(text, expected):
    assert str(_linked({"Pod"}, text)) == expected


class Chromium:
    """A browser without a window and with one page, told what to do over its debugging pipe."""

    def __init__(self, program, folder):
        ours_to_read, theirs_to_write = os.pipe()
        theirs_to_read, ours_to_write = os.pipe()
        line = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        line += ["--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={folder}"]
        # The browser reads from 3 and writes to 4, whatever these are here.
        shell = f'exec "$0" "$@" 3<&{theirs_to_read} 4>&{theirs_to_write}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, *line], pass_fds=(theirs_to_read, theirs_to_write), stderr=subprocess.DEVNULL
        )
        os.close(theirs_to_read)
        os.close(theirs_to_write)
        self._read, self._write = os.fdopen(ours_to_read, "rb"), os.fdopen(ours_to_write, "wb", buffering=0)
        self._asked, self._page, self.events = 0, {}, []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._page = {"sessionId": self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        """What the browser answers; what it tells meanwhile goes to ``events``."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": params, **self._page}
        self._write.write(json.dumps(message).encode() + b"\0")
        while (told := self._next()).get("id") != self._asked:
            self.events.append(told)
        assert "error" not in told, told
        return told["result"]

    def _next(self):
        parts = []
        while (byte := self._read.read(1)) not in (b"\0", b""):
            parts.append(byte)
        assert byte, "the browser has ended"
        return json.loads(b"".join(parts))

    def open(self, url):
        self.ask("Page.navigate", url=url)
        while not self.told("Page.loadEventFired"):
            self.events.append(self._next())

    def told(self, method):
        """What the browser told under that name."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def value_of(self, script):
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def close(self):
        self._page = {}
        self.ask("Browser.close")
        self._process.wait(30)
        self._read.close()
        self._write.close()


@pytest.fixture
def chromium(tmp_path):
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium: apt install chromium")
    browser = Chromium(program, tmp_path / "profile")
    yield browser
    browser.close()


#: Whatever lies to the right of the window and is not in something that scrolls by itself.
TOO_WIDE = """
[...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth && !each.closest("pre"))
    .map(each => each.outerHTML.slice(0, 100))
"""

PAPERS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it_without_a_fault(api, serve, chromium, width, scheme):
    server = serve(api.app)
    chromium.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    chromium.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    # As one who types any name and the token when the browser asks for them.
    chromium.open(server.url.replace("://", "://me:the-token-that-may-do-everything@") + "/docs")
    chromium.value_of("document.querySelectorAll('details').forEach(each => { each.open = true })")

    assert chromium.value_of("document.querySelector('h1').textContent") == "The kube9 API"
    assert chromium.value_of("getComputedStyle(document.body).backgroundColor") == PAPERS[scheme]
    assert chromium.value_of("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert chromium.value_of(TOO_WIDE) == []
    asked = {re.sub("//.*@", "//", told["request"]["url"]) for told in chromium.told("Network.requestWillBeSent")}
    assert asked == {f"{server.url}/docs"}
    complaints = [told["entry"]["text"] for told in chromium.told("Log.entryAdded")]
    assert complaints + chromium.told("Runtime.exceptionThrown") + chromium.told("Runtime.consoleAPICalled") == []
