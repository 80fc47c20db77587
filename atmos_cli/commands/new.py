"""`atmos new service`: from a sentence to a change that is validated, budgeted and ready to be written."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.blueprint.compose import compose
from atmos_cli.commands.approve import request_files
from atmos_cli.commands.budget import Pending, pending
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, errors, fail, in_order
from atmos_cli.foreign import shell
from atmos_cli.gitops.generate import Generated, generate, unfaithful
from atmos_cli.gitops.guard import Guarded, guard
from atmos_cli.gitops.intent import Flags, PlanRow, understand
from atmos_cli.gitops.repository import Deployment, Repository, config_of, open_repository, teams
from atmos_cli.gitops.states import States
from atmos_cli.gitops.suggestions import suggestion
from atmos_cli.gitops.write import Base, OvertakenError, Written, base_of, trailers, wait_to_try_again, write
from atmos_cli.history.approvals import ProposedChange, covered
from atmos_cli.history.trusted_base import trusted_base_of
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.resource import Resource
    from atmos_cli.spec.model import ServiceSpec

# What an approval can let pass.
BUDGET_CODES = frozenset({Code.BUDGET_EXCEEDED, Code.CLAIM_INDETERMINATE})
MOST_TRIES = 6


@dataclass(frozen=True, slots=True)
class NewPlan:
    """Everything that is known before anything is written; `again` plans anew from the repo as it is then."""

    repository: Repository
    config: Config
    spec: ServiceSpec
    team: str
    environments: tuple[str, ...]
    rows: tuple[PlanRow, ...]
    generated: Generated
    changes: ChangeSet
    guarded: Guarded
    base: Base
    mode: WriteMode
    branch: str
    again: Callable[[], NewPlan] = field(repr=False, compare=False)

    @property
    def exceeds(self) -> bool:
        """Return whether it is over a budget that an approval could allow, and nothing else is wrong."""
        found = errors(self.guarded.diagnostics)
        return bool(found) and all(each.code in BUDGET_CODES for each in found)

    @property
    def refused(self) -> bool:
        return bool(errors(self.guarded.diagnostics))

    @property
    def message(self) -> str:
        port = [f"port {self.spec.port.service}"] if self.spec.port else [self.spec.type]
        words = ", ".join([self.spec.language, *port, *sorted(self.spec.addons)])
        tags = next(iter(self.generated.compositions.values())).blueprints
        tail = trailers(
            {"Service": f"{self.team}/{self.spec.name}", "Blueprint": ", ".join(tags), "Version": __version__}
        )
        return f"Add the service {self.spec.name}\n\n{words}; in {', '.join(self.environments)}.\n\n{tail}\n"

    def next_steps(self) -> tuple[tuple[str, str], ...]:
        """Return what the developer does now, with real names: (topic, sentence)."""
        root = f"apps/{self.team}/{self.spec.name}"
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
        first = f"{root}/overlays/{self.environments[0]}/kustomization.yaml"
        if self.spec.image is None:
            steps["image", f"push your image, then put its name and tag into `images` of {first}"] = None
        else:
            steps["image", f"the next tag goes into `images[0].newTag` of {first}"] = None
        for composition in self.generated.compositions.values():
            for need in composition.needs:
                clusters = self.config.environments[composition.environment].cluster
                steps["needs", f"{need.provider} on cluster {clusters} (it serves {need.kind}.{need.group})"] = None
            for note in composition.notes:
                steps["note", note] = None
        return tuple(steps)


def open_requests(plan: NewPlan) -> tuple[Pending, ...]:
    """Return what other open branches would add; nothing where the plan is within its budget."""
    return pending(plan.repository, plan.environments, without=plan.branch) if plan.exceeds else ()


@dataclass(frozen=True, slots=True)
class NewOptions:
    """How the change is written; None takes the repo's default."""

    mode: WriteMode | None = None
    branch: str | None = None
    request_approval: bool = False


