"""`atmos new service`: from a sentence to a change that is validated, budgeted and ready to be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.blueprint.compose import compose
from atmos_cli.commands.budget import Pending, pending
from atmos_cli.commands.changes import Change, asking, judge, start_of
from atmos_cli.commands.first_images import RollbackGate, with_first_images
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail, in_order
from atmos_cli.engines.owned_names import require_free
from atmos_cli.gitops.addresses import PublicAddress, inside_address, public_addresses
from atmos_cli.gitops.generate import Generated, generate, unfaithful
from atmos_cli.gitops.intent import understand
from atmos_cli.gitops.placeholders import Placeholder, fill_in, placeholders
from atmos_cli.gitops.plan_rows import PlanRow
from atmos_cli.gitops.repository import Deployment, Repository, open_repository, teams
from atmos_cli.gitops.secret_steps import secret_steps
from atmos_cli.gitops.suggestions import suggestion
from atmos_cli.gitops.write import Base, trailers
from atmos_cli.result import ChangeSet
from atmos_cli.spec.model import DEFAULT_PORT, read_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from atmos_cli.blueprint.compose import Needs
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.intent_flags import Flags
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import FileTree
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
    addresses: tuple[PublicAddress, ...] = ()

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
        filled = secret_steps(self.spec, team=self.team, environments=self.environments, config=self.config)
        steps |= dict.fromkeys(("secret", line) for line in filled)
        for each in self.addresses:
            steps["reach", f"{each.environment}: {each.url} ({each.entry}; {each.needs})"] = None
        if self.addresses:
            steps["dns", "each of these names needs a record that leads to the address of what serves it"] = None
        first = next(iter(self.generated.compositions.values()))
        inside = inside_address([item.resource for item in first.resources], service=self.spec.name)
        if inside and first.serves == "port" and "http" not in self.spec.addons:
            steps["reach", f"inside the cluster only: {inside}"] = None
        deploy = f"atmos deploy {self.team}/{self.spec.name} --env {self.environments[0]} --image"
        if self.spec.image is None:
            steps["image", f"push your image, then: {deploy} NAME:TAG"] = None
        else:
            steps["image", f"the next one: {deploy} :TAG"] = None
        steps |= dict.fromkeys(("fill in", line) for line in fill_in(self.placeholders))
        steps |= dict.fromkeys(("needs", line) for line in self._needs())
        notes = (note for composition in self.generated.compositions.values() for note in composition.notes)
        steps |= dict.fromkeys(("note", note) for note in notes)
        return tuple(steps)

    def _needs(self) -> Iterator[str]:
        """Say what must be installed, once for all clusters that need it."""
        clusters: dict[Needs, dict[str, None]] = {}
        for composition in self.generated.compositions.values():
            for need in composition.needs:
                clusters.setdefault(need, {})[self.config.environments[composition.environment].cluster] = None
        for need, names in clusters.items():
            where = f"cluster{'s' if len(names) > 1 else ''} {', '.join(names)}"
            yield f"{need.provider} on {where} (it serves {need.kind}.{need.group})"


def open_requests(plan: NewPlan) -> tuple[Pending, ...]:
    """Return what other open branches would add; nothing where the plan is within its budget."""
    return pending(plan.repository, plan.environments, without=plan.change.branch) if plan.change.exceeds else ()


@dataclass(frozen=True, slots=True)
class NewOptions:
    """How the change is written; None takes the repo's default.

    `force`: even with an image that was rolled back. `ask` puts a question with a choice to a person.
    """

    mode: WriteMode | None = None
    branch: str | None = None
    request_approval: bool = False
    force: bool = False
    ask: Callable[[str, Sequence[str]], str] | None = None


def plan_new(repository: Repository, text: str, flags: Flags, options: NewOptions) -> NewPlan:
    """Plan a new service. Raises AtmosError when the intent or the repo does not allow it; findings are in `change`."""
    start = start_of(repository, mode="branch" if options.request_approval else options.mode)
    config = start.config
    catalogue = repository.catalogue
    understood = understand(
        text,
        flags,
        config=config,
        catalogue=catalogue,
        teams=teams(start.tree),
        port_of=lambda team, service: _port_of(start.tree, team, service),
        ask=options.ask,
    )
    spec, team = understood.spec, understood.team
    environments = config.named(understood.environments)
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
    guarded, forced_by = with_first_images(
        start, after, guarded, touched=_with_images(spec, touched), rolled=RollbackGate(repository), force=options.force
    )
    _require_faithful(generated, after, touched)
    change = Change(
        start,
        changes,
        after,
        guarded,
        touched=tuple(touched),
        message=_message(spec, team, environments, generated, forced_by=forced_by),
        branch=options.branch or f"atmos/new-{spec.name}",
        again=lambda: plan_new(open_repository(repository.root, writes=True), text, flags, options).change,
    )
    change = asking(change) if options.request_approval else change
    addresses = tuple(
        public_addresses(
            spec,
            team=team,
            environments=environments,
            config=config,
            kinds=catalogue.cluster_kinds,
            versions=catalogue.versions,
        )
    )
    rows = (
        *understood.rows,
        *_warnings(generated),
        *(PlanRow("url", a.url, a.environment, f"{a.entry}; {a.needs}") for a in addresses),
    )
    return NewPlan(repository, config, spec, team, environments, rows, generated, change, addresses)


def _warnings(generated: Generated) -> Iterator[PlanRow]:
    """Find what the runtime will not work with: said before anything is written."""
    found = dict.fromkeys(text for each in generated.compositions.values() for text in each.warnings)
    yield from (PlanRow("warning", text, "what is known of the runtime") for text in found)


def _with_images(spec: ServiceSpec, touched: Iterable[Deployment]) -> tuple[Deployment, ...]:
    """Return where the service begins with an image that somebody named: nobody rolled back one that atmos made up."""
    own = {name for name, values in spec.environments.items() if values.image}
    return tuple(each for each in touched if spec.image or each.environment in own)


def _message(
    spec: ServiceSpec, team: str, environments: tuple[str, ...], generated: Generated, *, forced_by: str
) -> str:
    port = [f"port {spec.port.service}"] if spec.port else [spec.type]
    words = ", ".join([spec.language, *port, *sorted(spec.addons)])
    tags = next(iter(generated.compositions.values())).blueprints
    values = {"Service": f"{team}/{spec.name}", "Blueprint": ", ".join(tags)}
    tail = trailers({**values, **({"Forced-By": forced_by} if forced_by else {}), "Version": __version__})
    return f"Add the service {spec.name}\n\n{words}; in {', '.join(environments)}.\n\n{tail}\n"


def _port_of(tree: FileTree, team: str, service: str) -> int | None:
    """Return the port that clients of a service use; None where there is no such service, or none that can be read."""
    path = f"apps/{team}/{service}/service.yaml"
    data = tree.read(path)
    try:
        spec = read_spec(data, path=path) if data else None
    except AtmosError:
        return None
    return (spec.port or DEFAULT_PORT).service if spec else None


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
