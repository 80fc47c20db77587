"""Every language with every add-on, and every feature of a spec, in environments that between them use every mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atmos_cli.adapters.files import DiskTree
from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.compose import Composition, compose
from atmos_cli.blueprint.layer import Layer
from atmos_cli.config import Config, namespace
from atmos_cli.layout.kustomize import lay_out
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.yamlio.emit import emit

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Catalogue((Layer(DiskTree(ROOT / "blueprints")),))
TEAM = "shop"
ADDONS = ("autoscaling", "http", "metrics", "postgres", "redis")
LANGUAGES = tuple(sorted(CATALOGUE.languages.languages))
HERE = "apps/shop/checkout"

CONFIG = Config.model_validate(
    {
        "clusters": {
            "old": {"kubernetes": "1.29", "engine": "flux"},
            "new": {"kubernetes": "1.34"},
        },
        "environments": {
            # operator, cache, plain ingress, no monitoring, no secret store
            "dev": {"cluster": "old", "http": {"issuer": "", "domain": "dev.example.com"}},
            # throw-away database, gateway, monitoring, secret store
            "test": {
                "cluster": "old",
                "http": {"kind": "gateway", "namespace": "gateways"},
                "postgres": {"mode": "ephemeral"},
                "redis": {"mode": "external"},
                "monitoring": {},
                "secrets": {"store": "vault"},
            },
            # everything from outside
            "stage": {
                "cluster": "new",
                "replicas": 2,
                "http": {"kind": "gateway", "namespace": "gateways"},
                "postgres": {"mode": "external"},
                "redis": {"mode": "cache"},
                "secrets": {"store": "vault"},
            },
            # operator with standbys, backup and a storage class, TLS
            "prod": {
                "cluster": "new",
                "production": True,
                "replicas": 3,
                "http": {"issuer": "letsencrypt"},
                "postgres": {"instances": 3, "storage": "20Gi", "storageClass": "fast", "backup": "backups"},
                "monitoring": {},
                "secrets": {"store": "vault"},
            },
        },
    }
)
OPENSHIFT = Config.model_validate(
    {
        "clusters": {"one": {"users": "cluster"}},
        "environments": {
            "dev": {"cluster": "one", "postgres": {"mode": "ephemeral"}, "secrets": {"store": "vault"}},
            "prod": {"cluster": "one", "replicas": 2, "production": True},
        },
    }
)


def spec(**fields: Any) -> ServiceSpec:
    return ServiceSpec.model_validate({"name": "checkout", "language": "node", **fields})


def everything() -> dict[str, dict[str, Any]]:
    return {name: {} for name in ADDONS}


FEATURES: dict[str, dict[str, Any]] = {
    "port-80": {"port": 80},
    "port-80-to-3000": {"port": {"service": 80, "container": 3000}},
    "persistent-volume": {"replicas": 1, "volumes": {"data": {"path": "/data", "kind": "persistent", "size": "2Gi"}}},
    "temporary-volume": {"volumes": {"cache": {"path": "/tmp", "size": "256Mi"}}},
    "both-volumes": {
        "replicas": 1,
        "volumes": {"a": {"path": "/a"}, "b": {"path": "/b", "kind": "persistent"}},
    },
    "dependencies": {"dependencies": [{"service": "cart"}, {"service": "ledger", "team": "pay", "port": 8080}]},
    "dependencies-port": {
        "dependencies": [
            {"service": "cart", "port": 9090, "targetPort": "grpc"},
            {"service": "stock", "targetPort": 9000},
        ]
    },
    "own-url": {"dependencies": [{"service": "cart"}], "env": {"CART_URL": "http://elsewhere"}},
    "exact-resources": {
        "size": {"cpu": "300m", "memory": "1Gi", "cpuLimit": "1", "memoryLimit": "2Gi"},
        "environments": {"prod": {"size": {"cpu": 2, "memory": "3Gi"}}},
    },
    "sizes-by-environment": {"size": "xs", "environments": {"prod": {"size": "xl", "replicas": 5}}},
    "probes": {
        "probes": {
            "startup": {"path": "/up", "period": 90, "timeout": 5, "failures": 7, "delay": 0},
            "readiness": {"path": "/in", "period": 1, "delay": 3},
            "liveness": {"failures": 9, "timeout": 1},
        }
    },
    "hosts": {
        "addons": {"http": {"path": "/api"}},
        "hosts": ["shop.example.com", "www.shop.example.com"],
        "environments": {"dev": {"hosts": ["shop.dev.example.com"]}},
    },
    "env-and-secrets": {
        "env": {"NODE_ENV": "test", "ON": True, "N": 8080},
        "secrets": {"STRIPE_KEY": {"secret": "stripe", "key": "api-key"}, "OTHER": {"secret": "stripe", "key": "o"}},
        "environments": {"prod": {"env": {"LOG": "warn", "N": 1}}},
    },
    "images": {
        "image": "ghcr.io/shop/checkout:1.2.3",
        "environments": {
            "dev": {"image": f"localhost:5000/checkout@sha256:{'a' * 64}"},
            "prod": {"image": f"ghcr.io/shop/checkout:1.2.3@sha256:{'b' * 64}"},
        },
    },
    "scaling": {
        "addons": {"autoscaling": {}},
        "scaling": {"min": 1, "max": 3},
        "environments": {"prod": {"scaling": {"min": 4, "max": 40, "cpu": 50}}},
    },
    "metrics-port": {"addons": {"metrics": {"port": 9090, "path": "/m", "interval": "5s"}}},
    "database-settings": {
        "addons": {"postgres": {"version": 16, "walStorage": "5Gi", "storage": "10Gi", "cpu": "1", "memory": "2Gi"}},
        "environments": {"prod": {"addons": {"postgres": {"instances": 5, "storage": "100Gi"}}}},
    },
    "cache-settings": {"addons": {"redis": {"memory": "1Gi", "cpu": "500m"}}},
    "no-replicas": {"replicas": 0},
}


def _cases() -> dict[str, tuple[ServiceSpec, Config]]:
    found = {}
    for language in LANGUAGES:
        found[f"{language}-alone"] = (spec(language=language), CONFIG)
        for addon in ADDONS:
            found[f"{language}-{addon}"] = (spec(language=language, addons={addon: {}}), CONFIG)
        found[f"{language}-everything"] = (spec(language=language, addons=everything(), port=80), CONFIG)
    for name, fields in FEATURES.items():
        found[name] = (spec(**fields), CONFIG)
    found["openshift"] = (spec(addons=everything(), port=80), OPENSHIFT)
    return found


CASES = _cases()


def composed(case: str) -> dict[str, Composition]:
    wanted, config = CASES[case]
    return {
        name: compose(wanted, team=TEAM, environment=name, config=config, catalogue=CATALOGUE)
        for name in config.environments
    }


def laid_out(compositions: dict[str, Composition]) -> dict[str, bytes]:
    """The files of the service by path from the root of a repo."""
    objects = lay_out(compositions, namespaces={name: namespace(TEAM, name) for name in compositions})
    return {f"{HERE}/{path}": emit(value).encode() for path, value in objects.items()}
