"""Rules R1 to R5: the database, its connections, its credentials and its schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, mappings, whole
from atmos_cli.verify.diagnosis.facts import env_of, replicas_with_surge
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, Suspect, certainty, from_lines, word
from atmos_cli.verify.diagnosis.gauges import gauge, judged
from atmos_cli.verify.diagnosis.workload import Container
from atmos_cli.verify.fields import conditions
from atmos_cli.verify.masking import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts

_POOL = re.compile(
    r"(?:POOL_?SIZE|MAX_?CONN|POOL_MAX|MAX_?POOL|MAX_OPEN_CONNS|CONNECTION_LIMIT|MAXIMUM_?POOL)", re.IGNORECASE
)
_OVERFLOW = re.compile(r"OVERFLOW", re.IGNORECASE)
_SQLALCHEMY = re.compile(r"QueuePool limit of size (\d{1,5}) overflow (\d{1,5})")
_HIKARI = re.compile(r"\(total=(\d{1,6}), active=(\d{1,6}), idle=\d{1,6}, waiting=(\d{1,7})\)")
_POOLS = (
    "POOL",
    "MAX_?CONN",
    "OVERFLOW",
    "replicas",
    "maxSurge",
    "max_connections",
    "CONNECTION_LIMIT",
    "minReplicas",
    "maxReplicas",
)
_REFUSED_NAME = re.compile(r"for user ['\"]?(?P<user>[\w.-]{1,64})", re.IGNORECASE)
_CREDENTIALS = r"\b(?:DB|DATABASE|PG|POSTGRES|REDIS|MYSQL|MONGO)\w*(?:UR[LI]|PASS|USER|DSN|HOST|NAME)"
_DEFAULT_MAX = 100  # max_connections of PostgreSQL and so of CloudNativePG


def database_rules(facts: Facts) -> Iterator[Suspect]:
    if facts.hurting:
        yield from _server(facts)
        yield from _client(facts)
        yield from _credentials(facts)
        yield from _schema(facts)
        yield from _locks(facts)


def _server(facts: Facts) -> Iterator[Suspect]:
    used, most = gauge(facts, "pg-connections"), gauge(facts, "pg-max-connections")
    full = used is not None and most is not None and most > 0 and used / most >= 0.9
    sure = certainty(facts, "POOL_SERVER", novel=0.9, stale=0.6)
    if not sure and not full:
        return
    counts = (f"the database has {used:.0f} of {most:.0f} connections in use",) if full and used and most else ()
    yield Suspect(
        rule="R1",
        title="the database server is out of connections",
        hint=f"Check the database connection pool: the server refuses connections. {_sum(facts)}"
        "Lower the pool, put a pooler in front, or raise max_connections.",
        confidence=max(sure, 0.7) + (0.05 if sure and full else 0),
        specificity=EXACT if sure else CAUSE,
        evidence=(*from_lines(facts, "POOL_SERVER"), *counts),
        subject=_POOLS,
        next=_psql(facts, "select usename, state, count(*) from pg_stat_activity group by 1, 2"),
    )


def _sum(facts: Facts) -> str:
    """Return `(8 pods + 2 surge) x 15 connections = 150 > max_connections 100. `, as far as it is known."""
    replicas, surge = replicas_with_surge(facts.workload or facts.wanted)
    pool = pool_size(facts)
    most = _most(facts)
    if pool is None:
        limit = f" (max_connections {most})" if most else ""
        return f"Up to {replicas + surge} pods connect during a rollout, each with a pool of its own{limit}. "
    pods = f"({replicas} pods + {surge} surge)" if surge else f"{replicas} pods"
    total = (replicas + surge) * pool
    if most is None:
        return f"{pods} x {pool} connections = {total}; compare with max_connections. "
    return f"{pods} x {pool} connections = {total} {'>' if total > most else '≤'} max_connections {most}. "


def pool_size(facts: Facts) -> int | None:
    """Return how many connections one pod may open, by SQLAlchemy's log or its environment; None when neither says."""
    for line in facts.lines:
        if line.new and (match := _SQLALCHEMY.search(line.text)):
            return int(match[1]) + int(match[2])
    size, extra = 0, 0
    for container in _app_containers(facts):
        for name, value in env_of(container).items():
            if value.isascii() and value.isdigit() and len(value) < 6:
                size = int(value) if _POOL.search(name) and not _OVERFLOW.search(name) else size
                extra = int(value) if _OVERFLOW.search(name) else extra
    return size + extra or None


def _app_containers(facts: Facts) -> list[Container]:
    workload = facts.wanted or facts.workload
    specs = mappings(workload, "spec", "template", "spec", "containers") if workload else ()
    return [Container("", plain_text(spec, "name"), spec) for spec in specs]


def _most(facts: Facts) -> int | None:
    measured = gauge(facts, "pg-max-connections")
    if measured:
        return int(measured)
    for cluster in facts.of_kind("Cluster"):
        written = at(cluster, "spec", "postgresql", "parameters", "max_connections")
        if isinstance(written, str) and written.isascii() and written.isdigit() and len(written) < 7:
            return int(written)
        return _DEFAULT_MAX
    return None


def _psql(facts: Facts, statement: str) -> str:
    for cluster in facts.of_kind("Cluster"):
        primary = plain_text(cluster, "status", "currentPrimary") or f"{plain_text(cluster, 'metadata', 'name')}-1"
        return f"kubectl -n {facts.namespace} exec {primary} -- psql -c '{statement}'"
    return f"psql \"$DATABASE_URL\" -c '{statement}'"


