"""What expressions see of a service in one environment, its overrides applied: `svc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.runtime import size_class
from atmos_cli.config import namespace
from atmos_cli.diagnostics import Code, fail
from atmos_cli.kube.quantity import parse
from atmos_cli.spec.model import Overrides, Resources, Scaling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.profiles import SizeTable
    from atmos_cli.blueprint.runtime import Runtime
    from atmos_cli.config import Config
    from atmos_cli.spec.model import Probe, ServiceSpec


def image_of(spec: ServiceSpec, *, team: str, environment: str, config: Config) -> str:
    """Return the image as `name:tag` or `name@digest`; without one, a placeholder in the configured registry."""
    overrides = spec.environments.get(environment, Overrides())
    return overrides.image or spec.image or f"{config.registry}/{team}/{spec.name}:0.1.0"


def made_up_image(spec: ServiceSpec, *, team: str, environment: str, config: Config) -> str:
    """Return the image that stands in for one that `spec` does not name; empty where it names one."""
    overrides = spec.environments.get(environment, Overrides())
    named = overrides.image or spec.image
    return "" if named else image_of(spec, team=team, environment=environment, config=config)


def service_facts(
    spec: ServiceSpec,
    overrides: Overrides,
    *,
    team: str,
    environment: str,
    config: Config,
    sizes: Mapping[str, SizeTable],
) -> dict[str, Any]:
    """Return what expressions see as `svc`, without what depends on its type and on other services."""
    size = overrides.size or spec.size
    resources = _resources(size, language=spec.language, table=sizes)
    scaling = overrides.scaling or spec.scaling
    replicas = overrides.replicas if overrides.replicas is not None else spec.replicas
    domain = config.environments[environment].http.domain
    hosts = overrides.hosts if overrides.hosts is not None else spec.hosts
    env = {**spec.env, **overrides.env}
    return {
        "name": spec.name,
        "type": spec.type,
        "language": spec.language,
        "framework": spec.framework or "",
        "team": team,
        "environment": environment,
        "namespace": namespace(team, environment),
        "image": image_of(spec, team=team, environment=environment, config=config),
        "replicas": replicas if replicas is not None else config.environments[environment].replicas,
        "replicas_given": replicas is not None,
        "scaling_given": scaling is not None,
        "scaling": (scaling or Scaling()).model_dump(),
        "hosts_given": bool(hosts),
        "hosts": list(hosts) or [f"{spec.name}.{domain}"],
        "env": [{"name": name, "value": env[name]} for name in sorted(env)],
        "variables": sorted({*env, *spec.secrets}),
        "secrets": [{"name": n, **spec.secrets[n].model_dump()} for n in sorted(spec.secrets)],
        "secret_names": sorted({secret.secret for secret in spec.secrets.values()}),
        "volumes": [{"name": n, **spec.volumes[n].model_dump()} for n in sorted(spec.volumes)],
        "mounts": sorted(volume.path for volume in spec.volumes.values()),
        "persistent": any(volume.kind == "persistent" for volume in spec.volumes.values()),
        "foreign": sorted(f"{d.team}/{d.service}" for d in spec.dependencies if d.team and d.team != team),
        "dependencies": [
            {**d.model_dump(), "team": d.team or team, "namespace": namespace(d.team or team, environment)}
            for d in spec.dependencies
        ],
        "probes": {
            "startup": _probe(spec.probes.startup),
            "readiness": _probe(spec.probes.readiness),
            "liveness": _probe(spec.probes.liveness),
        },
        "resources": resources,
        "size": size_class(size if isinstance(size, str) else None, resources["limits"]["memory"], sizes),
        "cores": max(1, -(-2 * parse(resources["requests"]["cpu"]).milli // 1000)),
        "addons": sorted(spec.addons),
    }


def _probe(probe: Probe) -> dict[str, Any]:
    return probe.model_dump()


def sizes_of(runtime: Runtime, spec: ServiceSpec, catalogue: Catalogue) -> Mapping[str, SizeTable]:
    """Return the table of sizes of a runtime. Raises ATM202 where there is none of its name."""
    table = catalogue.languages.sizes.get(runtime.sizes)
    if table is None:
        raise fail(
            Code.BLUEPRINT_INVALID, f"`languages.yaml` has no table of sizes `{runtime.sizes}` for {spec.language}"
        )
    return table


def _resources(size: str | Resources, *, language: str, table: Mapping[str, SizeTable]) -> dict[str, Any]:
    if isinstance(size, Resources):
        limits = {"memory": size.memory_limit or size.memory}
        if size.cpu_limit:
            limits["cpu"] = size.cpu_limit
        return {"requests": {"cpu": size.cpu, "memory": size.memory}, "limits": limits}
    if size not in table:
        raise fail(Code.BLUEPRINT_INVALID, f"`languages.yaml` has no size `{size}` for {language}")
    row = table[size]
    return {"requests": {"cpu": row.cpu, "memory": row.memory}, "limits": {"memory": row.memory}}
