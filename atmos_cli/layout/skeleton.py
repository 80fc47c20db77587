"""The files of a GitOps repo besides its services: what `atmos init` writes, as bytes by path. Pure and repeatable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from atmos_cli.budget.dimensions import WITH_HEADROOM, quota_name
from atmos_cli.budget.model import Budget, budget_path
from atmos_cli.budget.operators import SIDECAR
from atmos_cli.clusters.facts import cluster_facts, http_facts
from atmos_cli.clusters.presets import reasons_of
from atmos_cli.config import FILE, Config
from atmos_cli.engines.registry import ENGINES
from atmos_cli.kube.quantity import parse
from atmos_cli.layout.admission import Admission, admission_files
from atmos_cli.layout.owners import OWNERS, owners_text
from atmos_cli.layout.pipelines import pipeline_files
from atmos_cli.layout.tenant_network import TenantNetwork
from atmos_cli.layout.tenants import role_files, tenant_files
from atmos_cli.yamlio.annotate import annotated
from atmos_cli.yamlio.emit import emit, emit_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.versions.table import VersionTable

SPEC_SCHEMA = "platform/schemas/service.json"

# Git for Windows checks out other line ends unless a repo says which, and every file would differ from what was made.
ATTRIBUTES = """\
* text=auto eol=lf
*.lock linguist-generated=true
"""

CONFIG_HEADER = """\
Environments, clusters, engines and Git settings of this GitOps repo; the file marks its root.
Change it, then run `atmos update`: it takes the change into every file and keeps what people changed.\
"""

# Small enough to notice, large enough to start with: the platform team owns these numbers.
DEFAULT_LIMITS = {
    "development": {"requests.cpu": "4", "requests.memory": "8Gi", "requests.storage": "50Gi", "pods": "40"},
    "production": {"requests.cpu": "16", "requests.memory": "32Gi", "requests.storage": "500Gi", "pods": "120"},
}


def skeleton(
    config: Config,
    *,
    teams: Sequence[str],
    budgets: Mapping[str, Budget],
    configured: Sequence[str],
    spec_schema: Mapping[str, Any],
    kinds: ClusterKinds,
    versions: VersionTable,
    owners: str = OWNERS,
) -> dict[str, bytes]:
    """Return all files but those of services. `configured`: clusters with files in `infrastructure/configs`.

    `owners` is where the forge looks for who owns what.
    """
    files = {
        **{path: text for engine in ENGINES.values() for path, text in engine.texts.items()},
        **pipeline_files(config, versions),
        ".gitattributes": ATTRIBUTES,
        owners: owners_text(teams),
        SPEC_SCHEMA: json.dumps(spec_schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n",
        FILE: config_text(config, kinds),
    }
    for environment, budget in budgets.items():
        files[budget_path(environment)] = budget_text(budget)
    admitted = {cluster: _admissions(config, cluster, budgets) for cluster in config.clusters}
    configured = sorted({*configured, *(cluster for cluster, found in admitted.items() if found)})
    documents: dict[str, list[dict[str, Any]]] = {}
    for engine in ENGINES.values():
        documents |= engine.root_files(config, teams=teams, configured=configured)
    for cluster in config.clusters:
        shared = ENGINES[config.clusters[cluster].engine].cluster_access(config, cluster=cluster, teams=teams)
        documents |= role_files(cluster, more=shared)
        if admitted[cluster]:
            documents |= admission_files(cluster, admitted[cluster], teams=teams)
    for environment in config.environments:
        budget, network = budgets[environment], tenant_network(config, environment, kinds)
        for team in teams:
            documents |= tenant_files(
                team,
                environment,
                quota=quota(budget, team=team),
                defaults=requests_by_default(budget),
                network=network,
                more=ENGINES[config.engine(environment)].tenant_access(
                    config, team=team, environment=environment, teams=teams
                ),
            )
    return {path: text.encode() for path, text in files.items()} | {
        path: emit_all(values).encode() for path, values in documents.items()
    }


def _admissions(config: Config, cluster: str, budgets: Mapping[str, Budget]) -> dict[str, Admission]:
    """Return limits by environment on the cluster, where its budget asks for a policy."""
    wanted = {name: budgets[name].admission for name in config.on_cluster(cluster)}
    return {
        name: Admission(limits.max_replicas, limits.max_container_cpu, limits.max_container_memory)
        for name, limits in wanted.items()
        if limits is not None
    }


def tenant_network(config: Config, environment: str, kinds: ClusterKinds) -> TenantNetwork:
    """Return whom the tenants of an environment may talk to, as its cluster is."""
    where = config.environments[environment]
    cluster = config.clusters[where.cluster]
    facts = cluster_facts(cluster, kinds)
    proxies = http_facts(cluster, where.http, kinds).sources if where.http.issuer else None
    return TenantNetwork(facts.resolvers(), facts.dns.ports, proxies)


def default_budget(environment: str, *, production: bool) -> Budget:
    limits = DEFAULT_LIMITS["production" if production else "development"]
    return Budget.model_validate(
        {
            "environment": environment,
            "limits": {name: {"limit": amount, "ceiling": str(parse(amount) * 2)} for name, amount in limits.items()},
        }
    )


def quota(budget: Budget, *, team: str) -> dict[str, str]:
    """Return the `hard` part of the ResourceQuota of a team: its own limits, else those of the environment.

    A quota must let a full budget roll out. A budget that does not count the surge itself leaves room for it: twice
    the amount, since the surge of a single replica is one more.
    """
    times = 1 if budget.count == "rollout" else 2
    limits = {**budget.limits, **budget.teams.get(team, {})}
    # A quota on CPU limits refuses every pod without one, and blueprints set none: a limit only slows a process down.
    hard = {
        name: str(limit.amount * (times if name in WITH_HEADROOM else 1))
        for dimension, limit in limits.items()
        if (name := quota_name(dimension)) is not None and name != "limits.cpu"
    }
    # Nothing that blueprints make needs either, and each costs money or opens a hole.
    return {"services.loadbalancers": "0", "services.nodeports": "0", **hard}


def requests_by_default(budget: Budget) -> dict[str, str]:
    """Return the LimitRange's requests for a container without one: what the budget counts it as."""
    if isinstance(budget.missing_requests, str):
        return dict(SIDECAR)
    return {"cpu": budget.missing_requests.cpu, "memory": budget.missing_requests.memory}


