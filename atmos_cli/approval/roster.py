"""`platform/approvers.yaml`: who is who, who may approve what, with which SSH keys. Only the base branch's counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, field_validator, model_validator

from atmos_cli.approval.instants import seconds
from atmos_cli.approval.keys import fingerprint, plain_key
from atmos_cli.diagnostics import Code, fail
from atmos_cli.documents import Strict, read_model

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = "platform/approvers.yaml"

PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^\s<>@]{1,64}@[^\s<>@]{1,255}$")]
Role = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][-a-z0-9]{0,62}/)?[a-z0-9][-a-z0-9]{0,62}$")]


class Key(Strict):
    """One public key; from `notAfter` on it proves nothing any more."""

    key: str
    not_after: str | None = None

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, value: str) -> str:
        return plain_key(value)

    @field_validator("not_after")
    @classmethod
    def _is_an_instant(cls, value: str | None) -> str | None:
        if value is not None:
            seconds(value)
        return value

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.key)

    def expired(self, now: int) -> bool:
        return self.not_after is not None and now >= seconds(self.not_after)


class Person(Strict):
    """Someone Git shows: `emails` are all addresses they commit with; without roles and keys they approve nothing."""

    emails: Annotated[tuple[Email, ...], Field(min_length=1)]
    roles: tuple[Role, ...] = Field(
        default=(), description="`team-lead`, or for the services of one team `payments/team-lead`"
    )
    keys: tuple[Key, ...] = ()

    @field_validator("keys", mode="before")
    @classmethod
    def _a_line_is_a_key(cls, value: Any) -> Any:
        return (
            [{"key": each} if isinstance(each, str) else each for each in value] if isinstance(value, list) else value
        )

    def has(self, role: str, *, team: str) -> bool:
        return role in self.roles or f"{team}/{role}" in self.roles


class Roster(Strict):
    version: int = Field(default=1, ge=1, le=1)
    people: dict[PersonId, Person] = Field(default={})
    forges: tuple[Email, ...] = Field(
        default=(), description="addresses under which the forge commits what others wrote, such as noreply@github.com"
    )

    @model_validator(mode="after")
    def _nobody_is_two(self) -> Roster:
        owners: dict[str, str] = {email.lower(): "forges" for email in self.forges}
        for name, person in self.people.items():
            marks = [*{each.lower() for each in person.emails}, *{each.fingerprint for each in person.keys}]
            for mark in marks:
                if mark in owners:
                    raise ValueError(f"`{mark}` belongs to both {owners[mark]} and {name}; one person is listed once")
                owners[mark] = name
        return self

    def by_email(self, email: str) -> str | None:
        """Return the id of the person who commits with `email`, None when no one is known to."""
        wanted = email.lower()
        return next((n for n, p in self.people.items() if wanted in (e.lower() for e in p.emails)), None)

    def by_key(self, mark: str) -> tuple[str, Key] | None:
        """Return the id of the owner of the key with the fingerprint `mark`, and that key."""
        return next(((n, k) for n, p in self.people.items() for k in p.keys if k.fingerprint == mark), None)

    def is_forge(self, email: str) -> bool:
        return email.lower() in (each.lower() for each in self.forges)

    def with_role(self, roles: Sequence[str], *, team: str) -> tuple[str, ...]:
        """Return the ids of everyone who has one of `roles` for the services of `team`, sorted."""
        return tuple(sorted(n for n, p in self.people.items() if any(p.has(role, team=team) for role in roles)))


def read_roster(data: bytes | None) -> Roster:
    """Read who may approve; raises ATM429 without a file: then no one is known, so no one can approve."""
    if data is None:
        message = f"there is no `{FILE}` on the base branch, so nobody can approve anything"
        hint = "list people, their e-mail addresses, roles and SSH keys there; see docs/approvals.md"
        raise fail(Code.APPROVERS_INVALID, message, hint=hint)
    return read_model(Roster, data, path=FILE, code=Code.APPROVERS_INVALID)
