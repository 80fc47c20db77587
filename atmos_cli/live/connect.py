"""Connections to a cluster, the hub of its engine and its metrics server, made from the configuration."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.adapters.kubernetes.kubeconfig import Access
    from atmos_cli.adapters.prometheus import PrometheusClient
    from atmos_cli.gitops.trusted import Trusted
    from atmos_cli.ports import ClusterApi, Metrics


@dataclass(frozen=True, slots=True)
class ClusterConnection:
    """The servers of one cluster. Use it in a `with`, which closes the connections to all of them.

    `hub`: where its engine runs; the same as `cluster` without one of its own. `metrics`: None when not configured.
    """

    cluster: ClusterApi
    hub: ClusterApi
    metrics: Metrics | None = None
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to all servers."""
        self._open.close()


def connect(trusted: Trusted, cluster: str, *, environ: Mapping[str, str] = os.environ) -> ClusterConnection:
    """Prepare connections to the servers of `cluster` in atmos-cli.yaml; asks none of them yet.

    Raises ATM810 when no kubeconfig knows it, ATM813 when its Prometheus needs a token that `environ` lacks, and ATM817
    for a login that only the change would have.
    """
    from atmos_cli.adapters.kubernetes.client import ClusterClient

    trusted.require(cluster)
    settings = trusted.config.clusters[cluster]
    problems: list[Diagnostic] = []
    access = _access(trusted, cluster, settings.context or cluster, "context", environ, problems)
    hub = _access(trusted, cluster, settings.hub, "hub", environ, problems) if settings.hub else None
    secret = _secret(trusted, cluster, environ, problems)
    if problems or access is None:
        raise AtmosError(*problems)
    with ExitStack() as stack:
        client = stack.enter_context(ClusterClient(access, name=f"cluster `{cluster}`"))
        at_hub = stack.enter_context(ClusterClient(hub, name=f"the hub of cluster `{cluster}`")) if hub else client
        metrics = stack.enter_context(_prometheus(trusted, cluster, secret)) if settings.prometheus else None
        return ClusterConnection(client, at_hub, metrics, stack.pop_all())


def metrics_of(trusted: Trusted, cluster: str, *, environ: Mapping[str, str] = os.environ) -> PrometheusClient:
    """Prepare the metrics client of `cluster`, as `connect`; without metrics, raises ATM813 with the lines to add."""
    trusted.require(cluster)
    problems: list[Diagnostic] = []
    secret = _secret(trusted, cluster, environ, problems)
    if trusted.config.clusters[cluster].prometheus is None:
        raise no_metrics(cluster, base=trusted.base)
    if problems:
        raise AtmosError(*problems)
    return _prometheus(trusted, cluster, secret)


def no_metrics(cluster: str, *, base: str = "") -> AtmosError:
    """Return the error ATM813, which says what to write into atmos-cli.yaml, and on which branch."""
    where = f"atmos-cli.yaml on {base}" if base else "atmos-cli.yaml"
    hint = f"below `clusters.{cluster}` in {where}: `prometheus: {{url: https://prometheus.example.com}}`"
    return fail(Code.METRICS_UNCONFIGURED, f"atmos does not know where cluster `{cluster}` has its metrics", hint=hint)


def _access(
    trusted: Trusted, cluster: str, context: str, name: str, environ: Mapping[str, str], problems: list[Diagnostic]
) -> Access | None:
    """Return how to reach the API server of `context`; None after adding the reason to `problems`."""
    from atmos_cli.adapters.kubernetes.kubeconfig import IN_CLUSTER, access, in_cluster, read_kubeconfig

    setting = f"clusters.{cluster}.{name}"
    try:
        kubeconfig = read_kubeconfig(environ)
        asked = context == IN_CLUSTER and context not in kubeconfig.contexts
        # Without a kubeconfig, and with one cluster only, there is no other that we could be inside of.
        alone = not kubeconfig.files and len(trusted.config.clusters) == 1 and name == "context"
        inside = in_cluster(environ) if asked or alone else None
        if asked and inside is None:
            message = f"`{setting}` is `{IN_CLUSTER}`, but this is no pod with a service account"
            raise fail(Code.CLUSTER_UNCONFIGURED, message, hint="name a kubeconfig context instead")
        if inside is not None:
            return inside
        found = access(kubeconfig, context, setting=setting)
    except AtmosError as error:
        problems.extend(error.diagnostics)
        return None
    refused = trusted.context_problem(cluster, name, context)
    problems.extend([refused] if refused else [])
    return None if refused else found


def _secret(trusted: Trusted, cluster: str, environ: Mapping[str, str], problems: list[Diagnostic]) -> str:
    settings = trusted.config.clusters[cluster].prometheus
    variable = settings.token_env if settings else ""
    refused = trusted.variable_problem(cluster, variable) if variable else None
    if refused:
        problems.append(refused)
        return ""
    if variable and not environ.get(variable):
        message = f"the Prometheus of cluster `{cluster}` needs a token, and `{variable}` is not set"
        hint = f"export {variable}=TOKEN, or correct `clusters.{cluster}.prometheus.tokenEnv` in atmos-cli.yaml"
        problems.append(Diagnostic(Code.METRICS_UNCONFIGURED, message, hint=hint))
    return environ.get(variable, "").strip() if variable else ""


def _prometheus(trusted: Trusted, cluster: str, secret: str) -> PrometheusClient:
    from atmos_cli.adapters.prometheus import PrometheusClient

    settings = trusted.config.clusters[cluster].prometheus
    if settings is None:
        raise no_metrics(cluster)
    return PrometheusClient(settings.url, secret=secret, tenant=settings.tenant)
