"""`tests/lab/build --only X` asks the machine for what X needs: no other package, and no compiler for what is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab import builder
from tests.lab.components import CHOICES, GROUPS, PACKAGES, built_dir, chosen, pins_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Installs into the directory where it stands, and keeps what it was asked for.
APT = """#!/bin/sh
here=$(/usr/bin/dirname "$0")
echo "$@" >>"$here/../asked"
[ "$1" = install ] || exit 0
for word; do
  case $word in
    prometheus) set -- prometheus promtool ;;
    [a-z]*) set -- "$word" ;;
    *) continue ;;
  esac
  for command; do /bin/ln -sf /bin/true "$here/$command"; done
done
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One on which nothing is built or installed but a package manager."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "apt-get").write_text(APT)
    (tmp_path / "bin" / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("ATMOS_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ATMOS_LAB_BIN", raising=False)
    built_dir.cache_clear()
    yield tmp_path
    built_dir.cache_clear()


def pretend_built(machine: Path, name: str) -> None:
    (group,) = (each for each in GROUPS if each.name == name)
    directory = machine / "cache" / f"{name}-{pins_key(group)}-go1.24"
    for part, items in (("bin", group.binaries), ("share", group.share)):
        for item in items:
            (directory / part / item.name).mkdir(parents=True)


def missing(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.split()[1].rstrip(",") for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        (["etcd"], ["go"]),
        (["etcd", "kube", "kwok"], ["go"]),
        (["argocd"], ["git", "redis-server", "go"]),
        (["flux"], ["git", "go"]),
        (["gitea"], ["git", "go"]),
        (["prometheus"], ["prometheus", "promtool"]),
        (["chromium"], ["chromium"]),
        (["redis-server", "helm"], ["redis-server", "go"]),
        ([], ["git", "redis-server", "prometheus", "promtool", "chromium", "go"]),
    ],
    ids=lambda value: "-".join(value) if value else "all",
)
def test_only_what_is_needed_is_missing(
    machine: Path, capsys: pytest.CaptureFixture[str], only: list[str], wanted: list[str]
) -> None:
    assert builder.main(["--only", *only] if only else []) == 2
    assert missing(capsys) == wanted


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        (["etcd"], []),
        (["argocd"], ["git", "redis-server"]),
        (["gitea", "prometheus"], ["git", "prometheus"]),
        ([], ["chromium", "git", "prometheus", "redis-server"]),
    ],
    ids=lambda value: "-".join(value) if value else "all",
)
def test_only_what_is_needed_is_installed(
    machine: Path, capsys: pytest.CaptureFixture[str], only: list[str], wanted: list[str]
) -> None:
    assert builder.main([*(["--only", *only] if only else []), "--install-packages"]) == 2
    asked = (machine / "asked").read_text().splitlines() if wanted else ["", ""]
    assert [word for word in asked[1].split()[1:] if not word.startswith("-")] == wanted
    assert not set(missing(capsys)) - {"go"}
    assert (machine / "asked").exists() is bool(wanted)


def test_what_is_built_needs_no_compiler(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretend_built(machine, "gitea")
    (machine / "bin" / "git").symlink_to("/bin/true")
    assert builder.main(["--only", "gitea"]) == 0
    assert builder.main(["--only", "gitea", "--only", "etcd"]) == 2
    assert missing(capsys) == ["go"]


def test_what_debian_packages_needs_nothing_built(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert builder.main(["--only", "prometheus", "chromium", "--install-packages"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("only", "wanted"),
    [(["etcd"], ["etcd"]), (["argocd"], ["argocd", "git", "redis-server"]), (["chromium"], ["chromium"])],
    ids="-".join,
)
def test_the_list_is_of_what_was_asked_for(
    machine: Path, capsys: pytest.CaptureFixture[str], only: list[str], wanted: list[str]
) -> None:
    assert builder.main(["--only", *only, "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == wanted
    assert all("missing: " in line for line in lines)


def test_each_choice_brings_something_and_all_of_them_everything() -> None:
    assert all(any(chosen([name])) for name in CHOICES)
    assert chosen(CHOICES) == chosen() == (list(GROUPS), list(PACKAGES))
    assert {command for group in GROUPS for command in group.runs} <= {package.command for package in PACKAGES}
