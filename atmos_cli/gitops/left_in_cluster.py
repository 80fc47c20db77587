"""What stays in a cluster when an engine removes a service, what goes with its data, and how to remove the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError
from atmos_cli.engines.registry import ENGINES
from atmos_cli.foreign import shell
from atmos_cli.kube.kept import DATA_KINDS, STATEFUL_SET
from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.resource import identity
from atmos_cli.kube.shape import mappings, strings, text, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.config import Config
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.spec.model import ServiceSpec


@dataclass(frozen=True, slots=True)
class LeftObject:
    """One thing that outlives the service in its cluster, and the command that removes it for good."""

    environment: str
    what: str
    why: str
    command: str


@dataclass(frozen=True, slots=True)
class LeftInCluster:
    """`stays` is for a person to remove, later; `lost` goes with its data; `unknown`: what cannot be built."""

    stays: tuple[LeftObject, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()


def left_in_cluster(effective: Effective, deployments: Iterable[Deployment], config: Config) -> LeftInCluster:
    """Say what the engines leave behind, and what they delete with data in it, when these deployments go."""
    stays: list[LeftObject] = []
    lost: list[tuple[str, str]] = []
    unknown: list[tuple[str, str]] = []
    for deployment in deployments:
        where = deployment.environment
        if where not in config.environments:
            continue
        try:
            resources = [each.resource for each in effective.of(deployment)]
        except AtmosError as error:
            unknown.append((where, error.diagnostics[0].message))
            continue
        for resource in resources:
            for found in _left(resource, deployment, config):
                if isinstance(found, LeftObject):
                    stays.append(found)
                else:
                    lost.append((where, found))
    return LeftInCluster(tuple(stays), tuple(lost), tuple(unknown))


def left_secrets(
    spec: ServiceSpec, others: Iterable[ServiceSpec], deployments: Iterable[Deployment], config: Config
) -> tuple[LeftObject, ...]:
    """Return the Secrets that people made for a service, as its spec names them, and that no other of its team uses."""
    used = {each.secret for other in others for each in other.secrets.values()}
    made = {name for name in (each.secret for each in spec.secrets.values()) if name not in used}
    why = "a Secret that the spec names, and that nothing in Git makes"
    return tuple(
        LeftObject(each.environment, f"Secret/{name}", why, delete_command(config, each, "secret", name))
        for each in deployments
        if each.environment in config.environments
        for name in sorted(made)
    )


def delete_command(config: Config, deployment: Deployment, kind: str, name: str) -> str:
    """Return the kubectl command that deletes an object of a deployment."""
    cluster = config.environments[deployment.environment].cluster
    context = config.clusters[cluster].context or cluster
    where = namespace(deployment.team, deployment.environment)
    return f"kubectl --context {shell(context)} -n {where} delete {kind} {shell(name)}"


def _left(resource: Resource, deployment: Deployment, config: Config) -> Iterator[LeftObject | str]:
    key = identity(resource)
    kept = _is_kept(resource, config.engine(deployment.environment))
    if (key.group, key.kind) in DATA_KINDS:
        if not kept:
            yield str(key)
            return
        yield _object(deployment, key, _why(key), config)
    elif (key.group, key.kind) == STATEFUL_SET:
        if text(resource, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") == "Delete" and not kept:
            yield from (f"claims {name} of {key}" for name in _claims(resource))
            return
        for name in _claims(resource):
            command = delete_command(config, deployment, "persistentvolumeclaim", name)
            why = "a volume, which outlives its StatefulSet"
            yield LeftObject(deployment.environment, f"PersistentVolumeClaim/{name}", why, command)
    elif kept:
        yield _object(deployment, key, "its annotation keeps it", config)


def _is_kept(resource: Resource, engine: str) -> bool:
    annotation, value = ENGINES[engine].keeps
    written = strings(resource, "metadata", "annotations").get(annotation, "")
    return bool(annotation) and value in [each.strip() for each in written.split(",")]


def _object(deployment: Deployment, key: Identity, why: str, config: Config) -> LeftObject:
    kind = f"{key.kind.lower()}{f'.{key.group}' if key.group else ''}"
    return LeftObject(deployment.environment, str(key), why, delete_command(config, deployment, kind, key.name))


def _why(key: Identity) -> str:
    row = OPERATED.get((key.group, key.kind))
    if row is None:
        return "a volume with its data" if key.kind == "PersistentVolumeClaim" else "data"
    return f"{row.data}, with its volumes and Secrets"


def _claims(resource: Resource) -> Iterator[str]:
    """Yield the names of a StatefulSet's claims."""
    name: Any = text(resource, "metadata", "name")
    count = whole(resource, "spec", "replicas")
    for template in mappings(resource, "spec", "volumeClaimTemplates"):
        yield from (
            f"{text(template, 'metadata', 'name')}-{name}-{index}" for index in range(1 if count is None else count)
        )
