"""Every public address has one owner: two routes for the same one on a cluster take turns, or the older one wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.gitops.repository import Deployment, deployments
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.shape import items, text, text_items
from atmos_cli.kustomize.locate import locate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from atmos_cli.config import Config
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.resource import Resource
    from atmos_cli.kube.shape import Path
    from atmos_cli.kustomize.model import Built


class HostClaim(NamedTuple):
    """A host that an object lets in, the path below it, and where the host stands in the object."""

    host: str
    path: str
    at: Path


def hosts_taken(
    effective: Effective, config: Config, *, touched: Collection[Deployment] | None = None
) -> Iterator[Diagnostic]:
    """Yield an error for each host that two deployments of a cluster claim; only those of `touched` when given.

    Services of one team may share a host, each with a path of its own.
    """
    owners: dict[tuple[str, str], list[tuple[Deployment, str]]] = {}
    # What is there already comes first: the finding then is of what is new.
    for deployment in sorted(deployments(effective.tree), key=lambda each: each in (touched or ())):
        if deployment.environment not in config.environments:
            continue
        cluster = config.environments[deployment.environment].cluster
        for built, claim in _claims(effective, deployment):
            held = owners.setdefault((cluster, claim.host), [])
            for other, path in held:
                mine = touched is None or {other, deployment} & set(touched)
                if other != deployment and mine and (path == claim.path or other.team != deployment.team):
                    yield _finding(effective, built, claim, other, deployment, cluster)
                    break
            held.append((deployment, claim.path))


def claims_more(effective: Effective, before: Effective | None, touched: Collection[Deployment]) -> bool:
    """Say whether a deployment claims a host that it did not claim before."""
    for deployment in touched:
        now = {claim[:2] for _, claim in _claims(effective, deployment)}
        known = {claim[:2] for _, claim in _claims(before, deployment)} if before else set()
        if now - known:
            return True
    return False


def _claims(effective: Effective, deployment: Deployment) -> Iterator[tuple[Built, HostClaim]]:
    try:
        built = effective.of(deployment)
    except AtmosError:
        return  # the checks say why
    for each in built:
        yield from ((each, claim) for claim in claims_of(each.resource))


def claims_of(resource: Resource) -> Iterator[HostClaim]:
    """Yield each host and path by which an object lets traffic in."""
    group, kind = group_version(resource)[0], text(resource, "kind")
    if (group, kind) == ("networking.k8s.io", "Ingress"):
        for index, rule in items(resource, "spec", "rules"):
            at = ("spec", "rules", index, "host")
            paths = {text(each, "path") or "/" for _, each in items(rule, "http", "paths")} or {"/"}
            yield from (HostClaim(text(rule, "host"), path, at) for path in sorted(paths) if text(rule, "host"))
    elif group == "gateway.networking.k8s.io" and kind == "HTTPRoute":
        matches = (match for _, rule in items(resource, "spec", "rules") for _, match in items(rule, "matches"))
        paths = {text(match, "path", "value") or "/" for match in matches} or {"/"}
        for index, host in text_items(resource, "spec", "hostnames"):
            yield from (HostClaim(host, path, ("spec", "hostnames", index)) for path in sorted(paths))


def _finding(
    effective: Effective, built: Built, claim: HostClaim, first: Deployment, second: Deployment, cluster: str
) -> Diagnostic:
    there = f"{first.team}/{first.service}"
    there += f" in '{first.environment}'" if first.environment != second.environment else ""
    message = (
        f"the host {claim.host} of {second.team}/{second.service} is that of {there} already, on the same cluster"
        f" `{cluster}`"
    )
    hint = "take another host"
    if (first.team, first.service) == (second.team, second.service):
        hint = f"give it to one of them, under `environments.{first.environment}.hosts` of service.yaml"
    elif first.team == second.team:
        hint += ", or give one of the two a path of its own: `http: {path: /api}` under `addons`"
    where = locate(effective.tree, built, claim.at)
    return Diagnostic(Code.HOST_TAKEN, message, where=where, hint=hint, environment=second.environment)
