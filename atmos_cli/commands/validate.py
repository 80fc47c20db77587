"""`atmos validate`: everything about the repo that can be known offline, as located findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli import __version__
from atmos_cli.adapters.bundle import versions
from atmos_cli.adapters.git import repo as repos
from atmos_cli.blueprint.nouns import unknown_nouns
from atmos_cli.budget.findings import claim_diagnostics
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail, in_order
from atmos_cli.engines.check import check_repo, trees
from atmos_cli.gitops.budget_files import budget_files
from atmos_cli.gitops.cluster_findings import cluster_findings
from atmos_cli.gitops.drift import quota_drift
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.freshness import setting_findings
from atmos_cli.gitops.guard import check
from atmos_cli.gitops.host_claims import hosts_taken
from atmos_cli.gitops.judging import Judged, judge
from atmos_cli.gitops.ownership import doubly_owned
from atmos_cli.gitops.pending import pending_updates
from atmos_cli.gitops.placeholders import placeholder_findings
from atmos_cli.gitops.repository import Deployment, Repository, deployments
from atmos_cli.gitops.states import States
from atmos_cli.gitops.team_findings import team_findings
from atmos_cli.gitops.tool_findings import tool_findings
from atmos_cli.spec.model import read_spec
from atmos_cli.yamlio.load import load_all
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.approval.coverage import Coverage
    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.config import Config
    from atmos_cli.ports import FileTree


@dataclass(frozen=True, slots=True)
class Validation:
    """`files` and `deployments` say how much was looked at, to tell "no findings" from "nothing seen"."""

    diagnostics: tuple[Diagnostic, ...]
    files: int
    deployments: int
    judged: Judged


def validate(
    repository: Repository,
    *,
    paths: Sequence[str] = (),
    base: str | None = None,
    faults: Sequence[Diagnostic] = (),
    check_generated: bool = False,
) -> Validation:
    """Check the whole repo; return its findings, or only those in `paths` (files or directories, from the root).

    `faults` is where the repo notes files that cannot be read, while they are looked at. `check_generated` makes an
    error of a spec or config that is not generated yet. `base` names the commit to trust, so that a change of
    `atmos-cli.yaml` cannot choose another; raises ATM610 when there is none of that name.
    """
    tree, config = repository.tree, repository.config
    yaml_files = [path for root in trees() for path in tree.files(root) if path.endswith((".yaml", ".yml"))]
    found: list[Diagnostic] = [d for path in yaml_files for d in _syntax(tree, path)]
    broken = {d.where.path for d in found if d.where}
    found += dict.fromkeys(_specs(repository, [path for path in yaml_files if path not in broken]))
    found += pending_updates(tree, config, repository.catalogue, strict=check_generated)
    states = States(repository.root, tree, branch=config.git.branch, base=base)
    effective = Effective(tree, builds=states.builds)
    everything = deployments(tree)
    for deployment in everything:
        if deployment.environment not in config.environments:
            found.append(_unknown_environment(deployment, config))
        else:
            found += check(effective, deployment, config=config)
            found += _requests(effective, deployment)
    found += _unseen(check_repo(tree), found)
    table = versions()
    found += setting_findings(effective, config, table, on=table.as_of)
    found += cluster_findings(tree, config, repository.catalogue.cluster_kinds)
    found += placeholder_findings(effective, config)
    found += team_findings(tree, config)
    found += tool_findings(tree, config, running=__version__, strict=check_generated)
    found += doubly_owned(effective, environments=list(config.environments))
    found += hosts_taken(effective, config)
    judged, budget_findings = _budgets(repository, states, base)
    found += [*budget_findings, *faults]
    kept = (d for d in found if not paths or (d.where and _inside(d.where.path, paths)))
    return Validation(in_order(kept), len(yaml_files), len(everything), judged)


def _unseen(repo: Sequence[Diagnostic], found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Leave out secrets of files whose very line is reported for an environment already."""
    seen = {(d.where.path, d.where.line) for d in found if d.where and d.code is Code.PLAIN_SECRET}
    for each in repo:
        if not (each.code is Code.PLAIN_SECRET and each.where and (each.where.path, each.where.line) in seen):
            yield each


