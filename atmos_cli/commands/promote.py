"""`atmos promote`: what runs and was found good in one environment comes into the next one, and nothing else of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.git import repo as repos
from atmos_cli.checks.images import is_placeholder
from atmos_cli.commands.changes import start_of
from atmos_cli.commands.image_changes import (
    Allowing,
    Announced,
    WantedImages,
    branch_name,
    change_of,
    coming,
    not_there,
    seen,
    versions,
)
from atmos_cli.config import FILE, namespace
from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.gitops.guard import made_up_in
from atmos_cli.gitops.overlay_images import images_of
from atmos_cli.gitops.repository import config_of, find_service, open_repository
from atmos_cli.history.gates import Candidate, promotion_findings, quarantine_findings
from atmos_cli.kube.image_reference import ImageReference
from atmos_cli.kube.resource import pod_template
from atmos_cli.kube.shape import mappings
from atmos_cli.kustomize.images import split_image
from atmos_cli.layout.ownership import CONTAINER_LISTS
from atmos_cli.layout.replica_entries import carried_replicas
from atmos_cli.verify.changes import field_changes, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.commands.changes import Change, Start
    from atmos_cli.commands.image_changes import MovedImage, Wanted
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.overlay_images import OverlayImages
    from atmos_cli.gitops.repository import Deployment, Repository
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import Clock
    from atmos_cli.promotion import Promotion


@dataclass(frozen=True, slots=True)
class PromoteRequest:
    """From `source` (None: as the config says, or the environment before) to `target`."""

    service: str
    target: str
    allowing: Allowing
    source: str | None = None
    team: str | None = None
    mode: WriteMode | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class PromotePlan:
    """Everything that is known before anything is written.

    `moved`: images that travel, none where all of them run already; `replicas`: numbers that do, (workload, before,
    after); `differs`: what else the two have different and keep, from the source's value to the target's.
    """

    repository: Repository
    source: Deployment
    target: Deployment
    version: str
    moved: tuple[MovedImage, ...]
    replicas: tuple[tuple[str, int, int], ...]
    differs: tuple[str, ...]
    change: Change
    notes: tuple[Diagnostic, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.repository.recovered, *self.notes, *self.change.guarded.diagnostics)


def plan_promote(repository: Repository, ask: PromoteRequest, *, clock: Clock) -> PromotePlan:
    """Plan a promotion. Raises AtmosError when there is nothing that could be promoted; gates stand in `change`."""
    return _planned(repository, ask, clock=clock, notes=seen(repository))


def _planned(
    repository: Repository, ask: PromoteRequest, *, clock: Clock, notes: tuple[Diagnostic, ...] = ()
) -> PromotePlan:
    start = start_of(repository, mode="branch" if ask.allowing.request_approval else ask.mode)
    asked = _asked(start, ask.target)
    source, target = _ends(start, ask, asked)
    there, here = images_of(start.tree, source), images_of(start.tree, target)
    _require_real(there, source, target, made_up=made_up_in(start.tree, source, start.config))
    wanted = _wanted(there, here, source, target)
    carry = asked.carry if asked else ()
    replicas, edits = carried_replicas(there.data, here.data) if "replicas" in carry else ((), ())
    promoted = WantedImages(target, here, wanted, here.with_images(wanted, also=edits))
    traveling = {key.key: each for key, each in wanted.items()}
    version = versions(
        [each for key, each in traveling.items() if key.container == key.workload == target.service]
        or traveling.values()
    )
    candidate = Candidate(
        source, target.environment, version, frozenset(each.image for each in there.containers), _tip(start)
    )
    change = change_of(
        start,
        start.changes({here.path: promoted.data}),
        wanted=[promoted],
        gates=_gates(start, promoted, candidate, asked, now=clock.now()),
        allowed=ask.allowing,
        announced=Announced(
            f"Promote {target.team}/{target.service} {version} from {source.environment} to {target.environment}",
            ask.branch or branch_name("promote", target.service, target.environment, version),
        ),
        again=lambda: _planned(open_repository(repository.root, writes=True), ask, clock=clock).change,
    )
    differs = _differences(start, change, source, target)
    return PromotePlan(repository, source, target, version, promoted.moved, replicas, differs, change, notes)


def _asked(start: Start, environment: str) -> Promotion | None:
    """What the target asks for, by the base branch: a change could open its own gates. A new one says it itself."""
    start.config.named((environment,))
    tree = start.states.policy.tree
    trusted: Config = config_of(tree) if tree.read(FILE) is not None else start.config
    return (trusted.environments.get(environment) or start.config.environments[environment]).promotion


def _ends(start: Start, ask: PromoteRequest, asked: Promotion | None) -> tuple[Deployment, Deployment]:
    name = ask.source or (asked.source if asked else "") or _before(start.config, ask.target)
    start.config.named((name,))
    if name == ask.target:
        raise fail(Code.USAGE, f"`{name}` cannot be promoted to itself", hint="name another one with `--from ENV`")
    found = find_service(start.tree, ask.service, team=ask.team)
    by_name = {each.environment: each for each in found}
    for environment in (name, ask.target):
        if environment not in by_name:
            what = "there is nothing to promote" if environment == name else ""
            raise not_there(ask.service, environment, found, what=what)
    return by_name[name], by_name[ask.target]


def _before(config: Config, target: str) -> str:
    names = list(config.environments)
    number = names.index(target)
    if number == 0:
        others = ", ".join(f"`--from {each}`" for each in names[1:])
        message = f"`{target}` is the first environment of {FILE}, so nothing says where versions come from"
        raise fail(Code.USAGE, message, hint=f"say it: {others}" if others else "there is no other environment")
    return names[number - 1]


def _require_real(images: OverlayImages, source: Deployment, target: Deployment, *, made_up: str) -> None:
    """What still has the image that atmos made up never ran."""
    for each in images.containers:
        if is_placeholder(each.image, made_up):
            message = (
                f"`{each.key.container}` has the placeholder image {each.image[:120]} in {source.environment}, "
                f"so nothing ever ran there that could come to {target.environment}"
            )
            hint = f"atmos deploy {source.team}/{source.service} --env {source.environment} --image NAME:TAG"
            raise fail(Code.IMAGE_PLACEHOLDER, message, hint=hint, where=Location(images.path))


def _wanted(there: OverlayImages, here: OverlayImages, source: Deployment, target: Deployment) -> Wanted:
    """What each container of the target that the source has, too, is to run."""
    known = {each.key: each.image for each in there.containers}
    lines: dict[int | str, str] = {}
    wanted: Wanted = {}
    for each in here.containers:
        image = known.get(each.key)
        if image is None:
            continue
        if lines.setdefault(each.line, image) != image:
            message = (
                f"one entry of `images` (`{here.called(each)}`) moves several containers in {target.environment}, "
                f"which run different images in {source.environment}"
            )
            hint = f"give them names of their own in {here.path}, as they have in {there.path}"
            raise fail(Code.IMAGES_ELSEWHERE, message, hint=hint, where=Location(here.path))
        name, tag, digest = split_image(image)
        wanted[each] = ImageReference(name, tag, digest)
    return wanted


def _gates(
    start: Start, promoted: WantedImages, candidate: Candidate, asked: Promotion | None, *, now: float
) -> Iterator[Diagnostic]:
    repo = start.states.repo
    yield from quarantine_findings(repo, promoted.deployment, coming(promoted))
    yield from promotion_findings(repo, candidate, asked, now=now)


def _tip(start: Start) -> str | None:
    if start.base.commit:
        return start.base.commit
    return repos.head(start.states.repo).commit if start.states.repo else None


def _differences(start: Start, change: Change, source: Deployment, target: Deployment) -> tuple[str, ...]:
    """In sentences, what the two will still have different: env values, replicas, resources, sizes."""
    try:
        before = [_in_no_namespace(each.resource, source) for each in start.before.of(source)]
        after = [_in_no_namespace(each.resource, target) for each in change.after.of(target)]
    except AtmosError:
        return ()  # the findings say why it cannot be built
    return tuple(dict.fromkeys(says(each) for each in field_changes(before, after)))


def _in_no_namespace(resource: Resource, deployment: Deployment) -> Resource:
    """The namespace differs by definition, also where another field names it; no `env` is one without an entry."""
    own = namespace(deployment.team, deployment.environment)
    made: Resource = _without(copy.deepcopy(resource), own)
    made["metadata"].pop("namespace", None)
    _, template = pod_template(made) or ((), {})
    for field in CONTAINER_LISTS:
        for container in mappings(template, "spec", field):
            container.setdefault("env", [])
    return made


def _without(value: Any, own: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, own) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, own) for item in value]
    return "NAMESPACE" if value == own else value
