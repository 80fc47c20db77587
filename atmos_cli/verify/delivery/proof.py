"""The result that both engines share once a commit has arrived: the proof by live objects, and the words for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.verify.delivery.applied import Drift, applied
from atmos_cli.verify.fields import counted
from atmos_cli.verify.seen import Arrival, Delivery

if TYPE_CHECKING:
    from atmos_cli.verify.seen import ClusterSnapshot

# The API server answers so until the manifest changes. A missing namespace, kind or right may still be added.
DETERMINISTIC = re.compile(
    r"\bis invalid: |field is immutable|Invalid value|\(Invalid\)|app path does not exist|no such file or directory"
    r"|kustomize build|Manifest generation error|helm template|field not declared in schema|strict decoding error",
    re.IGNORECASE,
)


def arrived(snapshot: ClusterSnapshot, revision: str, *, code: str = "arrived", message: str) -> Delivery:
    """Return ARRIVED, with the code `arrived-drifting` when live objects do not have all that is wanted."""
    drift = applied(snapshot) if snapshot.objects else ()
    if drift and code == "arrived":
        words = f"{message}, but live objects differ from it: {listed(drift)}"
        return Delivery(Arrival.ARRIVED, "arrived-drifting", words, revision)
    return Delivery(Arrival.ARRIVED, code, message, revision)


def listed(drift: tuple[Drift, ...]) -> str:
    """Name the first three of the fields that differ."""
    rest = f" and {counted(len(drift) - 3, 'other field')}" if len(drift) > 3 else ""
    return ", ".join(str(item) for item in drift[:3]) + rest


def short(revision: str) -> str:
    """Shorten a commit as people write it: to 7 digits."""
    return revision[:7] or "no commit"
