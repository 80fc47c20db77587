"""Names that belong to others where a team, service, environment or cluster would have one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.engines.registry import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# (pattern, whose it is); engines have more.
_OWNERS = (
    (r"default", "Kubernetes' own namespace has it, and other projects of that name"),
    (r"platform|root|atmos(-.*)?", "atmos gives it to objects of its own"),
    (r"kube(-.*)?|kubernetes", "Kubernetes keeps such names for itself"),
)
# A cluster or an environment may well be called so.
_OWNERS_OF_NAMESPACES = ((r"openshift(-.*)?", "OpenShift keeps such names for itself"),)


def owner_of(name: str) -> str:
    """Say whose the name is when it belongs to others, in words that follow it; empty when it is free."""
    owners = [*_OWNERS, *(owned for engine in ENGINES.values() for owned in engine.owned_names.items())]
    return _first(owners, name)


def owner_of_namespace(name: str) -> str:
    """Say whose the namespace is, or the first part of its name, a team, as `owner_of` does."""
    return owner_of(name) or _first(_OWNERS_OF_NAMESPACES, name)


def _first(owners: Iterable[tuple[str, str]], name: str) -> str:
    return next((words for pattern, words in owners if re.fullmatch(pattern, name)), "")


def require_free(what: str, names: Iterable[str], *, owner_of: Callable[[str], str] = owner_of) -> None:
    """Check that none of `names` belongs to somebody else. Raises ATM706 for each that does; `what` is `the team`."""
    found = [
        Diagnostic(Code.NAME_OWNED, f"{what} cannot be called `{name}`: {owner}", hint="choose another name")
        for name in names
        if (owner := owner_of(name))
    ]
    if found:
        raise AtmosError(*found)
