"""What is run: a framework, and the image that stands in for the usual one, made of the machine's programs."""

from __future__ import annotations

import os
import shutil
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtimes.container import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# CI runs a share of them, another one with each commit.
SHARES = 3
APPS = Path(__file__).parent / "apps"
CACHE = Path(os.environ.get("ATMOS_RUNTIMES_CACHE", "~/.cache/atmos-runtimes")).expanduser()
BASE = str(Path(os.path.realpath(shutil.which("python3") or "/usr/bin/python3")).parents[1])


@dataclass(frozen=True, slots=True)
class Case:
    """One runtime. `needs` are programs of Debian, `built` what `tests/runtimes/build` makes of `apps/`.

    `work` is asked once it is ready and answers who it is in the database, unless `database` is False.
    """

    name: str
    language: str
    image: Callable[[], Image]
    framework: str | None = None
    built: str = ""
    packages: tuple[str, ...] = ()
    work: str = "/work"
    database: bool = True
    size: str = "s"
    host: str = ""
    version: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def _node(script: str) -> Callable[[], Image]:
    return lambda: Image(("node", script), {"/app": CACHE / "node"}, workdir="/app")


def _python(*command: str) -> Callable[[], Image]:
    def made() -> Image:
        files = {"/app": APPS / "python", "/venv": CACHE / "python"}
        # The interpreter that the virtual environment links to, where that is none of Debian's.
        files |= {} if BASE in {"/usr", "/usr/local"} else {BASE: Path(BASE)}
        return Image(
            ("/venv/bin/python", "-m", *command),
            files,
            env={"PATH": "/venv/bin:/usr/bin:/bin", "PYTHONPATH": "/app"},
            workdir="/app",
        )

    return made


def _jar(*command: str, of: str) -> Callable[[], Image]:
    return lambda: Image(("java", *command), {"/app": CACHE / of}, workdir="/app")


def _tomcat() -> Image:
    return Image(
        ("/usr/share/tomcat10/bin/catalina.sh", "run"),
        {"/usr/local/tomcat": CACHE / "tomcat"},
        env={"CATALINA_BASE": "/usr/local/tomcat", "CATALINA_HOME": "/usr/share/tomcat10"},
        workdir="/usr/local/tomcat",
    )


def _ruby(rackup: str) -> Callable[[], Image]:
    command = ("puma", "--config", "puma.rb", rackup)
    return lambda: Image(command, {"/rails": CACHE / "ruby"}, workdir="/rails")


def _apache() -> Image:
    directories = {
        "APACHE_RUN_DIR": "/run/apache2",
        "APACHE_LOCK_DIR": "/run/lock/apache2",
        "APACHE_PID_FILE": "/run/apache2/apache2.pid",
    }
    return Image(
        ("apache2", "-f", "/app/apache2.conf", "-D", "FOREGROUND"),
        {"/var/www/html": APPS / "php", "/app": APPS / "php"},
        env=directories,
        workdir="/var/www/html",
    )


def _nginx() -> Image:
    files = {"/app": APPS / "nginx", "/usr/share/nginx/html": APPS / "nginx", "/var/lib/nginx": APPS / "nginx"}
    return Image(("nginx", "-c", "/app/nginx.conf", "-e", "/dev/stderr"), files)


NODE = ("node", "--version")
JAVA = ("java", "-version")
PYTHON = ("python3", "--version")
CASES = (
    Case("spring", "java", _jar("-jar", "/app/app.jar", of="spring"), "spring", "spring", size="m", version=JAVA),
    Case("spring-s", "java", _jar("-jar", "/app/app.jar", of="spring"), "spring", "spring", size="s", version=JAVA),
    Case("quarkus", "java", _jar("-jar", "/app/quarkus-run.jar", of="quarkus"), "quarkus", "quarkus", version=JAVA),
    Case("tomcat", "java", _tomcat, "tomcat", "tomcat", ("tomcat10", "libpostgresql-jdbc-java"), work="/?work", version=JAVA),
    Case("express", "node", _node("express.js"), "express", "node", version=NODE),
    Case("fastify", "node", _node("fastify.js"), "fastify", "node", version=NODE),
    Case("koa", "node", _node("koa.js"), "koa", "node", version=NODE),
    Case("hono", "node", _node("hono.js"), "hono", "node", version=NODE),
    Case("nextjs", "node", lambda: Image(("node", "server.js"), {"/app": CACHE / "next"}, workdir="/app"), "nextjs", "next", version=NODE),
    Case("django", "python", _python("gunicorn", "django_app"), "django", "python", host="shop.example.com",
         headers={"Host": "shop.example.com", "X-Forwarded-Proto": "https"}, version=PYTHON),
    Case("flask", "python", _python("gunicorn", "flask_app:app"), "flask", "python", version=PYTHON),
    Case("fastapi", "python", _python("uvicorn", "fastapi_app:app"), "fastapi", "python", version=PYTHON),
    Case("starlette", "python", _python("uvicorn", "starlette_app:app"), "starlette", "python", version=PYTHON),
    Case("streamlit", "python", _python("streamlit", "run", "streamlit_app.py"), "streamlit", "python", work="/", database=False, version=PYTHON),
    Case("rails", "ruby", _ruby("rails.ru"), "rails", "ruby", ("puma", "ruby-rails", "ruby-pg"), size="m",
         headers={"X-Forwarded-Proto": "https"}, version=("ruby", "--version")),
    Case("sinatra", "ruby", _ruby("sinatra.ru"), "sinatra", "ruby", ("puma", "ruby-sinatra", "ruby-pg"), version=("ruby", "--version")),
    Case("php-apache", "php", _apache, "php-apache", "", ("libapache2-mod-php", "php-pgsql"), version=("php", "--version")),
    Case("nginx", "static", _nginx, "nginx", "", ("nginx-light",), work="/", database=False, version=("nginx", "-v")),
    Case("go", "go", lambda: Image(("/app/app",), {"/app": CACHE / "go"}), None, "go", version=("go", "version")),
    Case("deno", "deno", lambda: Image(("/app/deno", "run", "--allow-all", "--cached-only", "main.ts"), {"/app": CACHE / "deno"}, workdir="/app"),
         None, "deno", database=False),
    Case("bun", "bun", lambda: Image(("/app/bun", "run", "main.ts"), {"/app": CACHE / "bun"}, workdir="/app"), None, "bun"),
)  # fmt: skip


def sampled(commit: str) -> list[Case]:
    """Return the share that `commit` chooses; all cases where none is given."""
    if not commit:
        return list(CASES)
    share = zlib.crc32(commit.encode()) % SHARES
    return [case for index, case in enumerate(CASES) if index % SHARES == share]
