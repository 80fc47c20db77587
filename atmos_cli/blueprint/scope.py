"""The names that expressions of a blueprint see: `svc`, `env`, `cluster`, `language`, `labels`, `images` and so on."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.analysis import analysis
from atmos_cli.blueprint.nouns import unknown_nouns
from atmos_cli.blueprint.service_facts import service_facts, sizes_of
from atmos_cli.blueprint.settings import setting_values
from atmos_cli.clusters.facts import cluster_facts, http_facts, monitoring_facts
from atmos_cli.config import ENVIRONMENT_KEYS, namespace
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kube.engine_annotations import KEEP
from atmos_cli.spec.model import DEFAULT_PORT, Overrides, Probes
from atmos_cli.spec.verify import settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.manifest import Serves
    from atmos_cli.blueprint.runtime import Runtime
    from atmos_cli.cluster_settings import ClusterSettings
    from atmos_cli.clusters.facts import AllowedPeers, ClusterFacts, ClusterKinds
    from atmos_cli.config import Config, Environment
    from atmos_cli.spec.model import ServiceSpec
    from atmos_cli.spec.verify import Settled
    from atmos_cli.versions.table import VersionTable

FACTS = frozenset(
    {
        "svc",
        "env",
        "cluster",
        "language",
        "labels",
        "selector",
        "pods",
        "keep",
        "platform",
        "analysis",
        "images",
        "operators",
    }
)
NAMES = FACTS | {"inputs", "values", "blueprint"}
# How a version comes into an environment says nothing about what runs there; the others are told with their cluster's.
NOT_FOR_BLUEPRINTS = {"promotion", "http", "monitoring"}
# What expressions read of `env` without any blueprint; a blueprint's settings are there under its name.
ENVIRONMENT_NAMES = frozenset({*ENVIRONMENT_KEYS, "name", "kubernetes", "engine", "users", "prometheus"})
MANAGED_BY = "atmos-cli"


def scope(spec: ServiceSpec, *, team: str, environment: str, config: Config, catalogue: Catalogue) -> dict[str, Any]:
    """Return plain values: what one service is in one environment, with that environment's overrides applied.

    Raises AtmosError for overrides of environments or add-ons that are not there: they would change nothing.
    """
    serves = catalogue.serves(spec.type)
    _check(spec, config, serves)
    overrides = spec.environments.get(environment, Overrides())
    runtime = runtime_of(spec, catalogue)
    where = config.environments[environment]
    # The image, and so the version, changes with every deployment; a selector can never change.
    selector = {"app.kubernetes.io/name": spec.name, "app.kubernetes.io/instance": spec.name}
    chosen = {name: _verify(spec, name, config) for name in config.environments}
    engines = sorted({block.engine for block in chosen.values()} - {"none"})
    service = service_facts(
        spec, overrides, team=team, environment=environment, config=config, sizes=sizes_of(runtime, spec, catalogue)
    )
    cluster, kinds = config.clusters[where.cluster], catalogue.cluster_kinds
    facts, prometheus = cluster_facts(cluster, kinds), cluster.prometheus
    monitoring = monitoring_facts(cluster, where.monitoring, kinds)
    names = {
        "svc": {
            **service,
            "serves": serves,
            "port": (spec.port or DEFAULT_PORT).model_dump() if serves == "port" else None,
            "engine": chosen[environment].engine,
            "engines": engines,
        },
        "env": {
            **_settings(environment, where, catalogue),
            "name": environment,
            "kubernetes": int(cluster.kubernetes.split(".")[1]),
            "engine": config.engine(environment),
            "users": facts.users,
            "prometheus": prometheus.model_dump() if prometheus else None,
            **_declared(where),
            "http": _http(where, cluster, kinds),
            "monitoring": monitoring.model_dump() if monitoring else None,
        },
        "cluster": _cluster(where.cluster, facts),
        "selector": selector,
        "pods": _pods(spec, selector, engines),
        "analysis": analysis(
            chosen[environment],
            name=spec.name,
            namespace=namespace(team, environment),
            matchers=prometheus.matchers if prometheus else {},
        ),
        "labels": {
            **selector,
            "app.kubernetes.io/component": spec.type,
            "app.kubernetes.io/part-of": spec.name,
            "app.kubernetes.io/managed-by": MANAGED_BY,
        },
        "keep": KEEP,
        **_releases(catalogue.versions),
        # For what a company's blueprint keeps in the base, which must suit the oldest and strictest cluster.
        "platform": {
            "kubernetes": min(int(c.kubernetes.split(".")[1]) for c in config.clusters.values()),
            "users": "cluster"
            if any(cluster_facts(c, kinds).users == "cluster" for c in config.clusters.values())
            else "blueprint",
        },
    }
    language = runtime.facts(names)
    return {**names, "svc": {**names["svc"], "env": _joined(names["svc"]["env"], language)}, "language": language}


def runtime_of(spec: ServiceSpec, catalogue: Catalogue) -> Runtime:
    """Return the rows of the spec's language and framework. Raises ATM104 for one that is not there, or not of it."""
    wrong = [found for field, found in unknown_nouns(spec, catalogue) if field != "type"]
    if wrong:
        raise AtmosError(*wrong)
    return catalogue.runtime(spec.language, spec.framework)


