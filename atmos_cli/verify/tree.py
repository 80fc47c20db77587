"""The tree of one deployment's objects: what the engine applies, what that owns, each one's health, what is missing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.kube.engine_annotations import HOOKS
from atmos_cli.kube.shape import at, instant, mappings, number, text, who
from atmos_cli.verify.fields import annotation
from atmos_cli.verify.health import health_of
from atmos_cli.verify.look import NO_RULES, look_at
from atmos_cli.verify.masking import shown
from atmos_cli.verify.pods import REVISION
from atmos_cli.verify.seen import Health, Status
from atmos_cli.verify.tree_notes import containers_of, note_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import HealthRules, Look
    from atmos_cli.verify.model import Target
    from atmos_cli.verify.seen import ClusterSnapshot

DEEPEST = 8
WIDEST = 200
UNREAD = "not-read"
_FIRST = ("Deployment", "Rollout", "StatefulSet", "DaemonSet", "CronJob", "Job", "Cluster", "Pod", "Service")


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One object, or a container of a pod; `name` of several that are folded into one is such as `2 older`.

    `health.message` is why it is not healthy; `note` what people want to know beside that, such as `3 of 3 ready`.
    """

    kind: str
    name: str
    namespace: str
    health: Health
    note: str = ""
    children: tuple[TreeNode, ...] = ()


@dataclass(slots=True)
class _Forest:
    """Objects by owner; each is placed in the tree only once, so no loop of owners is ever walked twice."""

    look: Look
    owned: dict[str, list[Resource]]
    placed: set[str] = field(default_factory=set)


def tree(
    snapshot: ClusterSnapshot,
    *,
    target: Target,
    delivered: Health,
    pointers: Sequence[str],
    rules: HealthRules = NO_RULES,
) -> TreeNode:
    """Build the tree of the engine's object with everything below it; `delivered` is the health of that object.

    `pointers`: the kinds of such objects, first the one that should exist. `rules`: see `look_at`.
    Owners that do not exist, loops and endless chains of owners are shown flat below the root: nothing is lost.
    """
    look = look_at(snapshot, now=snapshot.at, rules=rules)
    forest = _Forest(look, _owned(snapshot.objects))
    live = {key_of(found): found for wanted in snapshot.wanted if (found := look.find(wanted)) is not None}
    forest.placed |= live.keys()
    sources = [_leaf(each, look) for each in snapshot.delivery if text(each, "kind") not in pointers]
    tops = [_below(found, forest, 1) for found in live.values()]
    tops += [_absent(wanted) for wanted in snapshot.wanted if look.find(wanted) is None and not _may_be_gone(wanted)]
    below = (*sources, *sorted(tops, key=_rank), *_strays(snapshot.objects, forest))
    return _root(snapshot, target, delivered, pointers, below)


def is_good(node: TreeNode) -> bool:
    return node.health.status is Status.CURRENT or node.health.code == UNREAD


def nodes(node: TreeNode) -> Iterator[TreeNode]:
    """Yield the node and all below it."""
    yield node
    for child in node.children:
        yield from nodes(child)


def key_of(resource: Resource) -> str:
    """Return the key of a live object: its uid, or its identity where a recording has none."""
    return text(resource, "metadata", "uid") or "\n".join(who(resource))


def _root(
    snapshot: ClusterSnapshot, target: Target, delivered: Health, pointers: Sequence[str], below: tuple[TreeNode, ...]
) -> TreeNode:
    pointer = next((each for each in snapshot.delivery if text(each, "kind") in pointers), None)
    if pointer is None:
        missing = delivered if delivered.status is not Status.CURRENT else Health(Status.MISSING, "does not exist")
        return TreeNode(
            kind=pointers[0], name=target.service, namespace=target.namespace, health=missing, note="", children=below
        )
    identity = who(pointer)
    return TreeNode(
        kind=identity.kind,
        name=shown(identity.name),
        namespace=shown(identity.namespace),
        health=_safe(delivered),
        note="",
        children=below,
    )


