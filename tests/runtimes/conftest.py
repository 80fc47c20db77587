"""A network of the test's own, with a real PostgreSQL in it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CLONE_NEWNET = 0x40000000
# Its server runs as another user, who may not go through a TMPDIR of root's own.
OPEN = "/var/tmp"
# That of the pod, on which nothing answers that listens on the loopback address alone; and that of the database.
POD, DATABASE = "10.244.1.17", "10.244.2.3"


@dataclass(frozen=True, slots=True)
class Database:
    """A server whose user has a password of the kind that breaks addresses."""

    host: str = DATABASE
    port: str = "5432"
    dbname: str = "app"
    username: str = "app"
    password: str = "s3c:r/t?@x"

    def secret(self) -> dict[str, str]:
        """Return the keys that every mode of the add-on has."""
        uri = f"postgresql://{self.username}:{quote(self.password, safe='')}@{self.host}:{self.port}/{self.dbname}"
        return {name: getattr(self, name) for name in ("host", "port", "dbname", "username", "password")} | {"uri": uri}


@pytest.fixture(scope="session")
def pod_network() -> None:
    """Move this process, and all that it starts, into a network of its own: no port is anybody else's."""
    if os.geteuid() != 0:
        pytest.fail("the runtimes are started as other users in namespaces of their own, which root alone can")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        pytest.fail(f"this machine gives no network of one's own: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (POD, DATABASE):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)


@pytest.fixture(scope="session")
def database(pod_network: None) -> Iterator[Database]:
    """Start a PostgreSQL that asks for passwords."""
    found = Database()
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="atmos-postgres-", dir=OPEN) as directory:
        place = Path(directory)
        shutil.chown(place, "postgres", "postgres")
        as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        (place / "password").write_text(found.password)
        (place / "password").chmod(0o644)
        init = [str(programs / "initdb"), "-D", f"{place}/data", "-U", found.username, "--pwfile", f"{place}/password"]
        init += ["-A", "scram-sha-256", "--no-sync", "-E", "UTF8"]
        subprocess.run([*as_postgres, *init], check=True, stdout=subprocess.DEVNULL, cwd=directory)
        with (place / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.244.0.0/16 scram-sha-256\n")
        with (place / "log").open("wb") as log:
            server = subprocess.Popen(
                [
                    *as_postgres,
                    str(programs / "postgres"),
                    "-D",
                    f"{place}/data",
                    "-h",
                    DATABASE,
                    "-k",
                    directory,
                    "-F",
                ],
                stdout=log,
                stderr=log,
                cwd=directory,
            )
        try:
            _wait_for(found, programs, server, place / "log")
            yield found
        finally:
            server.terminate()
            server.wait(20)


def _programs() -> Path:
    for place in (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/local/bin")):
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    return pytest.fail("there is no PostgreSQL server on this machine: apt-get install postgresql")


def _wait_for(found: Database, programs: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    psql = shutil.which("psql") or str(programs / "psql")
    for _ in range(200):
        if server.poll() is not None:
            break
        make = [
            psql,
            "-h",
            found.host,
            "-U",
            found.username,
            "-d",
            "postgres",
            "-qc",
            f"create database {found.dbname}",
        ]
        if (
            subprocess.run(
                make, env={**os.environ, "PGPASSWORD": found.password}, capture_output=True, check=False
            ).returncode
            == 0
        ):
            return
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
