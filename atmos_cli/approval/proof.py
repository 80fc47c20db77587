"""Who said yes to an approval, as something outside of atmos proves it: SSH signatures, later a forge's review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.approval.model import Approval
    from atmos_cli.approval.roster import Roster


@dataclass(frozen=True, slots=True)
class Proof:
    """`key` is the fingerprint that verified over the approval's signed bytes; with a `problem` it proves nothing."""

    key: str
    problem: str = ""


class Prover(Protocol):
    """Finds the proofs of one approval. A forge's adapter would return the reviews of the change's head commit."""

    def __call__(self, approval: Approval, roster: Roster) -> Sequence[Proof]: ...
