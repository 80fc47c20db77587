"""`python -m tests.blueprint.cluster_page` writes docs/clusters.md from the rows that atmos reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.clusters.networks import NOT_OUTSIDE, outside_blocks
from tests.blueprint.matrix import CATALOGUE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.clusters.rows import ClusterType

PAGE = ROOT / "docs" / "clusters.md"
KINDS = CATALOGUE.cluster_kinds
LETTERS = {"run": "R", "read": "D", "inferred": "I"}

HEAD = """\
# Clusters: what differs, and how to say it

`atmos init --cluster-type prod=gke` and `atmos new cluster edge --cluster-type k3s` write what a type of cluster has into
`atmos-cli.yaml`, each value with its reason; a type alone (`--cluster-type gke`) is for all clusters. Every value can be changed
there; `atmos update` then takes the change into every policy, spread and account. `atmos init --context NAME` asks a live cluster, reads only,
and says what it found. A file that does not name a type means *{generic}*, and none of its values ever changes.

The two tables are `blueprints/clusters.yaml` and `blueprints/controllers.yaml`, and this page is made from them. A company's own rows,
under `platform/blueprints/`, are laid over them. Behind each value: R was run here, D was read in source or documentation, I only follows from
those. No managed cluster was tried.

## What a cluster may say

| key under `clusters.<cluster>` | values | absent | what it decides |
|---|---|---|---|
| `type` | a row of the table below | generic | everything that is absent below |
| `policy` | kubernetes, cilium, aws, none | by type | the dialect of policies (see below); `none`: nothing enforces them, and a plan says so |
| `dns` | `any`, `cluster`, or `{{ports, namespaces, cidrs, host}}` | any | whom pods may ask for names; a key that a mapping does not have is the type's, and `[]` is none |
| `api` | ports | by type | what databases, which talk to the API server, may call |
| `zones` | true, false | by type | whether pods and databases are spread over zones, beside nodes |
| `users` | blueprint, cluster | by type | whether pods have the numeric user of their image or one that the cluster gives |
| `identity` | {identities} | none | how pods and backups are somebody in the cloud |
| `pullSecrets` | names of Secrets | none | `imagePullSecrets` of every ServiceAccount and database |
| `storageClass` | a name | the default | the class of claims and databases; ATM323 asks for it where a type has no default |
| `families` | [4], [6], [4, 6] | by type | whether `egress`, identities and the controller's own ranges speak IPv6 |
| `http` | `{{controller, kind, class, gateway, namespace, from}}` | as below | how traffic comes in, and from whom |
| `monitoring` | `{{kind, namespace, labels}}` | none | the objects of Prometheus, where it scrapes from, the labels that it selects them by |

An environment's own `http` and `monitoring` count before those of its cluster, key by key; one that names another controller (another kind of
monitoring) takes nothing of the cluster's. So do, in an environment, `postgres.storageClass`,
`postgres.ports` and `redis.ports` (of a store outside: `[25060]`), `postgres.identity` (as whom backups are written) and
`backup: {{port: 9000}}` (of the store that they go to).

`http` without a controller, in the file of an older repo: an Ingress of the class nginx whose proxies are in ingress-nginx. `http.from` is a list of
`{{namespace, labels}}` (pods), `{{labels}}` (of namespaces), `{{cidr}}`, or a word: `gateway` (pods in `http.namespace`), `nodes` (controllers on the
node's network: with `{{cidr}}` of the nodes, but on Cilium), `ingress` (Cilium's own proxies) or `anyone`.
"""

TAIL = """\
## Policies that follow

| policy | kubernetes | cilium | aws |
|---|---|---|---|
| names (`dns: any`) | ports without a destination, to whoever answers | the same | the same |
| names (`dns: cluster`) | peers of the table | beside them `toEntities: [host]` where the node answers | peers of the table |
| from outside, and challenges of cert-manager | `http.from` | words become `fromEntities` of a CiliumNetworkPolicy | `http.from` |
| `egress` to IPv4 | 0.0.0.0/0 except {closed} blocks | the same | {blocks} blocks that leave those out |
| `egress` to IPv6 | 2000::/3 where `families` has 6 | the same | the same |
| databases | API server's `api`, the backup's port, without a destination | the same | the same |
| identities | the servers of the table, for pods that have one | the node as an entity where it answers | the servers of the table |

On AWS an exception of one policy blocks what another one allows, databases and names among it, so there is none (R: agent 1.5.0). On Cilium no
block of addresses matches pods or nodes (R: 1.20.2). `dns: any` lets pods send to any address on ports 53, 5353 and 8053, also through a tunnel
in names: `dns: cluster` closes that.

## What atmos cannot know

- *cert-manager, HTTP-01*: pods that answer a challenge are let in wherever `http.issuer` is set. Their Service is a NodePort unless the solver says
  `serviceType: ClusterIP`, and tenants have a quota of no NodePorts: say so in the ClusterIssuer, or solve by DNS-01. Their image is pulled by the
  namespace's default ServiceAccount, which none of our `pullSecrets` reaches.
