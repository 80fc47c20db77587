"""What `deploy` and `promote` have in common: images that move, what is against that, the commit that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.adapters.git import repo as repos
from atmos_cli.commands.changes import Change, asking, judge
from atmos_cli.diagnostics import AtmosError, Code, errors, fail, in_order
from atmos_cli.gitops.guard import Guarded
from atmos_cli.gitops.overlay_images import containers_of, require_moved
from atmos_cli.gitops.write import trailers
from atmos_cli.history.gates import passed
from atmos_cli.history.rollback_base import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from atmos_cli.commands.changes import Start
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.overlay_images import ContainerImage, OverlayImages
    from atmos_cli.gitops.repository import Deployment, Repository
    from atmos_cli.kube.image_reference import ImageReference
    from atmos_cli.result import ChangeSet

Wanted = dict["ContainerImage", "ImageReference"]
MOST_OF_A_NAME = 60


@dataclass(frozen=True, slots=True)
class MovedImage:
    """Containers of one deployment that one line of its overlay moves from one image to another, all together."""

    environment: str
    containers: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WantedImages:
    """What a deployment is to run: `images` as its overlay is now, `wanted` what is to change, `data` the new file."""

    deployment: Deployment
    images: OverlayImages
    wanted: Wanted
    data: bytes

    @property
    def moved(self) -> tuple[MovedImage, ...]:
        found: dict[int | str, MovedImage] = {}
        for container, image in self.wanted.items():
            if container.image != str(image):
                names = tuple(dict.fromkeys(each.key.container for each in self.images.together(container)))
                found[container.line] = MovedImage(self.deployment.environment, names, container.image, str(image))
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Announced:
    """How a change of images is told to Git: the subject of its commit, and the branch where it is to be one."""

    subject: str
    branch: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Allowing:
    """What a person allows: to pass gates, to replace objects, and a branch over a budget that asks for approval."""

    force: bool = False
    allow_replace: bool = False
    request_approval: bool = False


def seen(repository: Repository) -> tuple[Diagnostic, ...]:
    """Take in what `origin` knows of commits and verdicts; a warning where it cannot be asked."""
    repo = repos.open_repo(repository.root)
    return tuple(follow(repo, repository.config.git.branch)) if repo else ()


def change_of(
    start: Start,
    changes: ChangeSet,
    *,
    wanted: Sequence[WantedImages],
    gates: Iterable[Diagnostic],
    allowed: Allowing,
    announced: Announced,
    again: Callable[[], Change],
) -> Change:
    """Return the change, judged: by checks and budgets, and by `gates`; a passed gate stands in the commit.

    Raises ATM513 when the files would not run what is wanted.
    """
    touched = tuple(each.deployment for each in wanted)
    if not changes.files:
        return Change(start, changes, start.before, Guarded(), touched, announced.subject, announced.branch, again)
    names = tuple(dict.fromkeys(each.environment for each in touched))
    after, guarded = judge(start, changes, touched=touched, environments=names, allow_replace=allowed.allow_replace)
    for each in wanted:
        try:
            built = after.of(each.deployment)
        except AtmosError:
            continue  # the findings say why
        require_moved(each.images, each.wanted, containers_of(built))
    found = tuple(gates)
    forced = allowed.force and bool(errors(found))
    told = passed(found) if forced else found
    guarded = replace(guarded, diagnostics=in_order((*guarded.diagnostics, *told)))
    message = _message(start, wanted, announced, forced=forced)
    change = Change(start, changes, after, guarded, touched, message, announced.branch, again)
    return asking(change) if allowed.request_approval else change


def coming(each: WantedImages) -> tuple[str, ...]:
    """Return the images that are not running there yet."""
    now = {container.image for container in each.images.containers}
    return tuple(sorted({str(image) for image in each.wanted.values()} - now))


def versions(images: Iterable[ImageReference]) -> str:
    """Return what people call these images: `1.4.2`; each once, in their order."""
    return ", ".join(dict.fromkeys(image.version for image in images))


def branch_name(*words: str) -> str:
    """Return the name of a branch that says what it is for, of what Git takes."""
    name = re.sub(r"[^A-Za-z0-9-]+", lambda found: "." if found[0] == "." else "-", "-".join(words))[:MOST_OF_A_NAME]
    return f"atmos/{name.removesuffix('.lock').strip('.-')}"


def not_there(service: str, environment: str, found: Sequence[Deployment], *, what: str = "") -> AtmosError:
    """Return the error for an environment that a service is not in."""
    there = ", ".join(each.environment for each in found)
    message = f"`{service}` is not in {environment}" + (f", so {what}" if what else "")
    return fail(Code.ENVIRONMENT_UNKNOWN, message, hint=f"it is in: {there}")


def _message(start: Start, wanted: Sequence[WantedImages], announced: Announced, *, forced: bool) -> str:
    first = wanted[0].deployment
    images = dict.fromkeys(moved.after for each in wanted for moved in each.moved)
    tail: dict[str, str] = {
        "Service": f"{first.team}/{first.service}",
        "Environment": ", ".join(each.deployment.environment for each in wanted),
        "Image": ", ".join(images),
    }
    if forced and start.mode != "files":
        tail["Forced-By"] = who(start)
    body = f"{announced.body}\n\n" if announced.body else ""
    return f"{announced.subject}\n\n{body}{trailers({**tail, 'Version': __version__})}\n"


def who(start: Start) -> str:
    """Return who makes the change, as its commit names them."""
    repo = repos.open_repo(start.repository.root)
    name, mail = repos.identity(repo) if repo else ("somebody", "unknown")
    return f"{name} <{mail}>"
