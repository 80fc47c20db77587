"""Makes what the runtimes serve of `apps/`, into a cache: `tests/runtimes/build`. Standard library only."""
# ruff: noqa: T201  progress is what this program prints

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runtimes.cases import APPS, CACHE, CASES, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUIET = {"stdout": subprocess.DEVNULL}


def main(arguments: list[str] | None = None) -> int:
    """0 when everything asked for is there; 1 when something could not be made."""
    parser = argparse.ArgumentParser(prog="tests/runtimes/build", description="Make the applications of the runtimes.")
    names = sorted({case.name for case in CASES})
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=names, help=f"these alone, of: {', '.join(names)}")
    parser.add_argument("--of", metavar="COMMIT", default="", help="those that a run for this commit samples")
    parser.add_argument("--install-packages", action="store_true", help="apt-get install what Debian packages (root)")
    options = parser.parse_args(arguments)
    wanted = [case for case in sampled(options.of) if options.only is None or case.name in options.only]
    if options.install_packages:
        _install(sorted({package for case in wanted for package in case.packages}))
    failed = [name for name in sorted({case.built for case in wanted} - {""}) if not _made(name)]
    if failed:
        print(f"not made: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Return those of Debian's packages that are not installed."""
    ask = ["dpkg-query", "-W", "-f=${Package} ${Status}\n", *packages]
    found = subprocess.run(ask, capture_output=True, text=True, check=False) if packages else None
    said = found.stdout.splitlines() if found else []
    return [each for each in packages if f"{each} install ok installed" not in said]


def _install(packages: list[str]) -> None:
    missing = missing_packages(packages)
    if not missing:
        return
    # RUNLEVEL=1 keeps Debian from starting the daemons.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    print(f"installing {' '.join(missing)}", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], env=env, check=False, **QUIET)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], env=env, check=False, **QUIET
    )


def fingerprint(name: str) -> str:
    """Return what an application is made of, so that another one is made when it changes."""
    digest = hashlib.sha256()
    for path in sorted((APPS / name).rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(APPS)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_made(name: str) -> bool:
    """Return whether the application in the cache is the one of this checkout."""
    mark = CACHE / name / ".made"
    return mark.is_file() and mark.read_text() == fingerprint(name)


def _made(name: str) -> bool:
    if is_made(name):
        return True
    start, target = time.monotonic(), CACHE / name
    work = CACHE / f".{name}.work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(APPS / name, work)
    shutil.rmtree(target, ignore_errors=True)
    try:
        MAKERS[name](work, target)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return False
    (target / ".made").write_text(fingerprint(name))
    shutil.rmtree(work, ignore_errors=True)
    print(f"{name:10} made {time.monotonic() - start:6.1f} s", flush=True)
    return True


def _run(*command: str, at: Path) -> None:
    subprocess.run(command, cwd=at, check=True, **QUIET)


def _node(work: Path, target: Path) -> None:
    _run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", at=work)
    shutil.copytree(work, target, symlinks=True)


def _next(work: Path, target: Path) -> None:
    _run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", at=work)
    _run("npx", "next", "build", at=work)
    shutil.copytree(work / ".next" / "standalone", target, symlinks=True)
    shutil.copytree(work / ".next" / "static", target / ".next" / "static")
    (target / ".next" / "cache").mkdir(exist_ok=True)


def _maven(of: str) -> Callable[[Path, Path], None]:
    def make(work: Path, target: Path) -> None:
        _run("mvn", "-q", "-B", "-ntp", "-DskipTests", "package", at=work)
        if of == "app.jar":
            target.mkdir(parents=True)
            shutil.copy(work / "target" / of, target / of)
        else:
            shutil.copytree(work / "target" / of, target)

    return make


def _python(work: Path, target: Path) -> None:
    _run(sys.executable, "-m", "venv", str(target), at=work)
    # Constraints of whoever runs this are for atmos, not for what it serves.
    env = {name: value for name, value in os.environ.items() if not name.endswith("_CONSTRAINT")}
    install = [str(target / "bin" / "pip"), "install", "-q", "-r", str(work / "requirements.txt")]
    subprocess.run(install, cwd=work, check=True, env=env, **QUIET)


def _tomcat(work: Path, target: Path) -> None:
    """Lay out what the image `tomcat` has below /usr/local/tomcat, from Debian's package."""
    for name in ("work", "logs", "temp", "lib", "conf", "webapps"):
        (target / name).mkdir(parents=True)
    for each in Path("/etc/tomcat10").iterdir():
        if each.is_file() and each.name != "tomcat-users.xml":
            shutil.copy(each, target / "conf" / each.name)
    (target / "conf" / "tomcat-users.xml").write_text("<tomcat-users/>\n")
    shutil.copytree(work / "ROOT", target / "webapps" / "ROOT")
    shutil.copy("/usr/share/java/postgresql.jar", target / "lib" / "postgresql.jar")
    for each in target.rglob("*"):
        each.chmod(0o755 if each.is_dir() else 0o644)


def _go(work: Path, target: Path) -> None:
    target.mkdir(parents=True)
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
    subprocess.run(["go", "build", "-o", str(target / "app"), "."], cwd=work, check=True, env=env, **QUIET)


def _of_npm(package: str, binary: str) -> Callable[[Path, Path], None]:
    """Take a program that travels in a package of the npm registry."""

    def make(work: Path, target: Path) -> None:
        _run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", package, at=work)
        target.mkdir(parents=True)
        shutil.copy(work / "node_modules" / binary, target / Path(binary).name)
        (target / Path(binary).name).chmod(0o755)
        shutil.copy(work / "main.ts", target / "main.ts")

    return make


def _copied(work: Path, target: Path) -> None:
    shutil.copytree(work, target)
    # Where the image of Rails has directories of its own.
    for name in ("tmp", "log"):
        (target / name).mkdir()


MAKERS: dict[str, Callable[[Path, Path], None]] = {
    "node": _node,
    "next": _next,
    "spring": _maven("app.jar"),
    "quarkus": _maven("quarkus-app"),
    "tomcat": _tomcat,
    "python": _python,
    "ruby": _copied,
    "go": _go,
    "deno": _of_npm("@deno/linux-x64-glibc", "@deno/linux-x64-glibc/deno"),
    "bun": _of_npm("@oven/bun-linux-x64-baseline", "@oven/bun-linux-x64-baseline/bin/bun"),
}