- *Pull secrets* are brought by you, as Secrets of the type `kubernetes.io/dockerconfigjson` in each tenant, with External Secrets or by hand.
- *EKS Pod Identity* is kept outside of Kubernetes: associate the ServiceAccount there. The backups of CloudNativePG do not know it yet.
- *GKE Autopilot* raises requests to its own minimum, so that a budget that was counted offline is too low.
- *OpenShift 4.20* lets uids from 1000 on in, in pods with a user namespace (`hostUsers: false`); atmos never writes that by itself.
- *Flannel alone, Fargate, Windows on EKS* and clusters whose policies were never switched on take policies and enforce none.
"""


def page() -> str:
    text = HEAD.format(generic=KINDS.types["generic"].title, identities=", ".join(KINDS.identities))
    parts = [text, "## Types\n", *_table(("type", *COLUMNS), _types()), "", *_reasons(), ""]
    parts += ["## What brings HTTP to the pods\n", *_table(CONTROLLERS, _controllers()), ""]
    parts += [
        "## Identities of a cloud\n",
        *_table(("`identity`", "marks", "pods must reach", "what it is"), _identities()),
        "",
    ]
    return "\n".join((*parts, TAIL.format(closed=len(NOT_OUTSIDE), blocks=len(outside_blocks()))))


COLUMNS = ("policy", "names: who answers (`cluster`)", "api", "zones", "users", "StorageClass", "Prometheus", "HTTP")
CONTROLLERS = ("`http.controller`", "kind", "class", "namespace", "who connects", "why")


def _types() -> Iterator[tuple[str, ...]]:
    for name, row in KINDS.types.items():
        yield (
            f"`{name}`",
            _known(row.policy.value, row.policy.known),
            _known(_dns(row), row.dns.known),
            _known(" ".join(map(str, row.api.value)), row.api.known),
            _known("yes" if row.zones.value else "no", row.zones.known),
            _known(row.users.value, row.users.known),
            _known(
                "**none**" if row.storage_class.missing else row.storage_class.value or "the platform's",
                row.storage_class.known,
            ),
            _known(f"{row.monitoring.kind}, {row.monitoring.namespace}", row.monitoring.known),
            _known(row.http.controller, row.http.known),
        )


def _dns(row: ClusterType) -> str:
    peers = [*row.dns.namespaces, *row.dns.cidrs, *(["the node"] if row.dns.host else [])]
    asked = {
        "required": "the Service's own address",
        "with-node-cache": "with a cache on each node: the Service's own address",
    }
    peers += [f"*{asked[row.dns.cluster_ip]}*"] if row.dns.cluster_ip else []
    return f"{' '.join(map(str, row.dns.ports))}: {', '.join(peers)}"


def _reasons() -> Iterator[str]:
    yield "Why:\n"
    for name, row in KINDS.types.items():
        said = {
            "policy": row.policy.why,
            "dns": row.dns.why,
            "api": row.api.why,
            "zones": row.zones.why,
            "users": row.users.why,
            "storage": row.storage_class.why,
            "monitoring": row.monitoring.why,
            "http": row.http.why,
        }
        yield f"- `{name}` ({row.title}). {'; '.join(f'*{key}*: {why}' for key, why in said.items())}."


def _controllers() -> Iterator[tuple[str, ...]]:
    for name, row in KINDS.controllers.items():
        own = f"; asked for {', '.join(row.own)}" if row.own else ""
        sources = "**asked**" if row.asks else ", ".join(map(_source, row.sources)) + own
        series = known.series.values() if (known := CATALOGUE.versions.operators.get(row.title)) else ()
        gone = bool(series) and all(each.ended(CATALOGUE.versions.as_of) for each in series)
        retired = f"; retired {max(each.end for each in series)}" if gone else ""
        yield (
            f"`{name}`",
            ", ".join(row.kinds),
            row.class_name,
            row.namespace,
            sources,
            _known(f"{row.title}: {row.why}{retired}", row.known),
        )


def _source(source: Any) -> str:
    if isinstance(source, str):
        return f"`{source}`"
    return source.cidr or source.namespace or ", ".join(f"`{k}: {v!r}`" for k, v in source.labels.items())


def _identities() -> Iterator[tuple[str, ...]]:
    for name, row in KINDS.identities.items():
        marks = ", ".join((*([row.annotation] if row.annotation else []), *row.labels))
        reach = f"{', '.join(row.cidrs)}: {' '.join(map(str, row.ports))}" if row.cidrs else ""
        yield f"`{name}`", marks, f"{reach}{', behind Cilium the node' if row.host else ''}", _known(row.why, row.known)


def _known(text: str, known: str) -> str:
    return f"{text} ({LETTERS[known]})"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(page())
