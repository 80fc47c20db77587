"""What the lab consists of: each component's pin, how it is built, and where its binary stands. Standard library only."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TOOLS = Path(__file__).parent / "tools"
TOOLCHAIN = "go1.27.3"
"""Builds every group, so that what several of them need is compiled once; Go fetches it like a module."""


@dataclass(frozen=True, slots=True)
class Binary:
    """`version` is its own where others of its group have another."""

    name: str
    package: str
    ldflags: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A directory of a Go module, or a program in it, that is needed at run time; it is copied, so that the module cache can go."""

    name: str
    module: str
    path: str


@dataclass(frozen=True, slots=True)
class Trim:
    """Files of a Go module that need what cannot be had; it is built from a copy without them."""

    module: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Binaries built from the one `tools/<name>/go.mod`.

    `gigabytes` is what the compiled packages and the binaries take while the other groups are built, too; `runs` are
    commands of PACKAGES that the lab starts for them.
    """

    name: str
    version: str
    binaries: tuple[Binary, ...]
    share: tuple[Share, ...] = ()
    trim: Trim | None = None
    gigabytes: float = 0.1
    runs: tuple[str, ...] = ()

    @property
    def pins(self) -> Path:
        return TOOLS / self.name


@dataclass(frozen=True, slots=True)
class Package:
    """A component that Debian packages and nobody needs to build."""

    command: str
    package: str


def _kubernetes(version: str, *commands: str, suffix: str = "") -> tuple[Binary, ...]:
    major, minor, _ = version.split(".")
    # Old API servers answer /version from client-go's copy.
    flags = " ".join(
        f"-X {module}.gitVersion=v{version} -X {module}.gitMajor={major} -X {module}.gitMinor={minor}"
        for module in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    )
    return tuple(Binary(name + suffix, f"k8s.io/kubernetes/cmd/{name}", flags) for name in commands)


_CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "kubectl")

GROUPS = (
    Group(
        "kustomize",
        "5.8.1",
        (
            Binary(
                "kustomize",
                "sigs.k8s.io/kustomize/kustomize/v5",
                "-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1",
            ),
            Binary("kustomize-many", "./many", "-X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1"),
        ),
    ),
    Group("oracle", "kubernetes 1.37.2", (Binary("oracle", "."),)),
    Group(
        "kubeconform",
        "0.8.0",
        (Binary("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", "-X main.version=v0.8.0"),),
    ),
    Group("etcd", "3.6.8", (Binary("etcd", "go.etcd.io/etcd/server/v3"),), gigabytes=0.5),
    Group("kube", "1.37.2", _kubernetes("1.37.2", "kube-apiserver", *_CONTROLLERS), gigabytes=4.1),
    Group(
        "kwok",
        "0.7.0",
        (Binary("kwok", "sigs.k8s.io/kwok/cmd/kwok", "-X sigs.k8s.io/kwok/pkg/consts.Version=v0.7.0"),),
        gigabytes=0.8,
    ),
    Group(
        "helm",
        "4.3.2",
        (Binary("helm", "helm.sh/helm/v4/cmd/helm", "-X helm.sh/helm/v4/internal/version.version=v4.3.2"),),
        gigabytes=1.0,
    ),
    Group(
        "flux",
        "1.9.6",
        (
            Binary("source-controller", "github.com/fluxcd/source-controller"),
            Binary("kustomize-controller", "github.com/fluxcd/kustomize-controller"),
            Binary("helm-controller", "github.com/fluxcd/helm-controller", version="1.6.4"),
        ),
        tuple(
            Share(f"{name}-crds", f"github.com/fluxcd/{name}-controller", "config/crd/bases")
            for name in ("source", "kustomize", "helm")
        ),
        gigabytes=2.0,
        runs=("git",),
    ),
    Group(
        "argocd",
        "3.6.1",
        (
            Binary(
                "argocd",
                "github.com/argoproj/argo-cd/v3/cmd",
                "-X github.com/argoproj/argo-cd/v3/common.version=3.6.1",
            ),
        ),
        (
            Share("crds", "github.com/argoproj/argo-cd/v3", "manifests/crds"),
            # The repo-server runs it for each commit, whether signatures are asked for or not.
            Share("path/git-verify-wrapper.sh", "github.com/argoproj/argo-cd/v3", "hack/git-verify-wrapper.sh"),
        ),
        gigabytes=2.5,
        runs=("git", "redis-server"),
    ),
    Group(
        "gitea",
        "1.27.3",
        (Binary("gitea", "gitea.dev", "-X main.Version=1.27.3"),),
        tuple(Share(name, "gitea.dev", name) for name in ("templates", "options", "public")),
        trim=Trim("gitea.dev", ("services/migrations/gitea_downloader.go",)),
        gigabytes=1.3,
        runs=("git",),
    ),
    Group("kube-older", "1.34.2", _kubernetes("1.34.2", "kube-apiserver", suffix="-1.34"), gigabytes=2.1),
    Group("kube-oldest", "1.25.16", _kubernetes("1.25.16", "kube-apiserver", suffix="-1.25"), gigabytes=2.1),
)

PACKAGES = (
    Package("git", "git"),
    Package("redis-server", "redis-server"),
    Package("prometheus", "prometheus"),
    Package("promtool", "prometheus"),
    Package("chromium", "chromium"),
)

CHOICES = tuple(dict.fromkeys((*(group.name for group in GROUPS), *(package.package for package in PACKAGES))))
"""What can be asked for alone: what is built, and what Debian packages."""

KUBERNETES = {"1.25": "kube-apiserver-1.25", "1.34": "kube-apiserver-1.34", "1.37": "kube-apiserver"}
"""The API servers that build here: minor version -> binary."""

MAIN = "1.37"
"""Of these, the one that has controllers: what a control plane of the lab is unless it is asked to be another."""


class MissingComponentError(Exception):
    """A component is neither built nor pointed at; the message says how to get it."""


def cache_dir() -> Path:
    return Path(os.environ.get("ATMOS_LAB_CACHE") or Path.home() / ".cache" / "atmos-lab")


def pins_key(group: Group) -> str:
    """Twelve hex digits of everything that decides the group's binaries, except the Go version."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        path = group.pins / name
        digest.update(path.read_bytes() if path.exists() else b"")
    if any(binary.package.startswith(".") for binary in group.binaries):
        for source in sorted(group.pins.rglob("*.go")):
            digest.update(source.read_bytes())
    digest.update(repr((group.binaries, group.share, group.trim)).encode())
    return digest.hexdigest()[:12]


