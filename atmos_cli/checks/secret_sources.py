"""Which Secrets a set of objects will bring into its namespace, and the keys they will hold as far as known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, items, mapping, strings, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.checks.subject import Facts, Item

Keys = frozenset[str] | None
Source = tuple[str, Keys]

CNPG_USER = frozenset(
    ["username", "user", "password", "dbname", "host", "port", "uri", "jdbc-uri", "fqdn-uri", "fqdn-jdbc-uri", "pgpass"]
)
TLS = frozenset(("tls.crt", "tls.key"))


def secret_sources(facts: Facts) -> dict[str, Keys]:
    """By Secret name: its keys, or None when they are not known here."""
    found: dict[str, Keys] = {}
    for item in facts.items:
        source = _SOURCES.get((item.id.group, item.id.kind))
        for name, keys in source(item) if source else ():
            found[name] = keys if found.get(name, keys) == keys else None
    return found


def _secret(item: Item) -> Iterator[Source]:
    keys = frozenset((*mapping(item.resource, "data"), *mapping(item.resource, "stringData")))
    filled_later = text(item.resource, "type") == "kubernetes.io/service-account-token"
    yield item.id.name, None if filled_later else keys


def _sealed(item: Item) -> Iterator[Source]:
    template = mapping(item.resource, "spec", "template")
    name = text(template, "metadata", "name") or item.id.name
    yield name, frozenset((*mapping(item.resource, "spec", "encryptedData"), *mapping(template, "data")))


def _external(item: Item) -> Iterator[Source]:
    spec = mapping(item.resource, "spec")
    if text(spec, "target", "creationPolicy") == "None":
        return
    keys = frozenset(text(one, "secretKey") for _, one in items(spec, "data"))
    known = not spec.get("dataFrom") and not at(spec, "target", "template")
    yield text(spec, "target", "name") or item.id.name, keys if known else None


def _cnpg(item: Item) -> Iterator[Source]:
    name = item.id.name
    for method in ("initdb", "recovery", "pg_basebackup"):
        if given := text(item.resource, "spec", "bootstrap", method, "secret", "name"):
            yield given, None
    yield f"{name}-app", CNPG_USER
    if at(item.resource, "spec", "enableSuperuserAccess") is True:
        yield f"{name}-superuser", CNPG_USER
    for suffix in ("ca", "server", "replication"):
        yield f"{name}-{suffix}", None


def _certificate(item: Item) -> Iterator[Source]:
    keystores = mapping(item.resource, "spec", "keystores") or at(item.resource, "spec", "additionalOutputFormats")
    yield text(item.resource, "spec", "secretName"), None if keystores else TLS | {"ca.crt"}


def _ingress(item: Item) -> Iterator[Source]:
    annotations = strings(item.resource, "metadata", "annotations")
    if any(f"cert-manager.io/{one}" in annotations for one in ("issuer", "cluster-issuer")) or (
        annotations.get("kubernetes.io/tls-acme") == "true"
    ):
        for _, tls in items(item.resource, "spec", "tls"):
            yield text(tls, "secretName"), TLS | {"ca.crt"}


def _named(*suffixes: str) -> Callable[[Item], Iterator[Source]]:
    def source(item: Item) -> Iterator[Source]:
        for suffix in suffixes:
            yield f"{item.id.name}{suffix}", None

    return source


def _mariadb(item: Item) -> Iterator[Source]:
    for field in ("rootPasswordSecretKeyRef", "passwordSecretKeyRef"):
        ref = mapping(item.resource, "spec", field)
        if ref.get("generate") is True:
            yield text(ref, "name"), frozenset((text(ref, "key"),))
    if item.id.kind == "Connection":
        yield text(item.resource, "spec", "secretName") or item.id.name, None
    elif item.id.kind == "MariaDB" and not at(item.resource, "spec", "rootPasswordSecretKeyRef"):
        yield f"{item.id.name}-root", None


def _percona(*field: str) -> Callable[[Item], Iterator[Source]]:
    def source(item: Item) -> Iterator[Source]:
        yield text(item.resource, "spec", *field) or f"{item.id.name}-secrets", None

    return source


_MARIADB = "k8s.mariadb.com"
_SOURCES: dict[tuple[str, str], Callable[[Item], Iterator[Source]]] = {
    ("", "Secret"): _secret,
    ("bitnami.com", "SealedSecret"): _sealed,
    ("external-secrets.io", "ExternalSecret"): _external,
    ("postgresql.cnpg.io", "Cluster"): _cnpg,
    ("cert-manager.io", "Certificate"): _certificate,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("rabbitmq.com", "RabbitmqCluster"): _named("-default-user", "-erlang-cookie"),
    ("rabbitmq.com", "User"): _named("-user-credentials"),
    ("kafka.strimzi.io", "KafkaUser"): _named(""),
    ("kafka.strimzi.io", "Kafka"): _named("-cluster-ca-cert", "-cluster-ca", "-clients-ca-cert", "-clients-ca"),
    ("hyperspike.io", "Valkey"): _named(""),
    (_MARIADB, "MariaDB"): _mariadb,
    (_MARIADB, "User"): _mariadb,
    (_MARIADB, "Connection"): _mariadb,
    ("psmdb.percona.com", "PerconaServerMongoDB"): _percona("secrets", "users"),
    ("pxc.percona.com", "PerconaXtraDBCluster"): _percona("secretsName"),
}