def config_text(config: Config, kinds: ClusterKinds) -> str:
    """Return `atmos-cli.yaml`, with the reason behind each value that the type of a cluster gives."""
    value = _config_value(config)
    text = emit(value, header=CONFIG_HEADER)
    return annotated(text.encode(), reasons_of(value["clusters"], kinds)).decode()


def _config_value(config: Config) -> dict[str, Any]:
    """Return what a person decides first; every other setting has a default, and is in docs/repo.md."""
    shown = config.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    for name, each in config.environments.items():
        if http := shown["environments"][name].get("http"):
            http.setdefault("domain", each.http.domain)
    environments = {
        name: {"cluster": each.cluster, "production": each.production, "replicas": each.replicas}
        | {"http": {"domain": each.http.domain}}
        | shown["environments"][name]
        for name, each in config.environments.items()
    }
    clusters = {
        name: {"engine": each.engine, "kubernetes": each.kubernetes}
        | each.model_dump(by_alias=True, exclude_unset=True, mode="json")
        for name, each in config.clusters.items()
    }
    git = {"url": config.git.url, "branch": config.git.branch, "write": config.git.write} | shown.get("git", {})
    return {
        "version": config.version,
        "git": git,
        **({"hub": shown["hub"]} if "hub" in shown else {}),
        "registry": config.registry,
        "forge": config.forge,
        **({"tool": shown["tool"]} if "tool" in shown else {}),
        **({"teams": shown["teams"]} if "teams" in shown else {}),
        "clusters": clusters,
        "environments": environments,
    }


def budget_text(budget: Budget) -> str:
    header = (
        f"What all services of '{budget.environment}' together may ask for; names are those of ResourceQuota.\n"
        "Over `limit` needs an approval, over `ceiling` is refused, from `warn` on a warning."
    )
    shown = budget.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True, mode="json")
    whole = {"version": budget.version, "environment": budget.environment, "count": budget.count, **shown}
    return emit(whole, header=header)