def chosen(names: Sequence[str] = ()) -> tuple[list[Group], list[Package]]:
    """What to build and what to install for `names` of CHOICES, and no more; everything for none."""
    groups = [group for group in GROUPS if not names or group.name in names]
    started = {command for group in groups for command in group.runs}
    wanted = [each for each in PACKAGES if not names or each.package in names or each.command in started]
    return groups, wanted


def group_of(name: str) -> Group:
    """The group that holds the binary `name`, else the group of that name; `KeyError` when there is neither."""
    for group in GROUPS:
        if any(binary.name == name for binary in group.binaries):
            return group
    return {group.name: group for group in GROUPS}[name]


def is_complete(group: Group, directory: Path) -> bool:
    return all((directory / "bin" / b.name).exists() for b in group.binaries) and all(
        (directory / "share" / s.name).exists() for s in group.share
    )


@functools.cache
def built_dir(group: Group) -> Path | None:
    """Where a complete build of these pins stands, made with whatever Go; None when there is none."""
    candidates = sorted(cache_dir().glob(f"{group.name}-{pins_key(group)}-go*"), reverse=True)
    return next((path for path in candidates if is_complete(group, path)), None)


def _own(name: str) -> Path | None:
    """`$ATMOS_LAB_BIN` is a directory list like PATH: a contributor's own binaries go first."""
    found = shutil.which(name, path=os.environ.get("ATMOS_LAB_BIN", ""))
    return Path(found) if found else None


def find(name: str) -> Path | None:
    """The binary of a component, from `$ATMOS_LAB_BIN`, the cache, or PATH for Debian's packages; None when absent."""
    if own := _own(name):
        return own
    if any(package.command == name for package in PACKAGES):
        found = shutil.which(name)
        return Path(found) if found else None
    directory = built_dir(group_of(name))
    return directory / "bin" / name if directory else None


def binary(name: str) -> Path:
    """The binary of a component; `MissingComponentError` says the command that provides it."""
    if found := find(name):
        return found
    package = next((p for p in PACKAGES if p.command == name), None)
    how = f"apt-get install {package.package}" if package else f"tests/lab/build --only {group_of(name).name}"
    raise MissingComponentError(f"{name} is not there; run: {how}")


def share(group_name: str, name: str) -> Path:
    """A module's directory that was kept beside the binaries: CRDs, Gitea's templates."""
    group = group_of(group_name)
    own = os.environ.get("ATMOS_LAB_SHARE")
    if own and (Path(own) / group.name / name).exists():
        return Path(own) / group.name / name
    directory = built_dir(group)
    if directory is None:
        raise MissingComponentError(f"{group.name} is not built; run: tests/lab/build --only {group.name}")
    return directory / "share" / name


def describe() -> list[tuple[str, str, str]]:
    """Component, version and where it is from, for every component that is there."""
    rows = []
    for group in GROUPS:
        for item in group.binaries:
            own = _own(item.name)
            if own or built_dir(group):
                version = item.version or group.version
                rows.append((item.name, "not pinned" if own else version, str(own) if own else "built here"))
    found = ((package.command, find(package.command)) for package in PACKAGES)
    return rows + [(command, _says(path), str(path)) for command, path in found if path]


def _says(path: Path) -> str:
    """The version that a program's `--version` names first."""
    run = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=10)
    found = re.search(r"\d+\.\d+[\w.+~-]*", run.stdout + run.stderr)
    return found.group() if found else "unknown"
