"""One finding, with a stable code, a place and the next step; and the error that carries several of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(StrEnum):
    """Public identifiers: never reused, never renumbered. Each has a section in `codes.md` (`atmos explain CODE`)."""

    # 1xx intent and spec
    INTENT_UNKNOWN_WORD = "ATM101"
    INTENT_CONTRADICTION = "ATM102"
    INTENT_NOT_YET = "ATM103"
    SPEC_INVALID = "ATM104"
    SPEC_NAME_INVALID = "ATM105"
    SPEC_PORT_INVALID = "ATM106"
    INTENT_EMPTY = "ATM107"
    SPEC_PATH_MISMATCH = "ATM108"
    INTENT_TOO_LONG = "ATM109"
    CHECKOUT_UNREADABLE = "ATM110"
    # 2xx blueprints
    BLUEPRINT_UNKNOWN = "ATM201"
    BLUEPRINT_INVALID = "ATM202"
    BLUEPRINT_EXPRESSION = "ATM203"
    BLUEPRINT_CONFLICT = "ATM204"
    BLUEPRINT_NO_TARGET = "ATM205"
    BLUEPRINT_OWNERSHIP = "ATM206"
    BLUEPRINT_REFUSED = "ATM207"
    BLUEPRINT_TEST_FAILED = "ATM208"
    # 3xx what a manifest says
    YAML_SYNTAX = "ATM301"
    YAML_DUPLICATE_KEY = "ATM302"
    YAML_UNSUPPORTED = "ATM303"
    NOT_EDITABLE = "ATM304"
    SCHEMA_INVALID = "ATM310"
    SCHEMA_UNKNOWN_FIELD = "ATM311"
    SCHEMA_UNKNOWN_KIND = "ATM312"
    SCHEMA_REMOVED_API = "ATM313"
    NAME_INVALID = "ATM314"
    SELECTOR_MISMATCH = "ATM320"
    REFERENCE_MISSING = "ATM321"
    REFERENCE_EXTERNAL = "ATM322"
    STORAGE_CLASS_MISSING = "ATM323"
    POD_SECURITY = "ATM330"
    IMAGE_UNPINNED = "ATM331"
    IMAGE_PLACEHOLDER = "ATM332"
    PLAIN_SECRET = "ATM333"  # noqa: S105 - the name of a finding, not a secret
    DUPLICATE_OBJECT = "ATM334"
    NAMESPACE_MISMATCH = "ATM335"
    REPLICAS_CONTESTED = "ATM336"
    IMAGE_INVALID = "ATM337"
    IMAGE_GONE = "ATM338"
    FIELD_IMMUTABLE = "ATM340"
    DATA_REPLACED = "ATM341"
    HOST_TAKEN = "ATM342"
    # 4xx budget
    BUDGET_EXCEEDED = "ATM401"
    BUDGET_CEILING = "ATM402"
    BUDGET_WARNING = "ATM403"
    BUDGET_INVALID = "ATM404"
    BUDGET_MISSING = "ATM405"
    REQUEST_MISSING = "ATM406"
    CLAIM_INDETERMINATE = "ATM407"
    QUANTITY_INVALID = "ATM408"
    BUDGET_CHANGED_TOGETHER = "ATM409"
    QUOTA_DRIFT = "ATM410"
    PRICES_INVALID = "ATM411"
    USAGE_INVALID = "ATM412"
    APPROVAL_INVALID = "ATM420"
    APPROVAL_EXPIRED = "ATM421"
    APPROVAL_MISMATCH = "ATM422"
    APPROVAL_USED = "ATM423"
    APPROVAL_QUORUM = "ATM424"
    APPROVAL_SELF = "ATM425"
    APPROVER_UNKNOWN = "ATM426"
    APPROVAL_CEILING = "ATM427"
    APPROVAL_NEEDLESS = "ATM428"
    APPROVERS_INVALID = "ATM429"
    APPROVAL_SIGNATURE = "ATM430"
    APPROVAL_COVERS = "ATM431"
    BUDGET_UNAPPROVED = "ATM432"
    # 5xx kustomize and layout
    KUSTOMIZE_INVALID = "ATM501"
    KUSTOMIZE_UNSUPPORTED = "ATM502"
    KUSTOMIZE_REFERENCE = "ATM503"
    KUSTOMIZE_PATCH = "ATM504"
    SERVICE_EXISTS = "ATM510"
    SERVICE_UNKNOWN = "ATM511"
    CONTAINER_UNKNOWN = "ATM512"
    IMAGES_ELSEWHERE = "ATM513"
    # 6xx Git and files
    REPO_MISSING = "ATM601"
    REPO_NO_GIT = "ATM602"
    REPO_DIRTY_PATH = "ATM603"
    REPO_DETACHED = "ATM604"
    REPO_NO_IDENTITY = "ATM605"
    REPO_NO_REMOTE = "ATM606"
    BRANCH_EXISTS = "ATM607"
    BRANCH_MOVED = "ATM608"
    PUSH_REFUSED = "ATM609"
    GIT_FAILED = "ATM610"
    WRITE_FAILED = "ATM611"
    WRITE_BUSY = "ATM612"
    WRITE_RECOVERED = "ATM613"
    PATH_ESCAPES = "ATM614"
    FILE_TOO_LARGE = "ATM615"
    FILE_CHANGED = "ATM616"
    REPO_UNFINISHED = "ATM617"
    FILE_UNREADABLE = "ATM618"
    WRITE_PENDING = "ATM619"
    PROGRAM_IN_CHECKOUT = "ATM620"
    LOCK_UNREADABLE = "ATM621"
    UPDATE_CONFLICT = "ATM622"
    UPDATE_PENDING = "ATM623"
    REMOVAL_REFUSED = "ATM625"
    # 7xx configuration and engines
    CONFIG_INVALID = "ATM701"
    ENVIRONMENT_UNKNOWN = "ATM702"
    TEAM_UNKNOWN = "ATM703"
    KUBERNETES_VERSION = "ATM704"
    CONTROLLER_RETIRED = "ATM705"
    NAME_OWNED = "ATM706"
    PLACEHOLDER = "ATM707"
    FAMILY_LEFT_OUT = "ATM708"
    ENGINE_REFERENCE = "ATM710"
    ENGINE_PATH_MISSING = "ATM711"
    ENGINE_UNREACHED = "ATM712"
    ENGINE_HIDES_REFUSALS = "ATM713"
    # 8xx what runs
    VERIFY_SETTINGS = "ATM801"
    CLUSTER_UNCONFIGURED = "ATM810"
    CLUSTER_UNREACHABLE = "ATM811"
    METRICS_UNREACHABLE = "ATM812"
    METRICS_UNCONFIGURED = "ATM813"
    RECORDING_INVALID = "ATM814"
    COMMIT_UNKNOWN = "ATM815"
    WEBHOOK_FAILED = "ATM816"
    CREDENTIAL_REFUSED = "ATM817"
    CREDENTIAL_IN_CLEAR = "ATM818"
    ROLLBACK_REFUSED = "ATM820"
    ROLLBACK_BUSY = "ATM821"
    ROLLBACK_NOTHING = "ATM822"
    IMAGE_QUARANTINED = "ATM830"
    PROMOTION_UNVERIFIED = "ATM831"
    PROMOTION_TOO_SOON = "ATM832"
    PROMOTION_FROZEN = "ATM833"
    # 9xx atmos itself
    USAGE = "ATM901"
    TOOL_VERSION = "ATM902"
    OUTPUT_FAILED = "ATM910"
    FINDINGS_LEFT_OUT = "ATM911"
    BUG = "ATM999"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where a finding is: `path` is posix and relative to the repo root, `line` and `column` count from 1."""

    path: str
    line: int = 0
    column: int = 0
    field: str = ""
    resource: str = ""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """`message` is one lower-case sentence that names the thing; `hint` is the exact next step."""

    code: Code
    message: str
    severity: Severity = Severity.ERROR
    where: Location | None = None
    hint: str = ""
    environment: str = ""
    count: int = 1  # how many findings it represents

    def at(self, where: Location) -> Diagnostic:
        return replace(self, where=where)