def _joined(env: list[dict[str, str]], language: dict[str, Any]) -> list[dict[str, str]]:
    """Put the options of the runtime in front of those of the spec: the later one wins, and none of ours is lost."""
    return [
        {"name": each["name"], "value": f"{language['env'][each['name']]} {each['value']}"}
        if each["name"] in language["options"] and each["name"] in language["env"]
        else each
        for each in env
    ]


def _declared(where: Environment) -> dict[str, Any]:
    values = where.model_dump(by_alias=False, exclude=NOT_FOR_BLUEPRINTS)
    return {key: value for key, value in values.items() if key not in where.settings}


def _http(where: Environment, cluster: ClusterSettings, kinds: ClusterKinds) -> dict[str, Any]:
    found = http_facts(cluster, where.http, kinds)
    return {
        "controller": found.controller,
        "kind": found.kind,
        "class_name": found.class_name,
        "gateway": found.gateway,
        "namespace": found.namespace,
        "domain": where.http.domain,
        "issuer": where.http.issuer,
        "sources": _peers(found.sources),
    }


def _cluster(name: str, facts: ClusterFacts) -> dict[str, Any]:
    row = facts.identity_row
    return {
        "name": name,
        "type": facts.type,
        "policy": facts.policy,
        "api": list(facts.api),
        "zones": facts.zones,
        "families": list(facts.families),
        "storage_class": facts.storage_class,
        "pull_secrets": [{"name": each} for each in facts.pull_secrets],
        "outside": list(facts.outside()),
        "identity": {
            "name": facts.identity,
            "annotation": row.annotation,
            "labels": dict(row.labels),
            "ports": list(row.ports),
            "servers": _peers(facts.identity_servers()),
        },
    }


def _peers(found: AllowedPeers) -> dict[str, Any]:
    return {"peers": list(found.peers), "entities": list(found.entities), "anyone": found.anyone}


def _releases(table: VersionTable) -> dict[str, Any]:
    """Return the images that the table of versions has, by series, and the versions of operators to ask for."""
    return {
        "images": {
            name: {reference: image.written_as(reference) for reference in image.references}
            for name, image in table.images.items()
        },
        "operators": {name.replace("-", "_"): each.writes for name, each in table.operators.items() if each.writes},
    }


def _settings(environment: str, where: Environment, catalogue: Catalogue) -> dict[str, Any]:
    """Return the environment's settings of each blueprint that has some, with defaults, by the blueprint's name."""
    found = ((name, catalogue.settings(name)) for name in catalogue.settable())
    return {
        name.replace("-", "_"): setting_values(
            model, where.settings.get(name, {}), place=f"environments.{environment}.{name}"
        )
        for name, model in found
        if model is not None
    }


def _verify(spec: ServiceSpec, environment: str, config: Config) -> Settled:
    narrow = spec.environments.get(environment, Overrides()).verify
    return settled(spec.verify, narrow, production=config.environments[environment].production)


def _pods(spec: ServiceSpec, selector: dict[str, str], engines: Sequence[str]) -> dict[str, str]:
    """Return labels that select every pod of the service; Flagger's own copy differs in one label only."""
    if "flagger" not in engines:
        return selector
    return {"app.kubernetes.io/instance": spec.name, "app.kubernetes.io/component": spec.type}


def _check(spec: ServiceSpec, config: Config, serves: Serves) -> None:
    found = list(_of_no_use(spec)) if serves == "nothing" else []
    for name, overrides in spec.environments.items():
        if name not in config.environments:
            close = difflib.get_close_matches(name[:80], config.environments, n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(config.environments)}"
            found.append(Diagnostic(Code.ENVIRONMENT_UNKNOWN, f"there is no environment `{name}`", hint=hint))
        for addon in sorted(set(overrides.addons) - set(spec.addons)):
            message = f"`environments.{name}.addons.{addon}` is for an add-on that {spec.name} does not have"
            found.append(Diagnostic(Code.SPEC_INVALID, message, hint=f"add `{addon}: {{}}` under `addons`"))
    called = [d.service for d in spec.dependencies]
    for name in sorted({name for name in called if called.count(name) > 1}):
        message = f"`dependencies` name {name} twice, and both would be {name.upper().replace('-', '_')}_URL"
        found.append(Diagnostic(Code.SPEC_INVALID, message, hint="keep one, and give the other address under `env`"))
    if found:
        raise AtmosError(*found)


def _of_no_use(spec: ServiceSpec) -> Iterator[Diagnostic]:
    """Report what a spec says of connections although its type serves nothing."""
    given = {"port": spec.port, "hosts": spec.hosts, "probes": spec.probes != Probes()}
    given |= {f"environments.{name}.hosts": each.hosts for name, each in spec.environments.items()}
    for field in (field for field, value in given.items() if value):
        message = f"`{field}` is given, but nothing connects to a service of type `{spec.type}`"
        yield Diagnostic(Code.SPEC_INVALID, message, hint="remove it, or use a type that serves a port")
