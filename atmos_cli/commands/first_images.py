"""What keeps an image out of a new overlay: that it was rolled back, as with `deploy` and `promote`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.commands.image_changes import seen, who
from atmos_cli.diagnostics import AtmosError, errors, in_order
from atmos_cli.gitops.overlay_images import containers_of
from atmos_cli.history.gates import passed, quarantine_findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.commands.changes import Start
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.guard import Guarded
    from atmos_cli.gitops.repository import Deployment, Repository


@dataclass(slots=True)
class RollbackGate:
    """What is known of rollbacks. `origin` is asked for those of others, once and only where an image is looked up.

    `notes`: why it could not be asked.
    """

    repository: Repository
    notes: tuple[Diagnostic, ...] = ()
    _asked: bool = field(default=False)

    def __call__(self, deployment: Deployment, images: Iterable[str]) -> tuple[Diagnostic, ...]:
        """Return ATM830 for each of `images` that was rolled back in a deployment, with the reason."""
        if not self._asked:
            self._asked = True
            self.notes = seen(self.repository)
        return tuple(quarantine_findings(repos.open_repo(self.repository.root), deployment, images))


def with_first_images(
    start: Start,
    after: Effective,
    guarded: Guarded,
    *,
    touched: Iterable[Deployment],
    rolled: RollbackGate,
    force: bool,
) -> tuple[Guarded, str]:
    """Return what was found with what is against the images of new overlays, and who forced them ("": nobody)."""
    new = [each for each in touched if after.has(each) and not start.before.has(each)]
    found = tuple(problem for each in new for problem in rolled(each, _images(after, each)))
    forced = force and bool(errors(found))
    told = (*(passed(found) if forced else found), *rolled.notes)
    guarded = replace(guarded, diagnostics=in_order((*guarded.diagnostics, *told)))
    return guarded, who(start) if forced and start.mode != "files" else ""


def _images(after: Effective, deployment: Deployment) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(containers_of(after.of(deployment)).values()))
    except AtmosError:
        return ()  # the findings say why
