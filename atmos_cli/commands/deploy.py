"""`atmos deploy`: the next image of a service, as the pipeline of an application puts it into the GitOps repo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.gitops.overlay_images import container_meant, images_of
from atmos_cli.gitops.repository import find_service, open_repository
from atmos_cli.history.gates import quarantine_findings
from atmos_cli.kube.image_reference import read_image
from atmos_cli.kustomize.images import split_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.commands.changes import Change, Start
    from atmos_cli.commands.image_changes import MovedImage, Wanted
    from atmos_cli.config import WriteMode
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.overlay_images import OverlayImages
    from atmos_cli.gitops.repository import Deployment, Repository


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """`images` as they are given: `NAME:TAG`, `:TAG`, `CONTAINER=NAME:TAG`. No `environments`: the first one."""

    service: str
    images: tuple[str, ...]
    allowing: Allowing
    environments: tuple[str, ...] = ()
    team: str | None = None
    mode: WriteMode | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """Everything that is known before anything is written; nothing `moved` where all of it runs already."""

    repository: Repository
    team: str
    service: str
    environments: tuple[str, ...]
    moved: tuple[MovedImage, ...]
    change: Change
    notes: tuple[Diagnostic, ...] = ()

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.repository.recovered, *self.notes, *self.change.guarded.diagnostics)


def plan_deploy(repository: Repository, ask: DeployRequest) -> DeployPlan:
    """Plan to deploy images. Raises AtmosError when they or the repo do not allow it; findings are in `change`."""
    return _planned(repository, ask, notes=seen(repository))


def _planned(repository: Repository, ask: DeployRequest, *, notes: tuple[Diagnostic, ...] = ()) -> DeployPlan:
    start = start_of(repository, mode="branch" if ask.allowing.request_approval else ask.mode)
    targets = _targets(start, ask)
    wanted = [_wanted(start, each, ask) for each in targets]
    changes = start.changes({each.images.path: each.data for each in wanted})
    team, service, _ = targets[0]
    environments = tuple(each.environment for each in targets)
    version = versions(image for each in wanted for image in each.wanted.values())
    change = change_of(
        start,
        changes,
        wanted=wanted,
        gates=_gates(start, wanted),
        allowed=ask.allowing,
        announced=Announced(
            f"Deploy {team}/{service} {version} to {', '.join(environments)}",
            ask.branch or branch_name("deploy", service, *environments, version),
        ),
        again=lambda: _planned(open_repository(repository.root, writes=True), ask).change,
    )
    moved = tuple(moved for each in wanted for moved in each.moved)
    return DeployPlan(repository, team, service, environments, moved, change, notes)


def _targets(start: Start, ask: DeployRequest) -> tuple[Deployment, ...]:
    found = find_service(start.tree, ask.service, team=ask.team)
    by_name = {each.environment: each for each in found}
    if not ask.environments:
        first = next((name for name in start.config.environments if name in by_name), None)
        if first is None:
            raise not_there(ask.service, "any environment of atmos-cli.yaml", found)
        return (by_name[first],)
    names = start.config.named(ask.environments)
    for name in names:
        if name not in by_name:
            raise not_there(ask.service, name, found)
    return tuple(by_name[name] for name in names)


def _wanted(start: Start, deployment: Deployment, ask: DeployRequest) -> WantedImages:
    """Raises AtmosError with all that is wrong with the images that are given."""
    images = images_of(start.tree, deployment)
    wanted: Wanted = {}
    problems: list[Diagnostic] = []
    for given in ask.images:
        try:
            _want(wanted, images, given, service=deployment.service)
        except AtmosError as error:
            problems += error.diagnostics
    if problems:
        raise AtmosError(*dict.fromkeys(problems))
    return WantedImages(deployment, images, wanted, images.with_images(wanted))


def _want(wanted: Wanted, images: OverlayImages, given: str, *, service: str) -> None:
    name, equals, text = given.partition("=")
    name, text = (name, text) if equals else ("", given)
    if not text.startswith((":", "@")):
        read_image(text)  # what is wrong with the image itself comes first
    container = container_meant(images, name, service=service)
    image = read_image(text, current=split_image(container.image).name)
    for other, known in wanted.items():
        if other.line == container.line and known != image:
            message = f"`{other.key.container}` and `{container.key.container}` run one image, and two are given for it"
            raise fail(Code.USAGE, message, hint=f"give one: `{images.called(container)}` in {images.path} moves both")
    wanted[container] = image


def _gates(start: Start, wanted: Sequence[WantedImages]) -> Iterator[Diagnostic]:
    for each in wanted:
        yield from quarantine_findings(start.states.repo, each.deployment, coming(each))
