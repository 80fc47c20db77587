"""Changes of what people declare: `service.yaml`, `atmos-cli.yaml`, and blueprints of the company's own."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from tests.update.worlds import STAGING, Inputs, bundled_texts

SpecChange = "Callable[[Inputs, random.Random], Inputs | None]"


def _spec(inputs: Inputs, **values: Any) -> Inputs:
    changed = copy.deepcopy(inputs.spec)
    for key, value in values.items():
        if value is None:
            changed.pop(key, None)
        else:
            changed[key] = value
    return replace(inputs, spec=changed)


def _nested(inputs: Inputs, key: str, name: str, value: Any) -> Inputs:
    """`spec[key][name] = value`; None takes it out, and an empty mapping with it."""
    inner = dict(inputs.spec.get(key, {}))
    if value is None:
        inner.pop(name, None)
    else:
        inner[name] = value
    return _spec(inputs, **{key: inner or None})


def _per_environment(inputs: Inputs, environment: str, **values: Any) -> Inputs:
    own = {**inputs.spec.get("environments", {}).get(environment, {}), **values}
    return _nested(inputs, "environments", environment, own)


def _config(inputs: Inputs, environment: str, value: Any, *, after: str = "") -> Inputs:
    changed = copy.deepcopy(inputs.config)
    known = changed["environments"]
    if value is None:
        del known[environment]
    elif environment in known or not after:
        known[environment] = value
    else:
        order = [(name, old) for name, old in known.items()]
        at = [name for name, _ in order].index(after) + 1
        changed["environments"] = dict([*order[:at], (environment, value), *order[at:]])
    return replace(inputs, config=changed)


def _addons(inputs: Inputs) -> dict[str, Any]:
    return inputs.spec.get("addons", {})


def size(inputs, rng):
    return _spec(inputs, size=rng.choice([each for each in ("xs", "s", "m", "l") if each != inputs.spec["size"]]))


def exact_size(inputs, rng):
    return _spec(inputs, size={"cpu": rng.choice(["150m", "300m"]), "memory": rng.choice(["192Mi", "320Mi"])})


def size_of_prod(inputs, rng):
    return _per_environment(inputs, "prod", size=rng.choice(["m", "l", "xl"]))


def env_added(inputs, rng):
    name = rng.choice(["ADDED", "BEFORE_ALL", "ZED"])
    return _nested(inputs, "env", name, rng.choice(["yes", "1", "a: b"]))


def env_of_prod(inputs, rng):
    return _per_environment(inputs, "prod", env={"ONLY_PROD": "x", "LOG_LEVEL": "warn"})


def env_changed(inputs, rng):
    names = sorted(inputs.spec.get("env", {}))
    return _nested(inputs, "env", rng.choice(names), rng.choice(["debug", "on", "7"])) if names else None


def env_removed(inputs, rng):
    names = sorted(inputs.spec.get("env", {}))
    return _nested(inputs, "env", rng.choice(names), None) if names else None


def secret(inputs, rng):
    return _nested(inputs, "secrets", "TOKEN", {"secret": "shop-token", "key": "token"})


def replicas(inputs, rng):
    if "autoscaling" in _addons(inputs) or inputs.spec.get("replicas") == 1:
        return None
    return _spec(inputs, replicas=rng.choice([3, 4, 5]))


def replicas_of_prod(inputs, rng):
    if "autoscaling" in _addons(inputs) or inputs.spec.get("replicas") == 1:
        return None
    return _per_environment(inputs, "prod", replicas=rng.choice([2, 4, 6]))


def autoscaling(inputs, rng):
    if "autoscaling" in _addons(inputs) or inputs.spec.get("replicas") == 1:
        return None
    return _nested(inputs, "addons", "autoscaling", {})


def autoscaling_removed(inputs, rng):
    if "autoscaling" not in _addons(inputs):
        return None
    return _nested(_spec(inputs, scaling=None), "addons", "autoscaling", None)


def scaling(inputs, rng):
    if "autoscaling" not in _addons(inputs):
        return None
    return _spec(inputs, scaling={"min": rng.choice([2, 4]), "max": rng.choice([8, 9]), "cpu": rng.choice([60, 70])})


def http(inputs, rng):
    if "http" in _addons(inputs):
        return None if "hosts" in inputs.spec else _nested(inputs, "addons", "http", None)
    return _nested(inputs, "addons", "http", {})


def postgres(inputs, rng):
    return _nested(inputs, "addons", "postgres", None if "postgres" in _addons(inputs) else {})


def redis(inputs, rng):
    return _nested(inputs, "addons", "redis", None if "redis" in _addons(inputs) else {})


def egress(inputs, rng):
    return _nested(inputs, "addons", "egress", None if "egress" in _addons(inputs) else {})


def storage(inputs, rng):
    if "postgres" not in _addons(inputs):
        return None
    environment = copy.deepcopy(inputs.config["environments"]["prod"])
    environment["postgres"] = {**environment.get("postgres", {}), "storage": rng.choice(["20Gi", "50Gi"])}
    return _config(inputs, "prod", environment)


def port(inputs, rng):
    return _spec(inputs, port=rng.choice([8081, {"service": 80, "container": 3000}]))


def host(inputs, rng):
    return _spec(inputs, hosts=["shop.example.org"]) if "http" in _addons(inputs) else None


def probes(inputs, rng):
    kind = rng.choice(["readiness", "liveness", "startup"])
    value = rng.choice([{"path": "/ok"}, {"timeout": 5}, {"failures": 6}, {"period": 7, "path": "/up"}])
    return _nested(inputs, "probes", kind, value)


def volume(inputs, rng):
    return _nested(inputs, "volumes", "cache", {"path": "/var/cache/shop", "size": rng.choice(["1Gi", "2Gi"])})


def volume_changed(inputs, rng):
    known = inputs.spec.get("volumes", {})
    if not known:
        return None
    name = min(known)
    return _nested(inputs, "volumes", name, {**known[name], "size": "8Gi"})


def dependency(inputs, rng):
    return _spec(inputs, dependencies=[*inputs.spec.get("dependencies", []), {"service": "stock", "port": 8080}])


def language(inputs, rng):
    return _spec(
        inputs, language=rng.choice([x for x in ("node", "python", "go", "java") if x != inputs.spec["language"]])
    )


def image(inputs, rng):
    return _spec(inputs, image=f"registry.example.com/main/shop:{rng.choice(['2.0.0', '2.1.0'])}")


def environment_added(inputs, rng):
    if "staging" in inputs.config["environments"]:
        return _config(inputs, "qa", {"cluster": "dev", "replicas": 1}, after="dev")
    return _config(inputs, "staging", STAGING, after="dev")


def environment_removed(inputs, rng):
    return _config(inputs, "staging", None) if "staging" in inputs.config["environments"] else None


def gateway(inputs, rng):
    if "http" not in _addons(inputs):
        return None
    environment = copy.deepcopy(inputs.config["environments"]["prod"])
    environment["http"] = {**environment.get("http", {}), "kind": "gateway", "namespace": "gateways"}
    return _config(inputs, "prod", environment)


def domain(inputs, rng):
    if "http" not in _addons(inputs):
        return None
    environment = copy.deepcopy(inputs.config["environments"]["dev"])
    environment["http"] = {
        **environment.get("http", {}),
        "domain": "dev2.example.com",
        "class": rng.choice(["nginx", "haproxy"]),
    }
    return _config(inputs, "dev", environment)


def engine(inputs, rng):
    changed = copy.deepcopy(inputs.config)
    changed["clusters"]["dev"]["engine"] = "flux"
    return replace(inputs, config=changed)


# What a newer version of a company's copy of the bundled blueprints changes: (file, text there, text instead).
BUMPS: tuple[tuple[str, str, str], ...] = (
    ("web/resources/deployment.yaml", "revisionHistoryLimit: 5", "revisionHistoryLimit: 3"),
    ("web/resources/deployment.yaml", "maxSurge: 25%", "maxSurge: 1"),
    ("web/resources/deployment.yaml", "  annotations:\n", "  annotations:\n    acme.example/owner: platform\n"),
    ("web/resources/service.yaml", "  type: ClusterIP", "  type: ClusterIP\n  internalTrafficPolicy: Cluster"),
    ("web/blueprint.yaml", "30 if env.production else 5", "20 if env.production else 8"),
    ("web/blueprint.yaml", "| max(300)", "| max(400)"),
    ("shared/pod.yaml", "enableServiceLinks: false", "enableServiceLinks: false\n  priorityClassName: acme-default"),
    ("shared/pod.yaml", "fsGroupChangePolicy: OnRootMismatch", "fsGroupChangePolicy: Always"),
    ("shared/poddisruptionbudget.yaml", "maxUnavailable: 1", "maxUnavailable: 25%"),
    ("shared/poddisruptionbudget.yaml", "\n  unhealthyPodEvictionPolicy: AlwaysAllow", ""),
    (
        "shared/serviceaccount.yaml",
        "automountServiceAccountToken: false",
        "automountServiceAccountToken: false\nimagePullSecrets:\n- name: acme-registry",
    ),
)


def bump(inputs, rng):
    texts = dict(inputs.bundle) or bundled_texts("web", "shared")
    changes = rng.sample(BUMPS, rng.randint(1, 4))
    done = 0
    for file, old, new in changes:
        if old in texts.get(file, ""):
            texts[file] = texts[file].replace(old, new, 1)
            done += 1
    if not done:
        return None
    for old, new in (("1.0.0", "1.1.0"),) if "version: 1.0.0" in texts["web/blueprint.yaml"] else (("1.1.0", "1.2.0"),):
        texts["web/blueprint.yaml"] = texts["web/blueprint.yaml"].replace(f"version: {old}", f"version: {new}")
    return replace(inputs, bundle=tuple(sorted(texts.items())))


SPEC_CHANGES = {
    each.__name__: each
    for each in (
        size, exact_size, size_of_prod, env_added, env_of_prod, env_changed, env_removed, secret, replicas, replicas_of_prod,
        autoscaling, autoscaling_removed, scaling, http, postgres, redis, egress, storage, port, host, probes, volume,
        volume_changed, dependency, language, image, environment_added, environment_removed, gateway, domain, engine, bump,
    )
}  # fmt: skip
WEIGHTS = {"bump": 6, "size": 2, "image": 2, "env_changed": 2, "env_added": 2}
