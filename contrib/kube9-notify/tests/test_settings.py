"""What the environment may say, and what is told of what it may not."""

from __future__ import annotations

import pytest

from kube9_notify import EVENTS, Settings

URL = {"KUBE9_NOTIFY_URL": "https://hooks.example/T0/B1?token=hidden"}
SECRET = {"KUBE9_NOTIFY_SECRET": "0123456789abcdef"}


def test_without_a_url_nothing_is_told():
    assert Settings.from_env({"PATH": "/bin"}) == Settings()
    assert Settings().url == ""


def test_all_of_it_can_be_set():
    env = {"KUBE9_NOTIFY_EVENTS": "node-lost, pod-finished", "KUBE9_NOTIFY_ATTEMPTS": "3"}
    env |= {"KUBE9_NOTIFY_WAITING_MAX": "7", "KUBE9_NOTIFY_GRACE_MS": "9"}
    settings = Settings.from_env(URL | SECRET | env)
    assert settings == Settings(
        url=URL["KUBE9_NOTIFY_URL"],
        secret=b"0123456789abcdef",
        events=frozenset(("node-lost", "pod-finished")),
        attempts=3,
        waiting_max=7,
        grace_ms=9,
    )


def test_every_event_can_be_asked_for():
    assert Settings.from_env(URL | SECRET | {"KUBE9_NOTIFY_EVENTS": "all"}).events == frozenset(EVENTS)


def test_the_secret_may_be_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("0123456789abcdef\n", encoding="ascii")
    settings = Settings.from_env(URL | {"KUBE9_NOTIFY_SECRET_FILE": str(tmp_path / "secret")})
    assert settings.secret == b"0123456789abcdef"


def test_nothing_that_may_be_secret_is_shown():
    settings = Settings.from_env(URL | SECRET)
    assert settings.receiver == "https://hooks.example"
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    "env,message",
    [
        (URL, "expected one of KUBE9_NOTIFY_SECRET and KUBE9_NOTIFY_SECRET_FILE: every message is signed"),
        (URL | SECRET | {"KUBE9_NOTIFY_SECRET_FILE": "/x"}, "expected one of KUBE9_NOTIFY_SECRET and"),
        (URL | {"KUBE9_NOTIFY_SECRET_FILE": "/nowhere/at/all"}, "KUBE9_NOTIFY_SECRET_FILE: .*No such file"),
        (URL | {"KUBE9_NOTIFY_SECRET": "short"}, "the secret must have at least 16 bytes"),
        (SECRET | {"KUBE9_NOTIFY_URL": "ftp://host"}, "KUBE9_NOTIFY_URL: expected http://"),
        (SECRET | {"KUBE9_NOTIFY_URL": "http://"}, "KUBE9_NOTIFY_URL: expected http://"),
        (SECRET | {"KUBE9_NOTIFY_URL": "http://host:99999"}, "KUBE9_NOTIFY_URL: expected http://"),
        (SECRET | {"KUBE9_NOTIFY_URL": "http://.example"}, "KUBE9_NOTIFY_URL: expected http://"),
        (SECRET | {"KUBE9_NOTIFY_URL": "http://two words/"}, "KUBE9_NOTIFY_URL: expected http://"),
        (SECRET | {"KUBE9_NOTIFY_URL": f"http://{'long' * 16}/"}, "KUBE9_NOTIFY_URL: expected http://"),
        (
            SECRET | {"KUBE9_NOTIFY_URL": "http://\N{SNOWMAN}:hidden@host/"},
            "KUBE9_NOTIFY_URL: expected http://",
        ),
        (
            URL | SECRET | {"KUBE9_NOTIFY_EVENTS": "node-gone"},
            "there is no event 'node-gone'; there are: all, container",
        ),
        (URL | SECRET | {"KUBE9_NOTIFY_ATTEMPTS": "0"}, "KUBE9_NOTIFY_ATTEMPTS: expected a whole number above 0"),
        (
            URL | SECRET | {"KUBE9_NOTIFY_ATTEMPS": "5"},
            "there is no KUBE9_NOTIFY_ATTEMPS; there are KUBE9_NOTIFY_ATTEMPTS",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_could(env, message):
    with pytest.raises(ValueError, match=message) as caught:
        Settings.from_env(env)
    assert "hidden" not in str(caught.value)
