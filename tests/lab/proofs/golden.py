"""The golden matrix: what atmos generates for every language, add-on, mode, environment and Kubernetes version.

Everything is made by the product in memory, so asking for all of it costs seconds and no disk.
"""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.config import Config
from atmos_cli.gitops.generate import Generated, generate
from atmos_cli.kustomize.build import build
from atmos_cli.layout.skeleton import default_budget, skeleton
from atmos_cli.ports import MemoryTree
from atmos_cli.spec.model import ServiceSpec
from tests.lab.components import KUBERNETES, MAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.budget.model import Budget
    from tests.lab.kube import Object

TEAM = "golden"
SERVICE = "shop"
ENVIRONMENTS = ("dev", "staging", "prod")
VERSIONS = tuple(KUBERNETES)
LANGUAGES = tuple(catalogue().languages.languages)
ADDONS = ("autoscaling", "http", "metrics", "postgres", "redis")

SHARED = {"monitoring": {"namespace": "monitoring"}, "secrets": {"store": "vault"}}
GATEWAY = {"kind": "gateway", "gateway": "public", "namespace": "gateways", "domain": "example.com"}
INGRESS = {"kind": "ingress", "controller": "traefik", "domain": "example.com"}
BACKED_UP = {"mode": "operator", "instances": 3, "storage": "20Gi", "storageClass": "fast", "backup": "nightly"}

# What differs from `atmos init`, by environment; every mode of every add-on is somewhere.
SETTINGS: dict[str, dict[str, dict[str, Any]]] = {
    "as-init-says": {},
    "all-operators": {
        name: {**SHARED, "http": GATEWAY, "postgres": BACKED_UP, "redis": {"mode": "external"}} for name in ENVIRONMENTS
    },
    "outside": {
        name: {
            **SHARED,
            "http": {**INGRESS, "issuer": ""},
            "postgres": {"mode": "external"},
            "redis": {"mode": "cache"},
        }
        for name in ENVIRONMENTS
    },
    "throw-away": {
        "dev": {**SHARED, "http": INGRESS, "postgres": {"mode": "ephemeral"}},
        "staging": {**SHARED, "http": GATEWAY, "postgres": {"mode": "ephemeral", "storage": "2Gi"}},
        "prod": {**SHARED, "redis": {"mode": "external"}},
    },
}