class AtmosError(Exception):
    """Cannot go on; carries every reason at once. `exit_code` is 2 (cannot do it), or 1 when the answer is just no."""

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 2) -> None:
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code


def fail(code: Code, message: str, *, hint: str = "", where: Location | None = None, exit_code: int = 2) -> AtmosError:
    """Make an AtmosError of one diagnostic, ready to `raise`."""
    return AtmosError(Diagnostic(code, message, where=where, hint=hint), exit_code=exit_code)


def errors(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(d for d in diagnostics if d.severity is Severity.ERROR)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Drop duplicates and sort by place, then code, then message: the same findings print the same on any machine."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.where or Location(""), d.code, d.environment, d.message)))


MOST_IN_A_FILE = 100


def capped(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Keep at most 100 findings of each file, errors first, and one that counts the rest; in the order they came in."""
    found = tuple(diagnostics)
    if len(found) <= MOST_IN_A_FILE:
        return found
    files: dict[str, list[Diagnostic]] = {}
    for each in found:
        files.setdefault(each.where.path if each.where else "", []).append(each)
    if all(len(mine) <= MOST_IN_A_FILE for mine in files.values()):
        return found
    return tuple(each for path, mine in files.items() for each in (_capped(path, mine) if path else mine))


def _capped(path: str, found: list[Diagnostic]) -> list[Diagnostic]:
    if len(found) <= MOST_IN_A_FILE:
        return found
    real = [each for each in found if each.code is not Code.FINDINGS_LEFT_OUT]
    worst_first = sorted(range(len(real)), key=lambda number: (_RANK[real[number].severity], number))
    kept = set(worst_first[:MOST_IN_A_FILE])
    counted = [each for each in found if each.code is Code.FINDINGS_LEFT_OUT]
    rest = counted + [each for number, each in enumerate(real) if number not in kept]
    return [*(each for number, each in enumerate(real) if number in kept), *left_out(path, rest)]


def left_out(path: str, rest: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sum up `rest` in one finding for each severity, which says how many there are."""
    counts: dict[Severity, int] = {}
    for each in rest:
        counts[each.severity] = counts.get(each.severity, 0) + each.count
    return tuple(more(path, counts[severity], severity) for severity in Severity if severity in counts)


def more(path: str, count: int, severity: Severity = Severity.ERROR) -> Diagnostic:
    noun = {Severity.INFO: "note"}.get(severity, severity.value) + ("s" if count != 1 else "")
    hint = "mend the first ones; those that follow are often of the same kind"
    message = f"and {count} more {noun} in this file"
    return Diagnostic(Code.FINDINGS_LEFT_OUT, message, severity, Location(path), hint, count=count)


_RANK = {severity: rank for rank, severity in enumerate(Severity)}
