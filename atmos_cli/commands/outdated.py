"""`atmos outdated`: what a repo has that is behind on a day, and which of it `atmos update` takes along."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.commands.update import plan_update
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.freshness import RETIRED, retired_classes, stale_clusters
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.kube.resource import pod_template
from atmos_cli.kube.shape import mappings, text
from atmos_cli.layout.pipelines import GITLAB
from atmos_cli.ports import MemoryTree
from atmos_cli.versions.judge import Stale, faults, known_image, stale_action, stale_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.service_update import ServiceUpdate
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import FileTree
    from atmos_cli.versions.table import VersionTable

WORKFLOWS = ".github/workflows"
_CONTAINERS = ("initContainers", "containers")


@dataclass(frozen=True, slots=True)
class Outdated:
    """One thing that is behind, at all its `places`; `carried` says that `atmos update` brings the wanted version."""

    stale: Stale
    places: tuple[str, ...]
    carried: bool


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is behind on the day `on`, by a table of `as_of`. `own`: what atmos itself would write that is behind.

    `updates` are what `atmos update` has beside versions; `problems` why services were left out of that. `by_version`:
    images of other people that stand in the repo without a digest, since the table has none of them.
    """

    on: str
    as_of: str
    found: tuple[Outdated, ...]
    updates: tuple[ServiceUpdate, ...]
    own: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    by_version: tuple[str, ...] = ()

    @property
    def behind(self) -> bool:
        return bool(self.found or self.updates or self.own)


def outdated(repository: Repository, *, on: str) -> Freshness:
    """Judge what the checkout holds by the day `on` (ISO 8601), and again with what an update would change."""
    table, tree = repository.catalogue.versions, repository.tree
    plan = plan_update(repository, (), UpdateOptions(mode="files", only_check=True))
    files = {path: data for each in plan.updates if not each.merged.conflicts for path, data in each.files.items()}
    now = Effective(tree)
    here = _stale(repository, now, table, on=on)
    later = _stale(repository, Effective(MemoryTree(files, tree), builds=now.builds), table, on=on)
    found = tuple(Outdated(stale, tuple(places), carried) for (stale, carried), places in _grouped(here, later).items())
    own, without_digest = tuple(faults(table, on=on)), tuple(sorted(set(_by_version(now, table))))
    return Freshness(on, table.as_of, found, plan.pending, own, plan.problems, without_digest)


def _grouped(
    here: dict[tuple[str, str], Stale], later: dict[tuple[str, str], Stale]
) -> dict[tuple[Stale, bool], list[str]]:
    found: dict[tuple[Stale, bool], list[str]] = {}
    for (place, what), stale in here.items():
        found.setdefault((stale, later.get((place, what)) != stale), []).append(place)
    return dict(sorted(found.items(), key=lambda each: (each[0][0].title, each[0][0].found, each[0][1])))


def _stale(
    repository: Repository, effective: Effective, table: VersionTable, *, on: str
) -> dict[tuple[str, str], Stale]:
    """Return what is behind by its place and by what it is there: the update may change the version, not these."""
    config = repository.config
    found = {(f"cluster {name}", ""): stale for name, stale in stale_clusters(config, table, on=on)}
    for name in retired_classes(effective, config, table, on=on):
        found[f"environment {name}", RETIRED] = _retired(table)
    for place, where, image in _images_in(effective):
        if stale := stale_image(table, image, on=on):
            found[place, where] = stale
    return found | dict(_actions(effective.tree, table, on=on))


def _by_version(effective: Effective, table: VersionTable) -> Iterator[str]:
    """Yield each image that the table knows and that has no digest, and that of the pipeline's jobs."""
    for _, _, image in _images_in(effective):
        if "@" not in image and known_image(table, image):
            yield image
    for line in (effective.tree.read(GITLAB) or b"").decode("utf-8", "replace").splitlines():
        key, _, image = line.strip().partition(": ")
        if key == "image" and "@" not in image:
            yield image


def _images_in(effective: Effective) -> Iterator[tuple[str, str, str]]:
    """Yield each image of a service, with the service's place and the place in it."""
    for deployment in effective.deployments():
        try:
            resources = [built.resource for built in effective.of(deployment)]
        except AtmosError:
            continue  # `validate` says why
        place = f"{deployment.team}/{deployment.service} in {deployment.environment}"
        for resource in resources:
            yield from ((place, where, image) for where, image in _images(resource))


def _retired(table: VersionTable) -> Stale:
    release = table.operators[RETIRED]
    [(name, series)] = release.series.items()
    why = f"is retired since {series.end}: take Gateway API or another controller"
    return Stale(release.title, series.newest or name, "", "ended", why, release.source)


def _images(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield each image that an object runs, with the place in it; also the one that it tells its operator."""
    who = f"{text(resource, 'kind')}/{text(resource, 'metadata', 'name')}"
    _, template = pod_template(resource) or ((), {})
    for kind in _CONTAINERS:
        for container in mappings(template, "spec", kind):
            yield f"{who}/{text(container, 'name')}", text(container, "image")
    for field in ("image", "imageName"):
        if image := text(resource, "spec", field):
            yield who, image


def _actions(tree: FileTree, table: VersionTable, *, on: str) -> Iterator[tuple[tuple[str, str], Stale]]:
    for path in tree.files(WORKFLOWS):
        for line in (tree.read(path) or b"").decode("utf-8", "replace").splitlines():
            name, version = _used(line)
            if name and (stale := stale_action(table, name, version, on=on)):
                yield (path, name), replace(stale, title=name)


def _used(line: str) -> tuple[str, str]:
    """Return the action that a line of a workflow names, and its version: the one in the comment beside a commit."""
    before, _, rest = line.strip().removeprefix("- ").strip().partition("uses:")
    reference, _, comment = rest.partition("#")
    name, _, version = reference.strip().strip("'\"").partition("@")
    said = comment.split()[:1]
    return ("", "") if before else (name, said[0] if said and said[0].startswith("v") else version)
