"""A real PostgreSQL server for the tests: one of their own, in a folder that goes with it, or one that is named."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

from kube9.testing.reservedport import ReservedPort

#: Names a server to use in place of one of the tests' own; its user must be allowed to make databases.
VARIABLE = "KUBE9_TEST_POSTGRES_URL"

HOW_TO_GET_IT = f"needs PostgreSQL: apt install postgresql, or name a server in {VARIABLE}"
HOW_TO_STOP_IT = f"stops and starts PostgreSQL, and so needs one of its own: unset {VARIABLE}"


def programs():
    """The folder of ``initdb`` and ``pg_ctl``, the newest there is; ``None`` where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = found[-1] if found else shutil.which("initdb")
    return Path(initdb).parent if initdb else None


class PostgresServer:
    """A server on a port of the loopback; as safe against crashes as it is by default."""

    may_be_stopped = True

    def __init__(self, folder: Path):
        self.programs = folder
        # Not pytest's own folder: it is for the user who runs the tests, and PostgreSQL refuses to run as root.
        self.folder = Path(tempfile.mkdtemp(prefix="kube9-postgres-"))
        self.as_user = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        # Bound for as long as this is there, so that nobody else gets the port while nothing listens.
        self.kept = ReservedPort()
        self.port = self.kept.number
        data = str(self.folder / "data")
        self.run("initdb", "-D", data, "-U", "kube9", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-instructions")
        self.start()

    def run(self, program, *args):
        # Into a file, for the server itself would keep a pipe open.
        output = self.folder / "output"
        with output.open("ab") as stdout:
            done = subprocess.run(
                [self.programs / program, *args],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=120,
                **self.as_user,
            )
        assert done.returncode == 0, output.read_text()

    def control(self, *args):
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", *args)

    def start(self):
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self.control("-l", str(self.folder / "log"), "-o", options, "start")
        self.running = True

    def stop(self, mode="immediate"):
        """``immediate`` is a crash; ``fast`` lets it close its connections."""
        self.control("-m", mode, "stop")
        self.running = False

    def ensure_running(self):
        if not self.running:
            self.start()

    def url(self, database="postgres"):
        return f"postgresql://kube9@127.0.0.1:{self.port}/{database}"

    def close(self):
        if self.running:
            self.stop()
        self.kept.close()
        shutil.rmtree(self.folder)


class NamedServer:
    """A server that somebody else looks after."""

    may_be_stopped = False

    def __init__(self, url):
        self.named = url

    def url(self, database="postgres"):
        from sqlalchemy import make_url

        return make_url(self.named).set(database=database).render_as_string(hide_password=False)

    def ensure_running(self):
        """It is for its owner to see to that."""

    def close(self):
        """There is nothing to close."""


class Databases:
    """Makes empty databases on a server, and drops them."""

    def __init__(self, server):
        self.server = server

    def make(self):
        name = f"kube9_test_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop(self, name):
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement):
        import psycopg

        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(statement)
