"""The steps of docs/howto/run-behind-tls.md, with a certificate that is made as it says and a real nginx."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest

from kube9.testing.reservedport import ReservedPort

PAGE = "docs/howto/run-behind-tls.md"

#: What nginx needs besides the part that the page shows, to be nobody's but the test's.
AROUND = """\
daemon off;
error_log stderr;
pid nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{server}
}}
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def certified(live_page):
    """The section on a certificate, which is made."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate: apt install openssl")
    before = live_page(PAGE, end="```console\n$ kube9 serve --tls-cert")
    for command, _ in [(before.server, before.welcome), *before.steps]:
        subprocess.run(["bash", "-c", command], cwd=before.home, check=True, capture_output=True)
    return live_page(PAGE, begin="```console\n$ kube9 serve --tls-cert", end="## A reverse proxy")


def test_its_own_certificate_is_trusted_by_whoever_is_given_it(certified):
    certified.follow_all()


def test_everything_goes_through_the_proxy(certified, live_page):
    if shutil.which("nginx") is None:
        pytest.skip("needs nginx: apt install nginx")
    page = live_page(PAGE, begin="## A reverse proxy")
    (shown,) = re.findall(r"^```nginx\n(.*?)^```", page.text, flags=re.MULTILINE | re.DOTALL)
    with page.serve(), ReservedPort() as port, proxy(page, shown.replace("9443", str(port)), port):
        for command, told in page.steps:
            page.follow(command.replace("9443", str(port)), told)


@contextmanager
def proxy(page, server, port):
    """Have nginx do as it is told, from when it listens on."""
    server = server.replace(":9009", f":{page.port}")
    (page.home / "nginx.conf").write_text(AROUND.format(server=server), encoding="utf-8")
    command = ["nginx", "-p", str(page.home), "-c", "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as nginx:
        try:
            waiting = threading.Event()
            while nginx.poll() is None and not listens(port):
                waiting.wait(0.02)
            assert nginx.poll() is None, nginx.stderr.read()
            yield
        finally:
            nginx.terminate()
            nginx.stderr.read()


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
