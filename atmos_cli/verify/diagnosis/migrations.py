"""Signs that this deployment changed the schema of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.shape import at, instant, mapping, mappings
from atmos_cli.verify.diagnosis.patterns import MIGRATION, RX
from atmos_cli.verify.fields import conditions
from atmos_cli.verify.masking import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.model import Evidence, ObjectFieldChange


def migration_of(changes: Sequence[ObjectFieldChange], evidence: Evidence) -> str:
    """Return what was, or may have been, migrated as a clause: `the migration Job/web-migrate ran with ...`; or ""."""
    return next(_changed(changes), "") or _ran(evidence) or _starts(evidence) or _complains(evidence)


def _changed(changes: Sequence[ObjectFieldChange]) -> Iterator[str]:
    for change in changes:
        path = [str(step) for step in change.path]
        words = f"{change.object.name} {path} {change.before} {change.after}"[:4000]
        row = OPERATED.get((change.object.group, change.object.kind))
        if row is not None and row.data == "database":
            yield f"this commit changed the database {change.object}"
        elif change.object.kind in ("Job", "CronJob") and MIGRATION.search(words):
            yield f"this commit changed the migration {change.object}"
        elif "initContainers" in path and MIGRATION.search(words):
            yield f"this commit changed the migration in an init container of {change.object}"


def _ran(evidence: Evidence) -> str:
    started = evidence.rollout.started if evidence.rollout else 0.0
    for item in (*evidence.snapshot.objects, *evidence.snapshot.wanted):
        name = plain_text(item, "metadata", "name")
        commands = [plain_text(c, "image") + str(at(c, "command")) + str(at(c, "args")) for c in _containers(item)]
        since = instant(item, "status", "startTime")
        if (
            plain_text(item, "kind") == "Job"
            and since >= started
            and since
            and MIGRATION.search(f"{name} {commands}"[:4000])
        ):
            state = next((row.type.lower() for row in conditions(item) if row.true), "still running")
            return f"the migration Job/{name} ran with this deployment ({state})"
    return ""


def _starts(evidence: Evidence) -> str:
    images = [c for c in evidence.changes if "initContainers" not in c.path and c.path[-1:] == ("image",)]
    for item in evidence.snapshot.wanted if images else ():
        for container in mappings(item, "spec", "template", "spec", "initContainers"):
            if MIGRATION.search(
                f"{plain_text(container, 'name')} {at(container, 'command')} {at(container, 'args')}"[:4000]
            ):
                return f"the init container {plain_text(container, 'name')} runs a migration before each new pod"
    return ""


def _containers(item: Resource) -> tuple[dict[str, Any], ...]:
    spec = mapping(item, "spec", "template", "spec")
    return mappings(spec, "containers") + mappings(spec, "initContainers")


def _complains(evidence: Evidence) -> str:
    for log in evidence.logs:
        for line in log.lines:
            if RX["DB_SCHEMA"].search(line[:2000]) or RX["DB_LOCK"].search(line[:2000]):
                return f"the log of {log.pod} speaks of the database's schema or locks"
    return ""
