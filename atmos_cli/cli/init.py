"""`atmos init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from atmos_cli.cli.options import DryRun, Output, Write, Yes, confirm
from atmos_cli.engines import NAMES
from atmos_cli.output.json.envelope import answer


def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the GitOps repo is, or will be.")] = Path(),
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", help="An environment; repeat, in order of promotion.")
    ] = None,
    engine: Annotated[
        str, typer.Option(metavar=f"<{'|'.join(NAMES)}>", help="The engine of every cluster.")
    ] = "argocd",
    cluster_engine: Annotated[
        list[str] | None, typer.Option(metavar="CLUSTER=ENGINE", help="Another engine for one cluster.")
    ] = None,
    cluster: Annotated[
        list[str] | None, typer.Option(metavar="ENV=CLUSTER", help="The cluster of an environment (default: its name).")
    ] = None,
    kubernetes: Annotated[
        str, typer.Option(metavar="1.N", help="The Kubernetes version of the clusters (default: one with support).")
    ] = "",
    cluster_type: Annotated[
        list[str] | None,
        typer.Option(metavar="[CLUSTER=]TYPE", help="What a cluster is, such as gke or openshift; alone: all of them."),
    ] = None,
    kube_context: Annotated[
        list[str] | None,
        typer.Option(
            "--context",
            metavar="[CLUSTER=]CONTEXT",
            help="Ask the live cluster of a kubeconfig context what it is; only reads.",
        ),
    ] = None,
    team: Annotated[list[str] | None, typer.Option(help="A team that gets a tenant; may be repeated.")] = None,
    git_url: Annotated[str, typer.Option(help="Where the engines read the repo (default: the remote origin).")] = "",
    branch: Annotated[
        str, typer.Option(help="The branch that the engines follow (default: the one that the repo has, else main).")
    ] = "",
    forge: Annotated[
        str, typer.Option(metavar="<github|gitlab>", help="Whose pipelines to write (default: by the remote's host).")
    ] = "",
    registry: Annotated[
        str, typer.Option(help="Where images are, for services that name none.")
    ] = "registry.example.com",
    domain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ENV=]DOMAIN",
            help="Below which services are reached; alone: production's, and ENV.DOMAIN in the others.",
        ),
    ] = None,
    write: Write = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.init import InitOptions, execute_init, plan_init

    defaults = InitOptions()
    options = InitOptions(
        environments=tuple(env) if env else defaults.environments,
        engine=engine,
        engines=_pairs(cluster_engine),
        clusters=_pairs(cluster),
        kubernetes=kubernetes,
        types=_of_each(cluster_type),
        contexts=_of_each(kube_context),
        teams=tuple(team or ()),
        git_url=git_url,
        branch=branch,
        forge=forge,
        write=write or defaults.write,
        registry=registry,
        domains=_of_each(domain),
    )
    names = {"env": "environments", "cluster_engine": "engines", "cluster": "clusters", "team": "teams"} | {
        "kube_context": "context"
    }
    shaping = {
        "env",
        "engine",
        "cluster_engine",
        "cluster",
        "cluster_type",
        "kube_context",
        "kubernetes",
        "team",
        "git_url",
        "branch",
        "forge",
        "registry",
        "domain",
    }
    explicit = frozenset(
        names.get(name, name)
        for name in shaping
        if getattr(context.get_parameter_source(name), "name", "DEFAULT") == "COMMANDLINE"
    )
    plan = plan_init(directory.resolve(), options, explicit=explicit, mode=write, writes=not dry_run)
    written = None
    if plan.changes.files and not dry_run:
        if output == "text" and not yes:
            from atmos_cli.output.text.init import show_init

            show_init(plan, None)
        confirm(plan.question, yes=yes, output=output)
        written = execute_init(plan)
    if output == "json":
        from atmos_cli.output.json.change import init_data

        diagnostics = (*plan.notes, *(written.notes if written else ()))
        answer("init", data=init_data(plan, written), diagnostics=diagnostics)
    else:
        from atmos_cli.output.text.init import show_initialised

        show_initialised(plan, written)


def _of_each(texts: list[str] | None) -> tuple[tuple[str, str], ...]:
    """Return (name, value) of each; the name is empty where the value is for all."""
    parts = (text.partition("=") if "=" in text else ("", "", text) for text in texts or ())
    return tuple((name, value) for name, _, value in parts)


def _pairs(texts: list[str] | None) -> tuple[tuple[str, str], ...]:
    found = []
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"`{text}` must have the form NAME=VALUE")
        found.append((name, value))
    return tuple(found)
