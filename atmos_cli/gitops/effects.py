"""What a change of the repo does in each deployment that it touches, said and judged before it lands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Diagnostic, in_order
from atmos_cli.effects.consequences import consequences
from atmos_cli.effects.refusals import by_identity, refusals, replacements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.effects.model import Effect
    from atmos_cli.effects.refusals import BuiltObjects
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Deployment


@dataclass(frozen=True, slots=True)
class Effects:
    """`of` has what happens in each deployment, `diagnostics` what is refused. `unknown`: what cannot be built."""

    of: Mapping[Deployment, tuple[Effect, ...]]
    diagnostics: tuple[Diagnostic, ...]
    unknown: tuple[Deployment, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """Return one line for each thing that happens to a service, with all environments where it does."""
        found: dict[tuple[str, str], list[str]] = {}
        for deployment, effects in self.of.items():
            service = f"{deployment.team}/{deployment.service}"
            for each in effects:
                found.setdefault((service, each.text), []).append(deployment.environment)
        lines = [f"{', '.join(places)}  {service}  {said}" for (service, said), places in found.items()]
        return (*lines, *(f"{each.environment}  {each.team}/{each.service}  cannot be built" for each in self.unknown))


def effects_of(
    before: Effective,
    after: Effective,
    touched: Iterable[Deployment],
    *,
    allow_replace: bool = False,
    may_go: Collection[Deployment] = (),
    takes_back: bool = False,
    renamed: Mapping[tuple[str, str], tuple[DeclaredRename, ...]] | None = None,
) -> Effects:
    """Return what happens in each of `touched`, and what is refused. `renamed`: by team and service.

    `may_go`: what may end with its data; whoever removes it has asked already. `takes_back`: an earlier change is
    undone, see `refusals`; whoever undoes it has asked about data already.
    """
    of: dict[Deployment, tuple[Effect, ...]] = {}
    found: list[Diagnostic] = []
    unknown: list[Deployment] = []
    for deployment in dict.fromkeys(touched):
        try:
            old = _objects(before, deployment) if before.has(deployment) else {}
            new = _objects(after, deployment) if after.has(deployment) else {}
        except AtmosError:
            unknown.append(deployment)  # the checks say why
            continue
        may = allow_replace or deployment in may_go
        pairs = (renamed or {}).get((deployment.team, deployment.service), ())
        then, now = ({who: each.resource for who, each in side.items()} for side in (old, new))
        of[deployment] = consequences(then, now, renamed=pairs)
        place = deployment.environment
        found += refusals(old, new, tree=after.tree, environment=place, allow_replace=may, takes_back=takes_back)
        found += replacements(
            old, new, tree=before.tree, environment=place, allow_replace=may or takes_back, renamed=pairs
        )
    return Effects(of, in_order(found), tuple(unknown))


def _objects(effective: Effective, deployment: Deployment) -> BuiltObjects:
    return by_identity(effective.of(deployment))
