"""One approval as a reviewable file: `platform/approvals/<environment>/<service>/<16 hex of the claim>.yaml`."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from atmos_cli.approval.instants import seconds
from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.documents import Strict, read_model
from atmos_cli.kube.quantity import parse
from atmos_cli.yamlio.emit import emit

DIRECTORY = "platform/approvals"
NAMESPACE = "atmos-cli-approval"  # what a signature is for: one made for anything else proves nothing here
_MOST_SIGNATURES = 32

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
Armour = Annotated[
    str,
    StringConstraints(
        pattern=r"^-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{1,8000}\n-----END SSH SIGNATURE-----\n?$"
    ),
]


class Exceeded(Strict):
    """One limit that the change passes, with the sum as it was when the approval was asked for."""

    scope: Line
    dimension: Line
    limit: Line
    after: Line


class Signature(Strict):
    """`key` is the fingerprint of the signing key, for readers; what counts is the key that verifies `signature`."""

    key: Annotated[str, StringConstraints(pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")]
    signature: Armour


class Approval(Strict):
    """`grants` is what the service may ask for (as the budget counts it), `exceeds` what makes that a question."""

    version: Literal[1] = 1
    environment: Label
    team: Label
    service: Label
    claim_digest: Digest
    budget_digest: Digest
    grants: dict[Line, str] = Field(min_length=1)
    exceeds: list[Exceeded] = Field(min_length=1)
    requested_by: Annotated[str, StringConstraints(pattern=r"^[^\s<>@]{1,64}@[^\s<>@]{1,255}$")]
    reason: Line | None = None
    created_at: str
    expires_at: str
    signatures: list[Signature] = Field(default=[], max_length=_MOST_SIGNATURES)

    @field_validator("created_at", "expires_at")
    @classmethod
    def _is_an_instant(cls, value: str) -> str:
        seconds(value)
        return value

    @field_validator("grants")
    @classmethod
    def _are_quantities(cls, value: dict[str, str]) -> dict[str, str]:
        for amount in value.values():
            try:
                parse(amount.split(" ")[0])
            except AtmosError as error:
                raise ValueError(error.diagnostics[0].message) from None
        return value

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Approval:
        if self.expires <= self.created:
            raise ValueError("`expiresAt` is not after `createdAt`")
        return self

    @property
    def created(self) -> int:
        return seconds(self.created_at)

    @property
    def expires(self) -> int:
        return seconds(self.expires_at)

    @property
    def subject(self) -> str:
        return f"{self.team}/{self.service} in '{self.environment}'"


def approval_path(environment: str, service: str, claim_digest: str) -> str:
    return f"{DIRECTORY}/{environment}/{service}/{claim_digest.removeprefix('sha256:')[:16]}.yaml"


def is_approval_path(path: str) -> bool:
    return re.fullmatch(rf"{DIRECTORY}/[^/]+/[^/]+/[^/]+\.ya?ml", path) is not None


def read_approval(data: bytes, *, path: str) -> Approval:
    """Read an approval; raises ATM420 with positions if malformed, or if it lies elsewhere than its content says."""
    approval = read_model(Approval, data, path=path, code=Code.APPROVAL_INVALID)
    right = approval_path(approval.environment, approval.service, approval.claim_digest)
    if path != right:
        message = f"`{path}` holds the approval that belongs into `{right}`"
        where = Location(path, 1, 1)
        raise fail(Code.APPROVAL_INVALID, message, where=where, hint="ask for one where it is needed; a copy is none")
    return approval


def signed_bytes(approval: Approval) -> bytes:
    """Return what a signature is made over: all fields but signatures, in one form, whatever the YAML's looks."""
    value = {name: each for name, each in _value(approval).items() if name != "signatures"}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{NAMESPACE} 1\n{text}\n".encode("ascii")


def approval_text(approval: Approval) -> str:
    header = "A request to pass a budget for one exact claim. Changing anything but `signatures` voids it."
    return emit(_value(approval), header=header)


def with_signature(approval: Approval, *, key: str, signature: str) -> Approval:
    """Return the approval with one more signature; one by the same key is replaced."""
    kept = [one for one in approval.signatures if one.key != key]
    return approval.model_copy(update={"signatures": [*kept, Signature(key=key, signature=signature)]})


def _value(approval: Approval) -> dict[str, Any]:
    return approval.model_dump(by_alias=True, exclude_none=True, mode="json")
