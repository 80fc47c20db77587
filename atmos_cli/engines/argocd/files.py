"""The Argo CD side of a repo: one bootstrap file, projects, and one ApplicationSet per team. Proved in the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.model import PLATFORM
from atmos_cli.engines.argocd.access import project_roles
from atmos_cli.engines.engine import Place
from atmos_cli.engines.source import git_url
from atmos_cli.foreign import shell
from atmos_cli.kustomize.files import MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.config import Config
    from atmos_cli.engines.engine import Listing

GROUP = "argoproj.io"
API = f"{GROUP}/v1alpha1"
NAMESPACE = "argocd"
ROOTS = ("argocd",)
ROOT = "argocd/bootstrap/root.yaml"

# Without `refresh` a retry stays on the commit that it began with, and never sees the one that fixes it.
# Retries of the platform's own sets never end: a rebuilt cluster may wait long for an operator.
PLATFORM_SYNC = {
    "automated": {"prune": True, "selfHeal": True},
    "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"}},
    "syncOptions": ["ServerSideApply=true", "SkipDryRunOnMissingResource=true"],
}
# A tenant's retry ends (an Application that retries forever cannot be deleted).
TENANT_SYNC = {
    "automated": {"prune": True, "selfHeal": True},
    "retry": {"limit": 20, "refresh": True, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"}},
    "syncOptions": ["ServerSideApply=true", "PruneLast=true", "FailOnSharedResource=true"],
}

# From 3.6 on, an Application with ServerSideApply=true is compared by the API server unless this says no, and what that
# refuses is then shown as Synced and Healthy, with nothing of the commit applied.
COMPARE_OPTIONS = "argocd.argoproj.io/compare-options"
COMPARE = {COMPARE_OPTIONS: "ServerSideDiff=false"}

ROUTE_WEIGHTS = {
    "group": "gateway.networking.k8s.io",
    "kind": "HTTPRoute",
    "jqPathExpressions": [".spec.rules[].backendRefs[].weight"],
}

Documents = list[dict[str, Any]]


def root_files(config: Config, *, teams: Sequence[str]) -> dict[str, Documents]:
    """Return every file of `argocd/`, or nothing when no cluster uses the engine."""
    clusters = synced(config)
    if not clusters:
        return {}
    files = {
        ROOT: _root(config),
        "argocd/applicationsets/infra-controllers.yaml": [_infrastructure(config, "controllers")],
        "argocd/applicationsets/infra-configs.yaml": [_infrastructure(config, "configs")],
        "argocd/applicationsets/tenants.yaml": [_tenants(config)],
    }
    for team in teams:
        roles = project_roles(config, on_hub(config, team), team=team, teams=teams)
        files[f"argocd/projects/{team}.yaml"] = [_project(config, team, clusters, roles)]
        files[f"argocd/applicationsets/apps-{team}.yaml"] = [_apps(config, team)]
    return files


def on_hub(config: Config, name: str) -> str:
    """Return the name of an object on the hub, where others have projects and Applications, too."""
    return f"{config.hub.prefix}{name}"


def synced(config: Config) -> list[str]:
    """List the clusters that Argo CD syncs."""
    return [name for name, cluster in config.clusters.items() if cluster.engine == "argocd"]


def first_steps(config: Config) -> Iterator[str]:
    clusters = synced(config)
    for cluster in clusters:
        labels = " ".join(
            f"--label {key}={value}"
            for key, value in cluster_labels(config, cluster).items()
            if not key.startswith("argocd.")
        )
        yield f"register the cluster: argocd cluster add CONTEXT --name {cluster} {labels}"
    if clusters:
        yield f"let Argo CD read the repo, unless it is public: argocd repo add {shell(git_url(config))}"
        yield f"start Argo CD on the hub: kubectl apply -f {ROOT}"


def steps_between(before: Config, after: Config) -> Iterator[str]:
    """Say what else a person registers, labels or takes from the hub."""
    old, new = synced(before), synced(after)
    for step in first_steps(after):
        if not old or any(f" --name {name} " in step for name in new if name not in old):
            yield step
    for name in new:
        labels = _environment_labels(after, name) if name in old else []
        known = _environment_labels(before, name) if name in old else []
        wanted = [each for each in labels if each not in known]
        wanted += [f"{each.partition('=')[0]}-" for each in known if each not in labels]
        if wanted:
            which = f"argocd.argoproj.io/secret-type=cluster,cluster={name}"
            yield f"label the cluster on the hub: kubectl -n {NAMESPACE} label secret -l {which} {' '.join(wanted)}"
    for name in old:
        if name not in new:
            yield f"take the cluster from the hub: argocd cluster rm {name}"


def cluster_labels(config: Config, cluster: str) -> dict[str, str]:
    """Return the labels that the Secret of a registered cluster must have, so that the sets find it."""
    environments = {f"env-{environment}": "true" for environment in config.on_cluster(cluster)}
    return {"argocd.argoproj.io/secret-type": "cluster", "cluster": cluster, **environments}


def _environment_labels(config: Config, cluster: str) -> list[str]:
    return [f"{key}={value}" for key, value in cluster_labels(config, cluster).items() if key.startswith("env-")]


def _root(config: Config) -> Documents:
    """Write project and Application in one file: an Application that has to make its own project never starts."""
    project = _object("AppProject", on_hub(config, PLATFORM))
    project["spec"] = {
        "description": "the platform's own objects: tenants, infrastructure, projects and sets",
        "sourceRepos": [git_url(config)],
        "destinations": [{"name": "*", "server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    }
    root = _object("Application", on_hub(config, "root"))
    root["metadata"]["annotations"] = dict(COMPARE)
    root["spec"] = {
        "project": on_hub(config, PLATFORM),
        "source": {
            "repoURL": git_url(config),
            "targetRevision": f"refs/heads/{config.git.branch}",
            "path": "argocd",
            "directory": {"recurse": True, "include": "{projects/*,applicationsets/*,clusters/*}"},
        },
        "destination": {"name": "in-cluster", "namespace": NAMESPACE},
        # The controller writes these, empty, into every set that a webhook refreshes: no reason to sync it back.
        "ignoreDifferences": [
            {
                "group": "argoproj.io",
                "kind": "ApplicationSet",
                "jqPathExpressions": [
                    ".spec.generators[].matrix.template",
                    ".spec.generators[].matrix.generators[].clusters.template",
                    ".spec.generators[].matrix.generators[].git.template",
                ],
            }
        ],
        "syncPolicy": PLATFORM_SYNC,
    }
    return [project, root]


def _project(config: Config, team: str, clusters: Sequence[str], roles: Sequence[dict[str, Any]]) -> dict[str, Any]:
    project = _object("AppProject", on_hub(config, team))
    # Projects before sets: a set that finds no project waits three minutes before it looks again.
    project["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "-1"}
    project["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    project["spec"] = {
        "description": f"team {team}",
        "sourceRepos": [git_url(config)],
        "destinations": [
            {"name": cluster, "namespace": f"{team}-{environment}"}
            for cluster in clusters
            for environment in config.on_cluster(cluster)
        ],
        "clusterResourceWhitelist": [],
        "namespaceResourceBlacklist": [
            {"group": "", "kind": "LimitRange"},
            {"group": "", "kind": "ResourceQuota"},
            {"group": "rbac.authorization.k8s.io", "kind": "Role"},
            {"group": "rbac.authorization.k8s.io", "kind": "RoleBinding"},
        ],
        **({"roles": list(roles)} if roles else {}),
    }
    return project


def _apps(config: Config, team: str) -> dict[str, Any]:
    service, environment = "{{ index .path.segments 2 }}", "{{ index .path.segments 4 }}"
    found = _set(
        on_hub(config, f"apps-{team}"),
        git={
            "repoURL": git_url(config),
            "revision": config.git.branch,
            "files": [{"path": f"apps/{team}/*/overlays/*/gitops.json"}],
        },
        labels={"argocd.argoproj.io/secret-type": "cluster", f"env-{environment}": "true"},
    )
    found["spec"]["template"] = {
        "metadata": {
            # Dots, which none of the parts can have: two services can never get one name, whatever they are called.
            "name": f"{team}.{service}.{environment}.{{{{ .nameNormalized }}}}",
            "labels": {"team": team, "service": service, "env": environment},
            "annotations": dict(COMPARE),
        },
        "spec": {
            "project": on_hub(config, team),
            "source": _source(config, "{{ .path.path }}"),
            "destination": {"name": "{{ .name }}", "namespace": f"{team}-{environment}"},
            # Argo Rollouts moves the weights of a route step by step; self-healing would move them back at once.
            "ignoreDifferences": [ROUTE_WEIGHTS],
            "syncPolicy": TENANT_SYNC,
        },
    }
    # A removed directory takes its workloads with it; an operator may pause an Application.
    found["spec"]["syncPolicy"] = {"applicationsSync": "sync"}
    found["spec"]["ignoreApplicationDifferences"] = [{"jsonPointers": ["/spec/syncPolicy/automated"]}]
    return found


def _tenants(config: Config) -> dict[str, Any]:
    environment, team = "{{ index .path.segments 1 }}", "{{ .path.basename }}"
    found = _set(
        on_hub(config, "tenants"),
        git={
            "repoURL": git_url(config),
            "revision": config.git.branch,
            "directories": [{"path": "tenants/*/*"}],
        },
        labels={"argocd.argoproj.io/secret-type": "cluster", f"env-{environment}": "true"},
    )
    name = f"tenant-{team}.{environment}.{{{{ .nameNormalized }}}}"
    found["spec"]["template"] = _platform_application(config, name, namespace=f"{team}-{environment}")
    return found


def _infrastructure(config: Config, kind: str) -> dict[str, Any]:
    found = _set(
        on_hub(config, f"infra-{kind}"),
        git={
            "repoURL": git_url(config),
            "revision": config.git.branch,
            "directories": [{"path": f"infrastructure/{kind}/*/*"}],
        },
        labels={"argocd.argoproj.io/secret-type": "cluster", "cluster": "{{ index .path.segments 2 }}"},
    )
    name = f"{kind}-{{{{ .path.basename }}}}.{{{{ .nameNormalized }}}}"
    found["spec"]["template"] = _platform_application(config, name, namespace="default")
    return found


def _platform_application(config: Config, name: str, *, namespace: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "annotations": dict(COMPARE)},
        "spec": {
            "project": on_hub(config, PLATFORM),
            "source": _source(config, "{{ .path.path }}"),
            "destination": {"name": "{{ .name }}", "namespace": namespace},
            "syncPolicy": PLATFORM_SYNC,
        },
    }


def _set(name: str, *, git: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    clusters = {"selector": {"matchLabels": labels}}
    found = _object("ApplicationSet", name)
    found["spec"] = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"matrix": {"generators": [{"git": git}, {"clusters": clusters}]}}],
    }
    return found


def _source(config: Config, path: str) -> dict[str, Any]:
    return {"repoURL": git_url(config), "targetRevision": f"refs/heads/{config.git.branch}", "path": path}


def _object(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}}


def places(listing: Listing, cluster: str) -> Iterator[Place]:
    """Yield each directory, of which its sets make an Application, and no file."""
    for kind in ("controllers", "configs"):
        for path, stamp in listing([f"infrastructure/{kind}/{cluster}"]).items():
            if not path.endswith(MANIFESTS):
                yield Place(PLATFORM, f"{kind}/{path.rsplit('/', 1)[1]}", path, stamp=stamp, reads="overlay")