def _syntax(tree: FileTree, path: str) -> Sequence[Diagnostic]:
    try:
        load_all(tree.read(path) or b"", path=path)
    except AtmosError as error:
        return error.diagnostics
    return ()


def _specs(repository: Repository, paths: Sequence[str]) -> Iterator[Diagnostic]:
    tree, catalogue = repository.tree, repository.catalogue
    for path in paths:
        steps = path.split("/")
        if len(steps) == 4 and steps[0] == "apps" and steps[3] == "service.yaml":
            try:
                data = tree.read(path) or b""
                spec = read_spec(data, path=path)
                for field, wrong in unknown_nouns(spec, catalogue):
                    yield replace(wrong, where=located(data, 0, (field,), file=path))
            except AtmosError as error:
                yield from error.diagnostics
                continue
            if spec.name != steps[2]:
                message = f"`{path}` describes `{spec.name}`, but its directory says `{steps[2]}`"
                where = Location(path, 1, 1, field="name")
                hint = "a rename is a new service: make it with `atmos new service`"
                yield Diagnostic(Code.SPEC_PATH_MISMATCH, message, where=where, hint=hint)


def _unknown_environment(deployment: Deployment, config: Config) -> Diagnostic:
    message = f"`{deployment.directory}` is for '{deployment.environment}', which atmos-cli.yaml does not have"
    where = Location(f"{deployment.directory}/kustomization.yaml", 1, 1)
    hint = f"environments are: {', '.join(config.environments)}"
    return Diagnostic(Code.ENVIRONMENT_UNKNOWN, message, where=where, hint=hint)


def _budgets(repository: Repository, states: States, base: str | None) -> tuple[Judged, list[Diagnostic]]:
    """Judge each environment by the base branch's budget: what is not on that branch yet may not be over it."""
    tree, config = repository.tree, repository.config
    if base and states.base is None:
        raise fail(
            Code.GIT_FAILED,
            f"there is no commit `{base}` to compare with",
            hint="`git fetch origin`; see `git branch -a`",
        )
    after = states.here()
    before, changed = _before(states)
    judged = judge(
        states,
        before=before,
        after=after,
        environments=tuple(config.environments),
        approvals=lambda rows: _approved(rows, after=after, before=before, root=repository.root, base=base),
        changed=(*changed, *after.snapshot.changed),
    )
    found = list(judged.diagnostics)
    for environment in config.environments:
        found += quota_drift(tree, environment, judged.budgets.get(environment))
        found += states.policy.own_problems(environment)
    return judged, [*found, *budget_files(tree, config)]


def _approved(rows: Sequence[LimitRow], **change: Any) -> Coverage:
    """Look for approvals only where something is over: most runs need none, and so nothing that reads them."""
    from atmos_cli.history.approvals import covered

    return covered(rows, **change)


def _before(states: States) -> tuple[Effective | None, tuple[str, ...]]:
    """Return where the checkout left the base branch, and what its commits changed since; nothing without Git."""
    head = repos.resolve(states.repo, "HEAD") if states.repo else None
    if states.repo is None or states.base is None or head is None:
        return None, ()
    commit = repos.merge_base(states.repo, states.base, head) or states.base
    return states.at(commit), repos.changed_paths(states.repo, commit, head)


def _requests(effective: Effective, deployment: Deployment) -> Sequence[Diagnostic]:
    try:
        claim = effective.claim(deployment)
    except AtmosError:
        return ()  # the checks and the budget say why
    where = f"{deployment.directory}/kustomization.yaml"
    return claim_diagnostics(claim, environment=deployment.environment, where=where)


def _inside(path: str, wanted: Sequence[str]) -> bool:
    return any(each in ("", ".") or path == each or path.startswith(f"{each}/") for each in wanted)