def plan_new(repository: Repository, text: str, flags: Flags, options: NewOptions) -> NewPlan:
    """Plan a new service. Raises AtmosError when the intent or the repo allows none; `guarded` has the findings."""
    mode = "branch" if options.request_approval else options.mode or repository.config.git.write
    base = base_of(repository.root, repository.tree, mode=mode, config=repository.config)
    config = config_of(base.tree) if mode == "branch" else repository.config
    team = _team(teams(base.tree), flags.team)
    environments = config.named(flags.environments)
    catalogue = repository.catalogue
    understood = understand(text, flags, config=config, catalogue=catalogue, team=team)
    spec = understood.spec
    generated = generate(spec, team=team, environments=environments, config=config, catalogue=catalogue)
    changes = ChangeSet(dict(generated.files), {path: base.tree.read(path) for path in generated.files})
    # after the existing files were read: a same service written meanwhile is seen now, or when this one is written
    _require_new(base, team, spec.name)
    states = States(repository.root, repository.tree, branch=config.git.branch)
    before = states.at(base.commit) if base.commit else states.here()
    after = states.changed(before, changes.files)
    touched = [Deployment(team, spec.name, environment) for environment in environments]
    _require_faithful(generated, after, touched)

    def make(other: ServiceSpec, environment: str) -> list[Resource]:
        made = compose(other, team=team, environment=environment, config=config, catalogue=catalogue)
        return [item.resource for item in made.resources]

    guarded = guard(
        after,
        touched=touched,
        before=before,
        environments=environments,
        changed=tuple(changes.files),
        earlier=states.earlier,
        fits=lambda judged: suggestion(
            spec, judged, make=lambda other: make(other, judged.environment), policy=states.policy
        ),
        approvals=lambda rows: covered(rows, after=after, before=before, root=repository.root, author=True),
    )
    if options.request_approval and {"over"} == {row.outcome for row in guarded.rows} & {"over", "denied"}:
        case = ProposedChange(
            trusted_base_of(repository.root, config.git.branch), guarded.rows, after, before, author=True
        )
        requests = request_files(case, touched)
        changes = ChangeSet({**changes.files, **requests}, changes.before)
    branch = options.branch or f"atmos/new-{spec.name}"
    return NewPlan(
        repository=repository,
        config=config,
        spec=spec,
        team=team,
        environments=environments,
        rows=understood.rows,
        generated=generated,
        changes=changes,
        guarded=guarded,
        base=base,
        mode=mode,
        branch=branch,
        again=lambda: plan_new(open_repository(repository.root, writes=True), text, flags, options),
    )


def execute_new(plan: NewPlan, *, pushes: bool = False, request_approval: bool = False) -> Written:
    """Write the plan, all or nothing. Raises AtmosError (exit 1) with the findings when the answer is no.

    When others push first, the change is made and judged again on top of theirs, a few times.
    """
    if plan.refused and not (plan.exceeds and request_approval):
        raise AtmosError(*errors(plan.guarded.diagnostics), exit_code=1)
    began = time.monotonic()
    for attempt in range(MOST_TRIES):
        try:
            return _write(plan, pushes=pushes)
        except OvertakenError:
            if attempt == MOST_TRIES - 1:
                raise
        wait_to_try_again(plan.repository.root, attempt, began)
        began = time.monotonic()
        plan = plan.again()
        if plan.refused:
            raise AtmosError(*(_no_longer(each) for each in errors(plan.guarded.diagnostics)), exit_code=1)
    raise AssertionError


def _no_longer(diagnostic: Diagnostic) -> Diagnostic:
    reason = "this change was good when it was checked, but others pushed first, and nothing is committed now"
    return replace(diagnostic, message=f"{reason}: {diagnostic.message}")


def _write(plan: NewPlan, *, pushes: bool) -> Written:
    return write(
        plan.repository.root,
        plan.changes,
        plan.message,
        mode=plan.mode,
        base=plan.base,
        branch=plan.branch,
        config=plan.config,
        pushes=pushes or plan.config.git.push,
    )


def _team(known: tuple[str, ...], wanted: str | None) -> str:
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted is None:
        hint = f"say which: {' or '.join(f'`--team {shell(name)}`' for name in known)}" if known else "run `atmos init`"
        raise fail(Code.TEAM_UNKNOWN, "this repo has several teams" if known else "this repo has no team", hint=hint)
    if wanted not in known:
        message = f"team `{wanted}` has no tenant in this repo"
        raise fail(Code.TEAM_UNKNOWN, message, hint=f"add it with `atmos init --team {shell(wanted)}`")
    return wanted


def _require_new(base: Base, team: str, name: str) -> None:
    if any(True for _ in base.tree.files(f"apps/{team}/{name}")):
        message = f"the service `{name}` exists already in apps/{team}/{name}"
        raise fail(Code.SERVICE_EXISTS, message, hint="choose another one with `--name`")


def _require_faithful(generated: Generated, after: Effective, touched: list[Deployment]) -> None:
    """Check, always, that the overlays build to what was composed: anything else is a bug of atmos, kept out of Git."""
    found: list[Diagnostic] = []
    for deployment in touched:
        composition = generated.compositions[deployment.environment]
        if place := unfaithful(composition, after.of(deployment)):
            message = f"the overlay of '{deployment.environment}' does not build to what was composed ({place})"
            found.append(Diagnostic(Code.BUG, message, hint="nothing was written; please report this"))
    if found:
        raise AtmosError(*in_order(found), exit_code=3)
