"""`atmos new service`: from a sentence to a change that is validated, budgeted and ready to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.blueprint.compose import compose
from atmos_cli.commands.budget import Pending, pending
from atmos_cli.commands.changes import Change, asking, judge, start_of
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail, in_order
from atmos_cli.engines.owned_names import require_free
from atmos_cli.foreign import shell
from atmos_cli.gitops.generate import Generated, generate, unfaithful
from atmos_cli.gitops.intent import Flags, PlanRow, understand
from atmos_cli.gitops.placeholders import Placeholder, fill_in, placeholders
from atmos_cli.gitops.repository import Deployment, Repository, open_repository, teams
from atmos_cli.gitops.suggestions import suggestion
from atmos_cli.gitops.write import Base, trailers
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.resource import Resource
    from atmos_cli.spec.model import ServiceSpec


@dataclass(frozen=True, slots=True)
class NewPlan:
    """Everything that is known before anything is written."""

    repository: Repository
    config: Config
    spec: ServiceSpec
    team: str
    environments: tuple[str, ...]
    rows: tuple[PlanRow, ...]
    generated: Generated
    change: Change

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Return what people have to fill in before the service can run and be reached."""
        return placeholders(self.change.after, self.config, self.change.touched)

    def next_steps(self) -> tuple[tuple[str, str], ...]:
        """Return what the developer does now, with real names: (topic, sentence)."""
        steps: dict[tuple[str, str], None] = {}
        for composition in self.generated.compositions.values():
            for link in composition.links:
                source = f"secret `{link.secret}`, key `{link.key}`" if link.secret else "set in the overlays"
                steps["read", f"{link.variable}: {link.summary} ({source})"] = None
        serves = next(iter(self.generated.compositions.values())).serves
        if serves == "port" and "http" not in self.spec.addons:
            steps["reach", f"inside the cluster only: http://{self.spec.name}.{self.team}-{self.environments[0]}"] = (
                None
            )
        deploy = f"atmos deploy {self.team}/{self.spec.name} --env {self.environments[0]} --image"
        if self.spec.image is None:
            steps["image", f"push your image, then: {deploy} NAME:TAG"] = None
        else:
            steps["image", f"the next one: {deploy} :TAG"] = None
        steps |= dict.fromkeys(("fill in", line) for line in fill_in(self.placeholders))
        for composition in self.generated.compositions.values():
            for need in composition.needs:
                clusters = self.config.environments[composition.environment].cluster
                steps["needs", f"{need.provider} on cluster {clusters} (it serves {need.kind}.{need.group})"] = None
            for note in composition.notes:
                steps["note", note] = None
        return tuple(steps)


def open_requests(plan: NewPlan) -> tuple[Pending, ...]:
    """Return what other open branches would add; nothing where the plan is within its budget."""
    return pending(plan.repository, plan.environments, without=plan.change.branch) if plan.change.exceeds else ()


@dataclass(frozen=True, slots=True)
class NewOptions:
    """How the change is written; None takes the repo's default."""

    mode: WriteMode | None = None
    branch: str | None = None
    request_approval: bool = False


def plan_new(repository: Repository, text: str, flags: Flags, options: NewOptions) -> NewPlan:
    """Plan a new service. Raises AtmosError when the intent or the repo does not allow it; findings are in `change`."""
    start = start_of(repository, mode="branch" if options.request_approval else options.mode)
    config = start.config
    team = team_of(teams(start.tree), flags.team)
    environments = config.named(flags.environments)
    catalogue = repository.catalogue
    understood = understand(text, flags, config=config, catalogue=catalogue, team=team)
    spec = understood.spec
    require_free("a service", (spec.name,))
    generated = generate(spec, team=team, environments=environments, config=config, catalogue=catalogue)
    changes = ChangeSet(dict(generated.files), {path: start.tree.read(path) for path in generated.files})
    # after what stands there was read: whoever wrote the same service meanwhile is seen now, or when it is written
    _require_new(start.base, team, spec.name)
    touched = [Deployment(team, spec.name, environment) for environment in environments]

    def make(other: ServiceSpec, environment: str) -> list[Resource]:
        made = compose(other, team=team, environment=environment, config=config, catalogue=catalogue)
        return [item.resource for item in made.resources]

    after, guarded = judge(
        start,
        changes,
        touched=touched,
        environments=environments,
        fits=lambda judged: suggestion(
            spec, judged, make=lambda other: make(other, judged.environment), policy=start.states.policy
        ),
    )
    _require_faithful(generated, after, touched)
    change = Change(
        start,
        changes,
        after,
        guarded,
        touched=tuple(touched),
        message=_message(spec, team, environments, generated),
        branch=options.branch or f"atmos/new-{spec.name}",
        again=lambda: plan_new(open_repository(repository.root, writes=True), text, flags, options).change,
    )
    change = asking(change) if options.request_approval else change
    rows = (*understood.rows, *_warnings(generated))
    return NewPlan(repository, config, spec, team, environments, rows, generated, change)


def _warnings(generated: Generated) -> Iterator[PlanRow]:
    """Find what the runtime will not work with: said before anything is written."""
    found = dict.fromkeys(text for each in generated.compositions.values() for text in each.warnings)
    yield from (PlanRow("warning", text, "what is known of the runtime") for text in found)


def _message(spec: ServiceSpec, team: str, environments: tuple[str, ...], generated: Generated) -> str:
    port = [f"port {spec.port.service}"] if spec.port else [spec.type]
    words = ", ".join([spec.language, *port, *sorted(spec.addons)])
    tags = next(iter(generated.compositions.values())).blueprints
    tail = trailers({"Service": f"{team}/{spec.name}", "Blueprint": ", ".join(tags), "Version": __version__})
    return f"Add the service {spec.name}\n\n{words}; in {', '.join(environments)}.\n\n{tail}\n"


def team_of(known: tuple[str, ...], wanted: str | None) -> str:
    """Return the team that is meant: `wanted`, or the only one there is. Raises AtmosError when that is not one."""
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        hint = f"say which: {' or '.join(f'`--team {shell(name)}`' for name in known)}" if known else "run `atmos init`"
        raise fail(Code.TEAM_UNKNOWN, "this repo has several teams" if known else "this repo has no team", hint=hint)
    if wanted not in known:
        message = f"team `{wanted}` has no tenant in this repo"
        raise fail(Code.TEAM_UNKNOWN, message, hint=f"add it with `atmos new team {shell(wanted)}`")
    return wanted


def _require_new(base: Base, team: str, name: str) -> None:
    if any(True for _ in base.tree.files(f"apps/{team}/{name}")):
        message = f"the service `{name}` exists already in apps/{team}/{name}"
        raise fail(Code.SERVICE_EXISTS, message, hint="choose another one with `--name`")


def _require_faithful(generated: Generated, after: Effective, touched: list[Deployment]) -> None:
    """Always on: an overlay that does not build to what was composed is a bug of atmos, and must not reach Git."""
    found: list[Diagnostic] = []
    for deployment in touched:
        composition = generated.compositions[deployment.environment]
        if place := unfaithful(composition, after.of(deployment)):
            message = f"the overlay of '{deployment.environment}' does not build to what was composed ({place})"
            found.append(Diagnostic(Code.BUG, message, hint="nothing was written; please report this"))
    if found:
        raise AtmosError(*in_order(found), exit_code=3)
