"""What one tree will run and ask for, by deployment; each overlay is built once, when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters.claim_cache import ClaimCache
from atmos_cli.adapters.git.snapshots import Snapshot
from atmos_cli.budget.claim import Claim, claim
from atmos_cli.budget.prices import with_cost
from atmos_cli.gitops.builds import Build, Builds
from atmos_cli.gitops.policy import Policy
from atmos_cli.gitops.repository import Deployment, deployments
from atmos_cli.gitops.units import app_unit

if TYPE_CHECKING:
    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree


FEW = 20


class Effective:
    """`policy` says by whose budget claims are counted (default: that of the tree itself).

    A `snapshot` of the same tree and a `cache` make sums of a large repo cheap; `builds` are shared with other states.
    """

    def __init__(
        self,
        tree: FileTree,
        *,
        policy: Policy | None = None,
        snapshot: Snapshot | None = None,
        cache: ClaimCache | None = None,
        builds: Builds | None = None,
    ) -> None:
        self.tree = tree
        self.policy = policy or Policy(tree)
        self.snapshot = snapshot or Snapshot(tree)
        self.cache = cache or ClaimCache(None)
        self.builds = builds or Builds()
        self._built: dict[Deployment, Build] = {}
        self._deployments: tuple[Deployment, ...] | None = None
        self._there: frozenset[Deployment] | None = None
        self._asked = 0

    def deployments(self, environment: str | None = None) -> tuple[Deployment, ...]:
        """Return every overlay of every service, sorted; only those of `environment` when it is given."""
        if self._deployments is None:
            self._deployments = deployments(self.tree)
        return tuple(each for each in self._deployments if environment in (None, each.environment))

    def has(self, deployment: Deployment) -> bool:
        """Return whether there is this overlay. For a few of a large repo, their own directories alone are listed."""
        self._asked += 1
        if self._deployments is None and self._asked <= FEW:
            found = self.tree.files(deployment.directory)
            start = f"{deployment.directory}/kustomization."
            return any(path.startswith(start) and path.count("/") == 5 for path in found)
        if self._there is None:
            self._there = frozenset(self.deployments())
        return deployment in self._there

    def of(self, deployment: Deployment) -> tuple[Built, ...]:
        """Return the objects of an overlay. Raises AtmosError with positions when it cannot be built."""
        if deployment not in self._built:
            self._built[deployment] = self.builds.of(self.tree, app_unit(*deployment))
        return self._built[deployment].resources()

    def claim(self, deployment: Deployment) -> Claim:
        """Return what a deployment claims. Raises AtmosError when it cannot be built, or its budget cannot be read."""
        terms = self.policy.terms(deployment.environment)
        return claim([built.resource for built in self.of(deployment)], terms=terms)

    def total(self, deployment: Deployment) -> dict[str, Quantity]:
        """Return what it asks for, as its environment's budget counts it, and its cost where there are prices."""
        count = self.policy.budget(deployment.environment).count
        return with_cost(self.claim(deployment).total(count), self.policy.sheet)