FEATURES: dict[str, dict[str, Any]] = {
    "persistent-volume": {"replicas": 1, "volumes": {"uploads": {"path": "/data", "size": "5Gi", "kind": "persistent"}}},
    "two-persistent-volumes": {
        "replicas": 1,
        "volumes": {name: {"path": f"/{name}", "size": "1.5Gi", "kind": "persistent"} for name in ("a", "b")},
    },
    "temporary-volumes": {"volumes": {"work": {"path": "/work"}, "cache": {"path": "/cache", "size": "500M"}}},
    "dependencies": {"dependencies": [{"service": "cart"}, {"service": "stock", "port": 8080, "team": "logistics"}]},
    "secrets": {"secrets": {"STRIPE_KEY": {"secret": "stripe", "key": "api-key"}, "TOKEN": {"secret": "stripe.v2", "key": "t_1"}}},
    "probes": {
        "probes": {
            "startup": {"path": "/up?full=1", "period": 1, "timeout": 3600, "failures": 1000, "delay": 0},
            "readiness": {"path": "/ready", "period": 3600, "timeout": 1, "failures": 1},
            "liveness": {"path": "/live", "delay": 3600},
        }
    },
    "exact-size": {"size": {"cpu": "0.25", "memory": "300M", "cpuLimit": "1", "memoryLimit": "0.5Gi"}},
    "ports": {"port": {"service": 443, "container": 65535}},
    "low-port": {"port": 80},
    "port-one": {"port": {"service": 65535, "container": 1}},
    "environment": {"env": {"LOG_LEVEL": "info", "_X": "", "YES": True, "N": 1, "NODE_ENV": "test", "LINES": "a\nb: #c"}},
    "hosts": {"addons": {"http": {"path": "/api"}}, "hosts": ["shop.example.com", "www.shop.example.com", "1.2.example"]},
    "metrics-port": {"addons": {"metrics": {"port": 9090, "path": "/prometheus", "interval": "90s"}}},
    "scaling": {"addons": {"autoscaling": {}}, "scaling": {"min": 1, "max": 1000, "cpu": 1}},
    "postgres-inputs": {"addons": {"postgres": {"version": "18", "storage": "123Mi", "instances": 9, "cpu": "2", "memory": "4Gi"}}},
    "redis-inputs": {"addons": {"redis": {"memory": "1.5Gi", "cpu": "0.1"}}},
    "argo-rollouts": {"addons": {"http": {}, "metrics": {}}, "verify": {"engine": "argo-rollouts", "source": "generic-app"}},
    "argo-rollouts-without-a-route": {"addons": {"metrics": {}}, "verify": {"engine": "argo-rollouts", "source": "spring"}},
    "flagger": {"addons": {"http": {}, "metrics": {}, "autoscaling": {}}, "verify": {"engine": "flagger", "source": "generic-app"}},
    "no-replicas": {"replicas": 0},
    "digest": {"image": "ghcr.io/shop/web@sha256:" + "0a" * 32},
    "digest-and-tag": {"image": "localhost:5000/shop/web:1.2.3-rc.1_x@sha256:" + "0a" * 32},
    "longest-name": {"name": "a" + "-b" * 18, "addons": {name: {} for name in ADDONS}},
    "differs-everywhere": {
        "addons": {name: {} for name in ADDONS},
        "environments": {
            "dev": {"size": "xs", "env": {"LOG_LEVEL": "debug"}, "image": "ghcr.io/shop/web:dev"},
            "staging": {"scaling": {"min": 1, "max": 3}, "hosts": ["shop.staging.test"], "size": "xl"},
            "prod": {"scaling": {"min": 3, "max": 30}, "size": {"cpu": 2, "memory": "2Gi"}, "addons": {"postgres": {"storage": "1Ti"}}},
        },
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One service in a repo with its settings and the Kubernetes version of its clusters."""

    name: str
    spec: ServiceSpec
    config: Config
    kubernetes: str

    def generated(self) -> Generated:
        return generate(
            self.spec, team=TEAM, environments=tuple(self.config.environments), config=self.config, catalogue=bundled()
        )


@dataclass(frozen=True, slots=True)
class Golden:
    """One object that some case has, and the oldest Kubernetes version that it was made for."""

    case: str
    resource: Object
    kubernetes: str


@functools.cache
def bundled() -> Any:
    return catalogue()


@functools.cache
def config_of(settings: str, kubernetes: str = MAIN) -> Config:
    plain = new_config(InitOptions(environments=ENVIRONMENTS, kubernetes=kubernetes), catalogue=bundled()).model_dump(
        by_alias=True
    )
    for name, changes in SETTINGS[settings].items():
        for key, value in changes.items():
            before = plain["environments"][name].get(key) or {}
            plain["environments"][name][key] = {**before, **value}
    if settings == "all-operators":
        for cluster in plain["clusters"].values():
            cluster["prometheus"] = {"url": "http://prometheus.monitoring:9090"}
    return Config.model_validate(plain)


def service(**changes: Any) -> ServiceSpec:
    return ServiceSpec.model_validate({"name": SERVICE, "language": "node", **changes})


def cases() -> Iterator[Case]:
    """About 250, each in three environments."""
    everything: dict[str, Any] = {name: {} for name in ADDONS}
    for settings, language in itertools.product(("as-init-says", "all-operators"), LANGUAGES):
        for addons in ({}, *({name: {}} for name in ADDONS), everything):
            yield _case(settings, f"{language} {'+'.join(addons)}", language=language, addons=addons)
    for number in range(2, len(ADDONS)):
        for names in itertools.combinations(ADDONS, number):
            yield _case("throw-away", "+".join(names), addons={name: {} for name in names})
    for settings, kubernetes in itertools.product(SETTINGS, VERSIONS):
        for language in LANGUAGES if settings == "all-operators" else ("node", "static"):
            yield _case(settings, f"{language} everything", kubernetes, language=language, addons=everything)
        yield _case(settings, "nothing", kubernetes)
    for kubernetes, (name, changes) in itertools.product(VERSIONS, FEATURES.items()):
        yield _case("all-operators", name, kubernetes, **changes)
    for size, language in itertools.product(("xs", "s", "m", "l", "xl"), ("go", "node", "java")):
        yield _case("as-init-says", f"{language} {size}", language=language, size=size)


def _case(settings: str, what: str, kubernetes: str = MAIN, **changes: Any) -> Case:
    spec = service(**changes)
    return Case(
        f"{settings}, {what.strip()}, Kubernetes {kubernetes}", spec, config_of(settings, kubernetes), kubernetes
    )


@functools.cache
def generated() -> tuple[tuple[Case, Generated], ...]:
    return tuple((case, case.generated()) for case in cases())


@functools.cache
def objects() -> tuple[Golden, ...]:
    """Every effective manifest of every case; what several cases have in common only once."""
    found: dict[str, Golden] = {}
    for case, files in generated():
        tree = MemoryTree(files.files)
        for environment in case.config.environments:
            for built in build(tree, overlay(case.spec.name, environment)):
                text = json.dumps(built.resource, sort_keys=True)
                known = found.get(text)
                if known is None or _minor(case.kubernetes) < _minor(known.kubernetes):
                    found[text] = Golden(f"{case.name}, {environment}", built.resource, case.kubernetes)
    return tuple(found.values())


def objects_for(version: str) -> tuple[Golden, ...]:
    """Those made for this Kubernetes version or an older one: a cluster is upgraded before its manifests are."""
    return tuple(one for one in objects() if _minor(one.kubernetes) <= _minor(version))


def overlay(name: str, environment: str, team: str = TEAM) -> str:
    return f"apps/{team}/{name}/overlays/{environment}"


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def repo_files(
    config: Config, *, teams: tuple[str, ...], budgets: Mapping[str, Budget] | None = None
) -> dict[str, bytes]:
    """What `atmos init` writes, with these budgets or its own."""
    wanted = {
        name: (budgets or {}).get(name) or default_budget(name, production=each.production)
        for name, each in config.environments.items()
    }
    kinds = catalogue().cluster_kinds
    return skeleton(
        config, teams=teams, budgets=wanted, configured=(), spec_schema={}, kinds=kinds, versions=versions()
    )
