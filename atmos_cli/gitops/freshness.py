"""What of a repo's settings is behind on a day: the Kubernetes of its clusters, and who serves its Ingresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.shape import text
from atmos_cli.versions.judge import stale_kubernetes
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.config import Config, Environment
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.resource import Resource
    from atmos_cli.versions.judge import Stale
    from atmos_cli.versions.table import VersionTable

RETIRED, RETIRED_CLASS = "ingress-nginx", "nginx"


def setting_findings(effective: Effective, config: Config, table: VersionTable, *, on: str) -> Iterator[Diagnostic]:
    """Yield a warning, located in `atmos-cli.yaml`, of what has no support on the day `on`, or is not known."""
    data = effective.tree.read(FILE) or b""
    for name, stale in stale_clusters(config, table, on=on):
        message = f"cluster `{name}` runs Kubernetes {stale.found}, which {stale.why}"
        hint = "upgrade atmos, or correct it" if stale.fault == "unknown" else f"upgrade it, to {stale.wanted} say"
        where = located(data, 0, ("clusters", name, "kubernetes"), file=FILE)
        yield Diagnostic(
            Code.KUBERNETES_VERSION, message, Severity.WARNING, where=where, hint=f"{hint}: {stale.source}"
        )
    retired = table.operators.get(RETIRED)
    for name in retired_classes(effective, config, table, on=on):
        end = next(iter(retired.series.values())).end if retired else ""
        message = (
            f"Ingresses of '{name}' have the class `{RETIRED_CLASS}`: {RETIRED} serves it, which is retired since {end}"
        )
        hint = f"take Gateway API or another controller; say `environments.{name}.http.controller` if it is another one"
        where = located(data, 0, ("environments", name, "http", "class"), file=FILE)
        yield Diagnostic(Code.CONTROLLER_RETIRED, message, Severity.WARNING, where=where, hint=hint, environment=name)


def stale_clusters(config: Config, table: VersionTable, *, on: str) -> Iterator[tuple[str, Stale]]:
    """Yield each cluster whose Kubernetes has no support any more, or is not known."""
    for name, cluster in config.clusters.items():
        if stale := stale_kubernetes(table, cluster.kubernetes, on=on):
            yield name, stale


def retired_classes(effective: Effective, config: Config, table: VersionTable, *, on: str) -> Iterator[str]:
    """Yield the environments in which some service is reached through a class that a retired controller serves."""
    kinds = catalogue(effective.tree).cluster_kinds
    for name in config.environments:
        built = (resource for each in effective.deployments(name) for resource in _of(effective, each))
        if retired_since(name, config, kinds, table, on=on) and any(map(_is_of_class, built)):
            yield name


def retired_since(environment: str, config: Config, kinds: ClusterKinds, table: VersionTable, *, on: str = "") -> str:
    """Return the day on which what serves the class `nginx` there was retired; empty where it is cared for on `on`."""
    retired = table.operators.get(RETIRED)
    if retired is None or not all(series.ended(on or table.as_of) for series in retired.series.values()):
        return ""
    if not _may_be_retired(config, config.environments[environment], kinds):
        return ""
    return next(iter(retired.series.values())).end or ""


def _may_be_retired(config: Config, environment: Environment, kinds: ClusterKinds) -> bool:
    """Say whether no controller is named that serves this class and is cared for."""
    cluster = config.clusters[environment.cluster].http
    named = environment.http.controller or (cluster.controller if cluster else None)
    row = kinds.controllers.get(named or "")
    return row is None or row.title == RETIRED or row.class_name != RETIRED_CLASS or "ingress" not in row.kinds


def _of(effective: Effective, deployment: Deployment) -> list[Resource]:
    try:
        return [built.resource for built in effective.of(deployment)]
    except AtmosError:
        return []  # `validate` says why


def _is_of_class(resource: Resource) -> bool:
    if text(resource, "kind") != "Ingress" or group_version(resource)[0] != "networking.k8s.io":
        return False
    annotation = text(resource, "metadata", "annotations", "kubernetes.io/ingress.class")
    return RETIRED_CLASS in (text(resource, "spec", "ingressClassName"), annotation)
