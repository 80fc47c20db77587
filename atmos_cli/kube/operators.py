"""What operators create for their custom resources: one row per kind, with everything that atmos knows of it.

Another operator is another row; what a row leaves out is unknown, and callers report it as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.kube.shape import Path, at, mapping, text

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource

# Who is there of those that our objects rely on, by a kind that it brings: apiVersion, kind, who, for what.
RELIED_ON = (
    ("gateway.networking.k8s.io/v1", "HTTPRoute", "Gateway API", "`http.kind: gateway`"),
    ("cert-manager.io/v1", "ClusterIssuer", "cert-manager", "`http.issuer`"),
    ("postgresql.cnpg.io/v1", "Cluster", "CloudNativePG", "`postgres`"),
    ("external-secrets.io/v1", "ExternalSecret", "External Secrets", "`secrets`"),
)
Secrets = Iterable[tuple[str, frozenset[str] | None]]  # (name, its keys; None when they are not known)


@dataclass(frozen=True, slots=True)
class Runs:
    """The pods of a kind: one per instance, replaced in place. Paths start at the object.

    `volumes` are claims of each pod; a step `*` goes through a list. In each volume the first of `sizes` and of
    `classes` that is written counts. `sidecars` lists plugins that each add a container, `services` further Services.
    """

    container: str
    instances: Path
    resources: Path
    volumes: tuple[Path, ...]
    sizes: tuple[Path, ...]
    classes: tuple[Path, ...]
    sidecars: Path = ()
    services: Path = ()


@dataclass(frozen=True, slots=True)
class StatusField:
    """Where a kind reports its state: phase `healthy` means well, one that holds any of `lost` never gets well.

    `ready` of the `instances` that it has are ready, or of those `wanted` while it does not say how many it has.
    """

    phase: Path
    reason: Path
    healthy: str
    lost: tuple[str, ...]
    ready: Path
    wanted: Path
    instances: Path


@dataclass(frozen=True, slots=True)
class OperatedKind:
    """One kind of custom resource.

    `plural`: a tenant may write it. `data`: what is lost with it. `asks_nothing`: it makes no pods by itself.
    `makes` returns the Secrets that it will bring, `takes` is where it names Secrets that others bring. `pauses` are
    (annotation, value, what that means). `gauges` are PromQL templates by the name that rules ask for. `fixed`: fields
    that are there to stay, as its CRD says (`self == oldSelf`, which is silent where the field was or will be absent).
    `majors`: where the major version of what it runs stands, as a number or in the tag of an image: it never goes back.
    """

    group: str
    kind: str
    plural: str = ""
    data: Literal["", "database", "messages", "files"] = ""
    asks_nothing: bool = False
    makes: Callable[[Resource], Secrets] | None = None
    takes: tuple[Path, ...] = ()
    runs: Runs | None = None
    status: StatusField | None = None
    pauses: tuple[tuple[str, str, str], ...] = ()
    gauges: Mapping[str, str] | None = None
    fixed: tuple[Path, ...] = ()
    majors: tuple[Path, ...] = ()


def major_of(resource: Resource, row: OperatedKind) -> tuple[Path, int] | None:
    """Return the field that says the major version of what an object runs, and the version; None where none does."""
    for path in row.majors:
        value = at(resource, *path)
        _, colon, tag = str(value).partition("@")[0].rpartition("/")[2].partition(":")
        found = re.match(r"\d{1,4}", tag) if colon else re.fullmatch(r"\d{1,4}", str(value))
        if found:
            return path, int(found[0])
    return None


def named(*suffixes: str) -> Callable[[Resource], Secrets]:
    """Return a function that returns Secrets named as the object with each suffix, of keys that are not known."""
    return lambda resource: [(f"{text(resource, 'metadata', 'name')}{suffix}", None) for suffix in suffixes]


def _postgres(resource: Resource) -> Secrets:
    name = text(resource, "metadata", "name")
    yield f"{name}-app", _POSTGRES_USER
    if at(resource, "spec", "enableSuperuserAccess") is True:
        yield f"{name}-superuser", _POSTGRES_USER
    yield from named("-ca", "-server", "-replication")(resource)


def _mariadb(resource: Resource) -> Secrets:
    for field in ("rootPasswordSecretKeyRef", "passwordSecretKeyRef"):
        ref = mapping(resource, "spec", field)
        if ref.get("generate") is True:
            yield text(ref, "name"), frozenset((text(ref, "key"),))


def _mariadb_server(resource: Resource) -> Secrets:
    yield from _mariadb(resource)
    if not at(resource, "spec", "rootPasswordSecretKeyRef"):
        yield from named("-root")(resource)


def _mariadb_connection(resource: Resource) -> Secrets:
    yield from _mariadb(resource)
    yield from _named_in("secretName", otherwise="")(resource)


def _named_in(*field: str, otherwise: str) -> Callable[[Resource], Secrets]:
    def made(resource: Resource) -> Secrets:
        yield text(resource, "spec", *field) or f"{text(resource, 'metadata', 'name')}{otherwise}", None

    return made


_POSTGRES_USER = frozenset(
    ["username", "user", "password", "dbname", "host", "port", "uri", "jdbc-uri", "fqdn-uri", "fqdn-jdbc-uri", "pgpass"]
)
_CLOUDNATIVEPG = "postgresql.cnpg.io"
_LOCALE = ("builtinLocale", "locale", "localeProvider", "localeCollate", "localeCType", "icuLocale", "icuRules")
_DATABASE = ("name", "template", "encoding", "collationVersion", *_LOCALE)
_ITS_CLUSTER = ("spec", "cluster")
_CLUSTER = OperatedKind(
    _CLOUDNATIVEPG,
    "Cluster",
    plural="clusters",
    data="database",
    makes=_postgres,
    takes=tuple(("spec", "bootstrap", way, "secret", "name") for way in ("initdb", "recovery", "pg_basebackup")),
    runs=Runs(
        container="postgres",
        instances=("spec", "instances"),
        resources=("spec", "resources"),
        volumes=(("spec", "storage"), ("spec", "walStorage"), ("spec", "tablespaces", "*", "storage")),
        sizes=(("size",), ("pvcTemplate", "resources", "requests", "storage")),
        classes=(("storageClass",), ("pvcTemplate", "storageClassName")),
        sidecars=("spec", "plugins"),
        services=("spec", "managed", "services", "additional"),
    ),
    status=StatusField(
        phase=("status", "phase"),
        reason=("status", "phaseReason"),
        healthy="Cluster in healthy state",
        lost=(
            "unrecoverable",
            "Unable to create required cluster objects",
            "nknown plugin",
            "invalid image catalog",
            "Cluster has incomplete or invalid image catalog",
            "cannot proceed to reconciliation due to",
            "Not enough disk space",
        ),
        ready=("status", "readyInstances"),
        wanted=("spec", "instances"),
        instances=("status", "instances"),
    ),
    pauses=(
        ("cnpg.io/reconciliationLoop", "disabled", "its operator is told to leave it alone"),
        ("cnpg.io/hibernation", "on", "hibernated: the database is stopped"),
    ),
    gauges={
        "pg-connections": "max(sum by (pod) (cnpg_backends_total{namespace=~`$ns`}))",
        "pg-max-connections": "max(cnpg_pg_settings_setting{name=`max_connections`,namespace=~`$ns`})",
    },
    fixed=(("spec", "serviceAccountName"),),
    majors=(("spec", "imageName"), ("spec", "imageCatalogRef", "major")),
)
_STRIMZI = "kafka.strimzi.io"
_MARIADB = "k8s.mariadb.com"
ROWS = (
    _CLUSTER,
    OperatedKind(
        _CLOUDNATIVEPG,
        "Database",
        plural="databases",
        data="database",
        asks_nothing=True,
        fixed=(_ITS_CLUSTER, *(("spec", name) for name in _DATABASE)),
    ),
    OperatedKind(_CLOUDNATIVEPG, "DatabaseRole", asks_nothing=True, fixed=(_ITS_CLUSTER, ("spec", "name"))),
    OperatedKind(_CLOUDNATIVEPG, "Pooler", plural="poolers", fixed=(_ITS_CLUSTER, ("spec", "serviceAccountName"))),
    OperatedKind(
        _CLOUDNATIVEPG, "ScheduledBackup", plural="scheduledbackups", asks_nothing=True, fixed=(_ITS_CLUSTER,)
    ),
    OperatedKind(_CLOUDNATIVEPG, "Backup", asks_nothing=True, fixed=(("spec",),)),
    OperatedKind(_CLOUDNATIVEPG, "ImageCatalog", asks_nothing=True),
    OperatedKind(
        _CLOUDNATIVEPG,
        "Publication",
        asks_nothing=True,
        fixed=(_ITS_CLUSTER, ("spec", "dbname"), ("spec", "name"), ("spec", "target", "allTables")),
    ),
    OperatedKind(
        _CLOUDNATIVEPG, "Subscription", asks_nothing=True, fixed=(_ITS_CLUSTER, ("spec", "dbname"), ("spec", "name"))
    ),
    OperatedKind("barmancloud.cnpg.io", "ObjectStore", asks_nothing=True),
    OperatedKind("rabbitmq.com", "RabbitmqCluster", data="messages", makes=named("-default-user", "-erlang-cookie")),
    OperatedKind("rabbitmq.com", "User", makes=named("-user-credentials")),
    OperatedKind(
        _STRIMZI,
        "Kafka",
        data="messages",
        makes=named("-cluster-ca-cert", "-cluster-ca", "-clients-ca-cert", "-clients-ca"),
    ),
    OperatedKind(_STRIMZI, "KafkaNodePool", data="messages"),
    OperatedKind(_STRIMZI, "KafkaTopic", data="messages"),
    OperatedKind(_STRIMZI, "KafkaUser", makes=named("")),
    OperatedKind("hyperspike.io", "Valkey", makes=named("")),
    OperatedKind(_MARIADB, "MariaDB", data="database", makes=_mariadb_server),
    OperatedKind(_MARIADB, "User", makes=_mariadb),
    OperatedKind(_MARIADB, "Connection", makes=_mariadb_connection),
    OperatedKind("mariadb.mmontes.io", "MariaDB", data="database"),
    OperatedKind("mysql.oracle.com", "InnoDBCluster", data="database"),
    OperatedKind("mongodbcommunity.mongodb.com", "MongoDBCommunity", data="database"),
    OperatedKind(
        "psmdb.percona.com", "PerconaServerMongoDB", makes=_named_in("secrets", "users", otherwise="-secrets")
    ),
    OperatedKind("pxc.percona.com", "PerconaXtraDBCluster", makes=_named_in("secretsName", otherwise="-secrets")),
    OperatedKind("objectbucket.io", "ObjectBucketClaim", data="files"),
)
OPERATED: Mapping[tuple[str, str], OperatedKind] = {(row.group, row.kind): row for row in ROWS}
"""By group and kind."""
GAUGES: Mapping[str, str] = {name: template for row in ROWS for name, template in (row.gauges or {}).items()}
"""What the rows' metrics say, by the name that rules ask for; `$ns` is the namespace with RE2 escapes."""


def tenant_kinds() -> dict[str, tuple[str, ...]]:
    """Return by group the plurals of the kinds that a tenant may write."""
    found: dict[str, tuple[str, ...]] = {}
    for row in ROWS:
        if row.plural:
            found[row.group] = tuple(sorted((*found.get(row.group, ()), row.plural)))
    return found
