"""A build of the lab says how much disk it takes before it starts, shares what it compiles, and leaves only what is needed."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lab import builder
from tests.lab.components import GROUPS, built_dir, share
from tests.lab.room import GIGABYTE, MODULE, Packages, needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Makes what it is asked for; a module is a directory that the test made.
GO = """#!{python}
import json, os, pathlib, sys
top = pathlib.Path("{top}")
words = sys.argv[1:]
with (top / "asked").open("a") as asked:
    print(os.environ.get("GOTOOLCHAIN", ""), *words, file=asked)
if words == ["env", "GOMODCACHE"]:
    print(top / "modules")
elif words[:2] == ["list", "-m"]:
    print(words[-1] + "@v1.0.0")
elif words[:2] == ["mod", "download"]:
    print(json.dumps({{"Dir": str(top / "module")}}))
elif words[:2] == ["mod", "edit"]:
    assert not pathlib.Path("go.mod").samefile("{gitea}")
    copy = pathlib.Path(words[-1].partition("=")[2])
    print("\\n".join(str(path.relative_to(copy)) for path in sorted(copy.rglob("*")) if path.is_file()), file=(top / "trimmed").open("w"))
elif words[0] == "build":
    compiled = pathlib.Path(os.environ["GOCACHE"])
    compiled.mkdir(parents=True, exist_ok=True)
    (compiled / "package").write_text("")
    if (top / "broken").exists():
        sys.exit("does not compile")
    pathlib.Path(words[words.index("-o") + 1]).write_text("")
"""


class Usage(NamedTuple):
    total: float
    used: float
    free: float


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With an empty cache, a `go` that makes everything at once, and a module for whatever is asked for."""
    (tmp_path / "bin").mkdir()
    gitea = next(group.pins for group in GROUPS if group.name == "gitea") / "go.mod"
    (tmp_path / "bin" / "go").write_text(GO.format(python=sys.executable, top=tmp_path, gitea=gitea))
    (tmp_path / "bin" / "go").chmod(0o755)
    for name in ("git", "redis-server"):
        (tmp_path / "bin" / name).symlink_to("/bin/true")
    for name in ("hack/git-verify-wrapper.sh", "manifests/crds/a.yaml", "services/migrations/gitea_downloader.go"):
        path = tmp_path / "module" / name
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o444)
    for name in ("templates", "options", "public"):
        (tmp_path / "module" / name).mkdir()
        (tmp_path / "module" / name / "file").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("ATMOS_LAB_CACHE", str(tmp_path / "cache"))
    for name in ("ATMOS_LAB_BIN", "ATMOS_LAB_SHARE", "GOCACHE"):
        monkeypatch.delenv(name, raising=False)
    built_dir.cache_clear()
    yield tmp_path
    built_dir.cache_clear()


def free(monkeypatch: pytest.MonkeyPatch, gigabytes: float) -> None:
    usage = Usage(0, 0, gigabytes * GIGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)


def asked(machine: Path) -> str:
    return (machine / "asked").read_text()


def test_it_says_what_it_takes_before_it_compiles(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    free(monkeypatch, 1000)
    assert builder.main(["--only", "argocd"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("takes about ")
    assert f"GB in {machine}/cache/go-build and " in first
    assert first.endswith(f"GB in {machine}/modules")
    assert rest[-1].startswith("argocd       built")
    assert "of processors" in rest[-1]


def test_it_refuses_where_there_is_less(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    free(monkeypatch, 1)
    assert builder.main(["--only", "argocd", "kube"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("the build takes about ")
    assert "and 1.0 GB are free; make room, or let GOCACHE and GOMODCACHE name" in said
    assert "\n" not in said
    assert "build" not in [line.split()[1] for line in asked(machine).splitlines()]


def test_what_is_built_or_downloaded_takes_nothing_more(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (etcd,) = (group for group in GROUPS if group.name == "etcd")
    packages, modules = machine / "packages", machine / "modules"
    before = needed([etcd], packages)
    assert before[packages] == etcd.gigabytes * GIGABYTE
    downloaded = modules / "cache" / "download" / "github.com" / "!puerkito!bio" / "urlesc" / "@v"
    line = "github.com/PuerkitoBio/urlesc v0.0.0-x h1:x\ngithub.com/PuerkitoBio/urlesc v0.0.0-x/go.mod h1:x\n"
    pins = machine / "etcd"
    pins.mkdir()
    (pins / "go.sum").write_text(line)
    monkeypatch.setattr(type(etcd), "pins", pins)
    assert needed([etcd], packages)[modules] == MODULE
    downloaded.mkdir(parents=True)
    (downloaded / "v0.0.0-x.zip").write_text("")
    assert needed([etcd], packages)[modules] == 0

    free(monkeypatch, 1000)
    assert builder.main(["--only", "etcd"]) == 0
    free(monkeypatch, 0)
    assert builder.main(["--only", "etcd"]) == 0
    assert "takes about" not in capsys.readouterr().out.partition("built")[2]


def test_what_was_compiled_goes_after_the_last_group_and_all_share_one_toolchain(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free(monkeypatch, 1000)
    assert builder.main(["--only", "etcd", "kwok", "argocd"]) == 0
    assert not (machine / "cache" / "go-build").exists()
    builds = [line.split() for line in asked(machine).splitlines() if " build " in line]
    assert len(builds) == 3
    assert {words[0] for words in builds} == {"go1.27.3"}


def test_what_was_compiled_stays_while_somebody_needs_it(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1000)
    compiled = machine / "cache" / "go-build" / "package"
    (machine / "broken").touch()
    assert builder.main(["--only", "etcd"]) == 1
    assert compiled.exists(), "the next try goes on from there"
    (machine / "broken").unlink()
    with Packages().used():
        assert builder.main(["--only", "etcd"]) == 0
        assert compiled.exists(), "another build is at it"
    assert builder.main(["--only", "kwok"]) == 0
    assert not compiled.parent.exists()
    monkeypatch.setenv("GOCACHE", str(machine / "own"))
    assert builder.main(["--only", "helm"]) == 0
    assert (machine / "own" / "package").exists(), "it is somebody's own"


def test_a_module_is_built_without_the_file_that_cannot_be(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1000)
    assert builder.main(["--only", "gitea"]) == 0
    copied = (machine / "trimmed").read_text().split()
    assert "templates/file" in copied
    assert "services/migrations/gitea_downloader.go" not in copied
    assert (machine / "module" / "services" / "migrations" / "gitea_downloader.go").exists()
    assert not list((machine / "cache").glob("gitea-*/pins"))


def test_a_program_of_a_module_can_be_run(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1000)
    assert builder.main(["--only", "argocd"]) == 0
    assert shutil.which("git-verify-wrapper.sh", path=str(share("argocd", "path")))
