"""The Flux side of a repo: a root per cluster, and in `delivery/` one pointer per service that runs as its tenant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.model import PLATFORM
from atmos_cli.config import deployer, namespace
from atmos_cli.engines.engine import Place
from atmos_cli.engines.source import git_url
from atmos_cli.foreign import shell
from atmos_cli.kustomize.files import MANIFESTS, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.config import Config
    from atmos_cli.engines.engine import Listing

SYSTEM = "flux-system"
# A tenant reads only sources of its namespace, builds only what is in them, and applies by an account of its own.
TENANCY = ("--no-cross-namespace-refs=true", "--default-service-account=default")
LOCKDOWN = {"kustomize-controller": ("--no-remote-bases=true", *TENANCY), "helm-controller": TENANCY}
ARGS = "/spec/template/spec/containers/0/args/-"
CONTROLLER = "kustomize-controller"
SOURCE_IGNORE = """\
# What Flux reads of this repo; it has no use for the rest.
/*
!/apps/
!/clusters/
!/delivery/
!/infrastructure/
!/tenants/
/apps/**/service.yaml
"""

Documents = list[dict[str, Any]]


def root_files(config: Config, *, teams: Sequence[str], configured: Sequence[str]) -> dict[str, Documents]:
    """Return `clusters/` and the sources in `delivery/`. `configured`: clusters in `infrastructure/configs`."""
    files: dict[str, Documents] = {}
    for cluster in _synced(config):
        root = f"clusters/{cluster}"
        environments = config.on_cluster(cluster)
        waits = ["infra-configs"] if cluster in configured else []
        files[f"{root}/{SYSTEM}/gotk-sync.yaml"] = _root(config, cluster)
        files[f"{root}/infrastructure.yaml"] = _infrastructure(cluster, configs=bool(waits))
        if not environments:
            continue
        files[f"{root}/tenants.yaml"] = [
            _platform(f"tenants-{name}", path=f"tenants/{name}", after=["infra-controllers"]) for name in environments
        ]
        after = [*waits, *(f"tenants-{name}" for name in environments)]
        files[f"{root}/apps.yaml"] = [_platform("apps", path=f"delivery/{cluster}", after=after, wait=False)]
        for team in teams:
            files[f"delivery/{cluster}/{team}/_source.yaml"] = [_source(config, team, name) for name in environments]
    return files


def service_files(config: Config, *, team: str, service: str) -> dict[str, Documents]:
    """Return `delivery/<cluster>/<team>/<service>.yaml`: one document per environment that a Flux cluster hosts."""
    return {
        pointer_path(cluster, team=team, service=service): [
            _service(team, service, environment) for environment in config.on_cluster(cluster)
        ]
        for cluster in _synced(config)
    }


def pointer_path(cluster: str, *, team: str, service: str) -> str:
    return f"delivery/{cluster}/{team}/{service}.yaml"


def first_steps(config: Config) -> Iterator[str]:
    clusters = _synced(config)
    for name in clusters:
        yield f"install Flux on {name}: flux install --context {shell(config.clusters[name].context or name)}"
    for controller, flags in LOCKDOWN.items() if clusters else ():
        # `flux install` has no flag for those of its controllers.
        patch = json.dumps([{"op": "add", "path": ARGS, "value": flag} for flag in flags], separators=(",", ":"))
        command = f"kubectl --context CONTEXT -n {SYSTEM} patch deployment {controller} --type json -p {shell(patch)}"
        yield f"close {controller} between tenants, on each of {', '.join(clusters)}: {command}"
    if clusters:
        secret, url = shell(config.git.secret or "NAME"), shell(git_url(config))
        yield (
            f"let Flux read the repo, unless it is public: a Secret that `git.secret` names, in {SYSTEM} and in each "
            f"tenant's namespace: flux create secret git {secret} --url {url}"
        )
    for name in clusters:
        context = shell(config.clusters[name].context or name)
        yield f"start Flux on {name}: kubectl --context {context} apply -f clusters/{name}/{SYSTEM}/gotk-sync.yaml"


def _synced(config: Config) -> list[str]:
    """Return the clusters that Flux syncs."""
    return [name for name, settings in config.clusters.items() if settings.engine == "flux"]


def _root(config: Config, cluster: str) -> Documents:
    source = _repository(config, SYSTEM, SYSTEM)
    root = _platform(SYSTEM, path=f"clusters/{cluster}", after=[], wait=False)
    return [source, root]


def _infrastructure(cluster: str, *, configs: bool) -> Documents:
    stages = [_platform("infra-controllers", path=f"infrastructure/controllers/{cluster}", after=[], timeout="5m")]
    if configs:
        after = ["infra-controllers"]
        path = f"infrastructure/configs/{cluster}"
        stages.append(_platform("infra-configs", path=path, after=after, timeout="5m"))
    return stages


def _platform(name: str, *, path: str, after: Sequence[str], wait: bool = True, timeout: str = "1m") -> dict[str, Any]:
    spec: dict[str, Any] = {
        "serviceAccountName": CONTROLLER,
        "sourceRef": {"kind": "GitRepository", "name": SYSTEM},
        "path": f"./{path}",
        "interval": "10m",
        "retryInterval": "30s",
        "timeout": timeout,
        "prune": True,
        "wait": wait,
    }
    if after:
        spec = {"dependsOn": [{"name": before} for before in after], **spec}
    return _object("Kustomization", name, SYSTEM, spec)


def _service(team: str, service: str, environment: str) -> dict[str, Any]:
    pointer = _object(
        "Kustomization",
        service,
        namespace(team, environment),
        {
            "serviceAccountName": deployer(team),
            "sourceRef": {"kind": "GitRepository", "name": "gitops"},
            "path": f"./apps/{team}/{service}/overlays/{environment}",
            "interval": "10m",
            "retryInterval": "1m",
            # A worker is held for the whole timeout, but a Deployment that gets nowhere ends the check at its deadline
            # of 5 minutes. Less would call a slow rollout failed, in which every pod must be good for 30 seconds.
            "timeout": "6m",
            "prune": True,
            # No targetNamespace: it would hide an overlay that was copied from another environment.
            "wait": True,
        },
    )
    pointer["metadata"]["labels"] = {"team": team, "service": service, "env": environment}
    return pointer


def _source(config: Config, team: str, environment: str) -> dict[str, Any]:
    found = _repository(config, "gitops", namespace(team, environment))
    found["spec"]["ignore"] = f"/*\n!/apps/\n/apps/*\n!/apps/{team}/\n"
    return found


def _repository(config: Config, name: str, where: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"url": git_url(config), "ref": {"branch": config.git.branch}, "interval": "1m"}
    if config.git.secret:
        spec["secretRef"] = {"name": config.git.secret}
    found = _object("GitRepository", name, where, spec)
    found["apiVersion"] = "source.toolkit.fluxcd.io/v1"
    return found


def _object(kind: str, name: str, where: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": where},
        "spec": spec,
    }


def places(listing: Listing, cluster: str) -> Iterator[Place]:
    for kind in ("controllers", "configs"):
        yield from _platform_places(listing, f"infrastructure/{kind}/{cluster}", kind)
    root = f"clusters/{cluster}"
    yield from _root_places(listing, root)
    teams = [path for path in listing([f"delivery/{cluster}"]) if not path.endswith(MANIFESTS)]
    for path, stamp in listing(teams).items() if teams else ():
        name = path.rsplit("/", 1)[1].removesuffix(".yaml")
        yield Place(path.split("/")[2], name, path, stamp=stamp, reads="tree")


def _root_places(listing: Listing, root: str) -> Iterator[Place]:
    """Yield each file and directory of a root, or the root as one where a kustomization says what of it counts."""
    below = listing([root])
    if any(f"{root}/{name}" in below for name in NAMES):
        yield Place(PLATFORM, root, root, stamp="", reads="overlay")
        return
    for path, stamp in below.items():
        yield Place(PLATFORM, root, path, stamp=stamp, reads="tree")


def _platform_places(listing: Listing, root: str, kind: str) -> Iterator[Place]:
    below = listing([root])
    if any(f"{root}/{name}" in below for name in NAMES):
        yield Place(PLATFORM, kind, root, stamp="", reads="overlay")
        return
    for path, stamp in below.items():
        yield Place(PLATFORM, f"{kind}/{path.rsplit('/', 1)[1]}", path, stamp=stamp, reads="tree")
