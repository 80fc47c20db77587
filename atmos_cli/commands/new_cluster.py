"""`atmos new cluster`: its block in `atmos-cli.yaml`, and what its engine starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.clusters.facts import NO_TYPE
from atmos_cli.clusters.presets import http_preset, preset, reasons_of
from atmos_cli.commands.changes import start_of
from atmos_cli.commands.cluster_version import default_version, require_version, version_notes
from atmos_cli.commands.init_clusters import require_type
from atmos_cli.commands.init_names import require_names
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.commands.places import SIDES, PlaceOptions, PlacePlan, planned, require_known, require_new, steps_between
from atmos_cli.config import FILE
from atmos_cli.diagnostics import Code, fail
from atmos_cli.engines.owned_names import require_free
from atmos_cli.engines.registry import ENGINES
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import cluster_like, set_block
from atmos_cli.gitops.repository import config_of
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.annotate import annotated

if TYPE_CHECKING:
    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.config import Config
    from atmos_cli.gitops.repository import Repository


@dataclass(frozen=True, slots=True)
class NewCluster:
    """What the flags say; an empty text where they say nothing."""

    name: str
    engine: str = ""
    kubernetes: str = ""
    like: str = ""
    cluster_type: str = ""


def plan_new_cluster(repository: Repository, wanted: NewCluster, options: PlaceOptions) -> PlacePlan:
    """Plan a cluster, still without environments. Raises AtmosError for what does not fit."""
    tree = tree_to_change(start_of(repository, mode=options.mode))
    config = config_of(tree)
    _require(config, wanted)
    data = tree.read(FILE) or b""
    kinds = catalogue(tree).cluster_kinds
    block = cluster_like(
        data, wanted.name, like=wanted.like, given=_given(config, wanted), of_type=_of_type(wanted, kinds)
    )
    text = set_block(data, ("clusters", wanted.name), block, after=wanted.like)
    files: dict[str, bytes | None] = {FILE: annotated(text, reasons_of({wanted.name: block.value}, kinds))}
    update_options = UpdateOptions(
        mode=options.mode,
        branch=options.branch or f"atmos/new-cluster-{wanted.name}",
        edited=files,
        ours=options.ours,
        theirs=options.theirs,
        subject=f"Add the cluster {wanted.name}",
        only_skeleton=True,
        with_skeleton=True,
    )
    update = planned(
        repository,
        (),
        update_options,
        command=_command(wanted),
        sides=SIDES,
        again=lambda fresh: plan_new_cluster(fresh, wanted, options),
    )
    steps = (
        *steps_between(config, config_of(MemoryTree(files, tree))),
        *block.doubts,
        *(f"{each.message}: {each.hint}" for each in version_notes(versions(), wanted.kubernetes)),
        f"put an environment on it: atmos new environment NAME --cluster {shell(wanted.name)}",
    )
    return PlacePlan("new", "cluster", wanted.name, update, block.rows, steps=steps)


def _of_type(wanted: NewCluster, kinds: ClusterKinds) -> dict[str, Any]:
    """Return what its type has; of a cluster without one, and like no other, only how traffic comes in."""
    if wanted.cluster_type:
        require_type(wanted.cluster_type, kinds)
        return preset(wanted.cluster_type, kinds).values
    return {} if wanted.like else http_preset(NO_TYPE, kinds).values


def _command(wanted: NewCluster) -> str:
    flags = {"engine": wanted.engine, "kubernetes": wanted.kubernetes, "like": wanted.like}
    flags["cluster-type"] = wanted.cluster_type
    words = [f"--{flag} {shell(value)}" for flag, value in flags.items() if value]
    return " ".join(("atmos new cluster", wanted.name, *words))


def _require(config: Config, wanted: NewCluster) -> None:
    require_names("the cluster", (wanted.name,))
    require_new("cluster", wanted.name, config.clusters)
    require_free("the cluster", (wanted.name,))
    if wanted.like:
        require_known("cluster", wanted.like, tuple(config.clusters))
    if wanted.engine and wanted.engine not in ENGINES:
        raise fail(Code.USAGE, f"there is no engine `{wanted.engine}`", hint=f"engines are: {', '.join(ENGINES)}")
    if wanted.kubernetes:
        require_version(versions(), wanted.kubernetes)


def _given(config: Config, wanted: NewCluster) -> dict[str, str]:
    """Return what the flags say, and for the first cluster of its kind what all others have."""
    used = sorted({each.engine for each in config.clusters.values()})
    engine = wanted.engine or ("" if wanted.like else used[0])
    if not wanted.engine and not wanted.like and len(used) > 1:
        hint = f"say which: {' or '.join(f'`--engine {each}`' for each in used)}, or `--like CLUSTER`"
        raise fail(Code.USAGE, "the clusters of this repo have several engines", hint=hint)
    version = wanted.kubernetes or ("" if wanted.like else default_version(versions()))
    return {key: each for key, each in (("engine", engine), ("kubernetes", version)) if each}
