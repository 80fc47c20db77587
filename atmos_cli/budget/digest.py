"""What an approval is bound to: digests of exactly what was asked for, and of the budget that it was asked of."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.budget.claim import Claim, ClaimLine
    from atmos_cli.kube.quantity import Quantity

SCHEMA = "atmos-cli.dev/claim/v1"


def claim_digest(claim: Claim, *, environment: str, cluster: str, team: str, service: str) -> str:
    """Return `sha256:<hex>` of what `service` asks for in `environment`, and of nothing else.

    Images, labels, annotations and the order of objects do not enter, so a new version of the same size needs no new
    approval; any other amount, number of pods, object or place does.
    """
    value = {
        "schema": SCHEMA,
        "environment": environment,
        "cluster": cluster,
        "team": team,
        "service": service,
        "lines": sorted((_line(line) for line in claim.lines), key=canonical),
    }
    return f"sha256:{hashlib.sha256(canonical(value).encode()).hexdigest()}"


def budget_digest(data: bytes) -> str:
    """Return `sha256:<hex>` of a budget file, whatever its comments. Raises AtmosError when it is no YAML."""
    return f"sha256:{hashlib.sha256(canonical(load(data)).encode()).hexdigest()}"


def canonical(value: Any) -> str:
    """Return JSON with sorted keys and no blanks, in ASCII: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def exact(amount: Quantity) -> str:
    """Return a quantity in its base unit as a plain decimal, without exponent: `1.1`, `671088640`."""
    sign, nano = ("-" if amount.nano < 0 else ""), abs(amount.nano)
    fraction = f"{nano % 10**9:09d}".rstrip("0")
    return f"{sign}{nano // 10**9}{'.' + fraction if fraction else ''}"


def _line(line: ClaimLine) -> dict[str, Any]:
    return {
        "object": [line.resource.group, line.resource.kind, line.resource.namespace, line.resource.name],
        "pods": [line.pods.steady, line.pods.peak, line.pods.rollout],
        "each": _amounts(line.each),
        "fixed": _amounts(line.fixed),
        "unknown": line.unknown,
    }


def _amounts(amounts: Mapping[str, Quantity]) -> dict[str, str]:
    return {name: exact(amount) for name, amount in amounts.items() if amount.nano}
