"""The proofs of an approval that work offline: its SSH signatures, verified by ssh-keygen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters.ssh import verify
from atmos_cli.approval.model import NAMESPACE, signed_bytes
from atmos_cli.approval.proof import Proof

if TYPE_CHECKING:
    from atmos_cli.approval.model import Approval
    from atmos_cli.approval.roster import Roster


def ssh_proofs(approval: Approval, roster: Roster) -> tuple[Proof, ...]:
    """Verify each signature of `approval`: one proof for each, good or with the reason why it is not. A `Prover`."""
    data = signed_bytes(approval)
    keys = {key.fingerprint: key.key for person in roster.people.values() for key in person.keys}
    found = []
    for each in approval.signatures:
        key, problem = verify(data, each.signature, keys=keys, namespace=NAMESPACE)
        if not problem and key != each.key:
            problem = f"a signature says it is by {each.key}, and is by {key}"
        found.append(Proof(key, problem))
    return tuple(found)