def _client(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "POOL_CLIENT", novel=0.85, stale=0.6)
    waits = list(_waits(facts))
    if not sure and not waits:
        return
    counted = [match for line in facts.lines if line.new and (match := _HIKARI.search(line.text))]
    worst = max(counted, key=lambda match: int(match[3]), default=None)
    numbers = f" ({worst[2]} of {worst[1]} in use, {worst[3]} waiting)" if worst else f" ({waits[0]})" if waits else ""
    server = certainty(facts, "POOL_SERVER", novel=1, stale=1)
    yield Suspect(
        rule="R2",
        title=f"every connection of the pool is in use{numbers}",
        hint=f"Check the database connection pool: all connections are checked out{numbers}. {_pool_hint(facts)}"
        "Look for a leaked transaction or a slower query in this commit before raising the pool.",
        confidence=sure or 0.75,
        specificity=CAUSE if server or not sure else EXACT,
        evidence=(*from_lines(facts, "POOL_CLIENT"), *waits),
        subject=(*_POOLS[:3], "CONNECTION_LIMIT"),
        next=f"kubectl -n {facts.namespace} logs deploy/{facts.evidence.target.workload} --since=10m | grep -i -e pool",
    )


def _pool_hint(facts: Facts) -> str:
    for change in facts.evidence.changes:
        steps = [str(step) for step in change.path]
        if any(_POOL.search(step) for step in steps[-2:]):
            return "This commit changed the pool's size. "
    return ""


def _waits(facts: Facts) -> Iterator[str]:
    used, size = gauge(facts, "hikari-active"), gauge(facts, "hikari-max")
    pool = f" (pool {used:.0f}/{size:.0f} in use)" if used and size else ""
    for name, words in (
        ("hikari-pending", f"requests wait for a connection{pool}"),
        ("otel-pending", "requests wait for a connection"),
        ("pgbouncer-waiting", "clients wait at PgBouncer"),
        ("hikari-timeouts", "requests gave up waiting for a connection in 5 min"),
        ("otel-timeouts", "requests gave up waiting for a connection in 5 min"),
    ):
        count = gauge(facts, name)
        if count is not None and count >= 1:
            yield f"{count:.0f} {words}"
    for name in ("pool-pending", "pool-timeouts"):
        seen = judged(facts, name)
        if seen is not None and seen.warn:
            yield seen.says
    wait = gauge(facts, "go-sql-wait")
    if wait is not None and wait > 0.05:
        yield f"a request waits {wait * 1000:.0f} ms for a connection"


def _credentials(facts: Facts) -> Iterator[Suspect]:
    first = next(facts.matching("DB_AUTH"), None)
    if first is None:
        return
    secrets = [f"secret {name} (key {key})" if key else f"secret {name}" for name, key in _secret_refs(facts)]
    user = _REFUSED_NAME.search(first[0].text)
    who = f" for user {user['user']}" if user else ""
    source = f" from {secrets[0]}" if len(secrets) == 1 else f" (of {', '.join(secrets[:3])})" if secrets else ""
    name = next((name for name, _ in _secret_refs(facts)), "")
    yield Suspect(
        rule="R3",
        title=f"the database rejects the credentials{who}",
        hint=f"The database rejects the credentials{source}{who}. Were they rotated? "
        "Pods read secrets in their environment only at start.",
        confidence=0.92 if first[0].novel else 0.65,
        specificity=EXACT,
        evidence=from_lines(facts, "DB_AUTH"),
        subject=("Secret/", _CREDENTIALS, *(word(name) for name, _ in _secret_refs(facts))),
        next=f"kubectl -n {facts.namespace} describe secret {name}"
        if name
        else f"kubectl -n {facts.namespace} get secrets",
    )


def _secret_refs(facts: Facts) -> list[tuple[str, str]]:
    found = []
    for container in _app_containers(facts):
        for variable in mappings(container.spec, "env"):
            name = plain_text(variable, "valueFrom", "secretKeyRef", "name")
            if name:
                found.append((name, plain_text(variable, "valueFrom", "secretKeyRef", "key")))
        found += [
            (name, "") for row in mappings(container.spec, "envFrom") if (name := plain_text(row, "secretRef", "name"))
        ]
    return found


def _schema(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "DB_SCHEMA", novel=0.88, stale=0.55)
    if not sure:
        return
    job = next(
        (
            o
            for o in facts.of_kind("Job")
            if re.search("migrat|schema|alembic|flyway", plain_text(o, "metadata", "name"))
        ),
        None,
    )
    job_state = "no migration Job was seen"
    if job is not None:
        state = next((row.type for row in conditions(job) if row.true), "")
        failed = whole(job, "status", "failed") or 0
        how_far = state.lower() or ("still running" if whole(job, "status", "active") else "not started")
        job_state = f"migration Job {plain_text(job, 'metadata', 'name')} is {how_far}" + (
            f" after {failed} failed pods" if failed else ""
        )
    yield Suspect(
        rule="R4",
        title="code and database schema disagree",
        hint=f"Schema and code disagree: {job_state}. Do not take the code back blindly if a migration ran in part.",
        confidence=sure,
        specificity=EXACT,
        evidence=from_lines(facts, "DB_SCHEMA"),
        subject=(IMAGE, "migrat", "Job/", "Database/", "Cluster/"),
        next=f"kubectl -n {facts.namespace} get jobs",
    )


def _locks(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "DB_LOCK", novel=0.8, stale=0.5)
    if sure:
        yield Suspect(
            rule="R5",
            title="statements are blocked by locks in the database",
            hint="Statements wait for locks; look for a running migration and for long transactions.",
            confidence=sure,
            specificity=EXACT,
            evidence=from_lines(facts, "DB_LOCK"),
            subject=("migrat", "Job/"),
            next=_psql(facts, "select pid, state, query from pg_stat_activity where wait_event_type = $$Lock$$"),
        )