def _owned(objects: Iterable[Resource]) -> dict[str, list[Resource]]:
    """Return owner's key -> what it owns. An EndpointSlice without one goes to the Service that its label names."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    by_name: dict[tuple[str, str, str], str] = {}
    known = set()
    for each in objects:
        identity = who(each)
        known.add(key_of(each))
        by_name.setdefault((identity.kind, identity.namespace, identity.name), key_of(each))
    for each in objects:
        owner = _owner(each, known, by_name)
        if owner:
            found[owner].append(each)
    return found


def _owner(resource: Resource, known: set[str], by_name: dict[tuple[str, str, str], str]) -> str:
    space = text(resource, "metadata", "namespace")
    references = mappings(resource, "metadata", "ownerReferences")
    for reference in sorted(references, key=lambda each: at(each, "controller") is not True):
        uid = text(reference, "uid")
        owner = uid or by_name.get((text(reference, "kind"), space, text(reference, "name")), "")
        if owner in known:
            return owner
    if text(resource, "kind") == "EndpointSlice":
        service = text(resource, "metadata", "labels", "kubernetes.io/service-name")
        return by_name.get(("Service", space, service), "")
    return ""


def _below(resource: Resource, forest: _Forest, depth: int) -> TreeNode:
    """Build the node of an object and of what it owns that is not in the tree yet."""
    key, children = key_of(resource), []
    forest.placed.add(key)
    if depth < DEEPEST:
        mine = [each for each in forest.owned.get(key, ()) if key_of(each) not in forest.placed]
        # Claimed before any is walked: what two of them own goes to neither a second time.
        forest.placed |= {key_of(each) for each in mine}
        kept, folded = _folded(resource, mine)
        children = [_below(each, forest, depth + 1) for each in kept[:WIDEST]]
        children += folded + _more(kept)
    if text(resource, "kind") == "Pod":
        children += [
            TreeNode(kind=kind, name=name, namespace="", health=health, note=image)
            for kind, name, image, health in containers_of(resource)
        ]
    return replace(_leaf(resource, forest.look), children=tuple(children))


def _folded(owner: Resource, mine: list[Resource]) -> tuple[list[Resource], list[TreeNode]]:
    """Split into objects with a node each, newest ReplicaSet first, and one node for all old ones without pods."""
    sets = [each for each in mine if text(each, "kind") == "ReplicaSet"]
    others = sorted((each for each in mine if text(each, "kind") != "ReplicaSet"), key=who)
    sets.sort(key=_revision, reverse=True)
    newest = max(map(_revision, sets), default=0)
    old = [
        each
        for each in sets
        if _revision(each) < newest
        and not number(each, "spec", "replicas", default=1)
        and not number(each, "status", "replicas")
    ]
    kept = [each for each in sets if each not in old] + others
    if not old:
        return kept, []
    health = Health(Status.CURRENT, "scaled to 0")
    space = text(owner, "metadata", "namespace")
    return kept, [TreeNode("ReplicaSet", f"{len(old)} older", shown(space), health)]


def _more(kept: list[Resource]) -> list[TreeNode]:
    if len(kept) <= WIDEST:
        return []
    words = Health(Status.UNKNOWN, "too many to be shown", UNREAD)
    return [TreeNode(text(kept[-1], "kind"), f"{len(kept) - WIDEST} more", "", words)]


def _strays(objects: Iterable[Resource], forest: _Forest) -> list[TreeNode]:
    """Build the nodes of objects that no wanted one owns, loops of owners among them."""
    owned = {key_of(each) for mine in forest.owned.values() for each in mine}
    left = [each for each in objects if key_of(each) not in forest.placed]
    left.sort(key=lambda each: key_of(each) in owned)  # owners first, so that what they own is found below them
    found = [_below(each, forest, 1) for each in left if key_of(each) not in forest.placed]
    return sorted(found, key=_rank)[:WIDEST]


def _absent(wanted: Resource) -> TreeNode:
    identity = who(wanted)
    health = Health(Status.MISSING, "does not exist", "missing")
    if identity.kind == "Secret":
        health = Health(Status.UNKNOWN, "Secrets are not read", UNREAD)
    return TreeNode(identity.kind, shown(identity.name), shown(identity.namespace), health)


def _may_be_gone(wanted: Resource) -> bool:
    """Check for hooks, which the engine removes as it sees fit, and Jobs that are removed some time after they end."""
    if any(annotation(wanted, hook) for hook in HOOKS):
        return True
    return text(wanted, "kind") == "Job" and at(wanted, "spec", "ttlSecondsAfterFinished") is not None


def _leaf(resource: Resource, look: Look) -> TreeNode:
    identity = who(resource)
    name, space = shown(identity.name), shown(identity.namespace)
    return TreeNode(
        kind=shown(identity.kind),
        name=name,
        namespace=space,
        health=_safe(health_of(resource, look)),
        note=shown(note_of(resource)),
    )


def _safe(health: Health) -> Health:
    return replace(health, message=shown(health.message))


def _rank(node: TreeNode) -> tuple[int, str, str]:
    return _FIRST.index(node.kind) if node.kind in _FIRST else len(_FIRST), node.kind, node.name


def _revision(resource: Resource) -> float:
    said = annotation(resource, REVISION)
    if said.isascii() and said.isdigit() and len(said) < 12:
        return float(said)
    return instant(resource, "metadata", "creationTimestamp") / 1e12
