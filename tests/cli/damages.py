"""Damages of the repo of the `shop` fixture, one for each code that `atmos validate` gives, and where it must point."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Damage = Callable[[Path], object]

SERVICE = "apps/main/checkout"
SPEC = f"{SERVICE}/service.yaml"
DEPLOYMENT = f"{SERVICE}/base/deployment.yaml"
NETWORK = f"{SERVICE}/base/service.yaml"
POLICY = f"{SERVICE}/base/networkpolicy.yaml"
ACCOUNT = f"{SERVICE}/base/serviceaccount.yaml"
BASE = f"{SERVICE}/base/kustomization.yaml"
DEV = f"{SERVICE}/overlays/dev/kustomization.yaml"
DISRUPTION = f"{SERVICE}/overlays/prod/poddisruptionbudget.yaml"
BUDGET = "platform/budgets/dev.yaml"
CONFIG = "atmos-cli.yaml"
ROOT = "argocd/bootstrap/root.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """`path` is where the finding must be; `line` stands in the line that it names, or in its message without one."""

    code: str
    path: str
    line: str
    damage: Damage
    status: int = 1


def edit(path: str, old: str, new: str) -> Damage:
    def damage(root: Path) -> None:
        text = (root / path).read_text()
        assert old in text, f"{path} holds no {old!r} any more"
        (root / path).write_text(text.replace(old, new, 1))

    return damage


def only_ipv4_of_google(root: Path) -> None:
    """A cluster that got IPv6 after somebody wrote out the ranges of IPv4 alone."""
    said = "    families: [4, 6]\n    http:\n      controller: gke\n      from: [{cidr: 35.191.0.0/16}]\n"
    text, count = re.subn(r"    http:\n(?:      .*\n)+", said, (root / CONFIG).read_text(), count=1)
    assert count, "no cluster says how traffic comes in any more"
    (root / CONFIG).write_text(text)


def add(path: str, text: str) -> Damage:
    def damage(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("a") as file:
            file.write(text)

    return damage


def link(path: str, target: str) -> Damage:
    return lambda root: (root / path).symlink_to(target)


def remove(path: str) -> Damage:
    return lambda root: (root / path).unlink()


def each(*damages: Damage) -> Damage:
    return lambda root: [damage(root) for damage in damages]


def resource(name: str, text: str, *more: Damage) -> Damage:
    """A further object of the overlay of 'dev'."""
    listed = edit(DEV, "- ../../base\n", f"- ../../base\n- {name}\n")
    return each(add(f"{SERVICE}/overlays/dev/{name}", text), listed, *more)


def limits(text: str) -> Damage:
    return each(remove(BUDGET), add(BUDGET, f"version: 1\nenvironment: dev\nlimits:\n  {text}\n"))


AUTOSCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: checkout}\nspec:\n"
    "  maxReplicas: 2\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}\n"
)
INGRESS = (
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: checkout}\nspec:\n  ingressClassName: nginx\n"
    "  defaultBackend: {service: {name: checkout, port: {name: http}}}\n"
)
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra%s}\n"
CPU = "requests.cpu: {limit: %s, ceiling: %s}"

VALIDATE = (
    Row("ATM104", SPEC, "size: huge", edit(SPEC, "size: s", "size: huge")),
    Row("ATM108", SPEC, "", edit(SPEC, "name: checkout", "name: cart")),
    Row("ATM623", SPEC, "size: m", edit(SPEC, "size: s", "size: m"), status=0),
    Row("ATM301", NETWORK, "", edit(NETWORK, "spec:\n", "spec: [\n")),
    Row("ATM302", NETWORK, "type: ClusterIP", edit(NETWORK, "spec:\n", "spec:\n  type: NodePort\n")),
    Row("ATM303", NETWORK, "--- more", add(NETWORK, "--- more\n")),
    Row("ATM310", NETWORK, "port: eighty", edit(NETWORK, "port: 80", "port: eighty")),
    Row("ATM311", DEPLOYMENT, "replica: 2", edit(DEPLOYMENT, "spec:\n", "spec:\n  replica: 2\n")),
    Row(
        "ATM312",
        f"{SERVICE}/overlays/dev/odd.yaml",
        "kind: Odd",
        resource("odd.yaml", "apiVersion: odd.test/v1\nkind: Odd\nmetadata: {name: a}\n"),
    ),
    Row("ATM313", DISRUPTION, "policy/v1beta1", edit(DISRUPTION, "policy/v1", "policy/v1beta1")),
    Row(
        "ATM314",
        DEPLOYMENT,
        "name: Main_",
        edit(DEPLOYMENT, "      volumes:\n", "      volumes:\n      - name: Main_\n        emptyDir: {}\n"),
    ),
    Row(
        "ATM320",
        NETWORK,
        "selector:",
        edit(NETWORK, "    app.kubernetes.io/name: checkout\n  ports", "    app.kubernetes.io/name: cart\n  ports"),
    ),
    Row(
        "ATM321",
        DEPLOYMENT,
        "serviceAccountName: nobody",
        edit(DEPLOYMENT, "serviceAccountName: checkout", "serviceAccountName: nobody"),
    ),
    Row(
        "ATM322",
        DEPLOYMENT,
        "name: theirs",
        edit(
            DEPLOYMENT,
            "        volumeMounts:\n",
            "        envFrom: [{secretRef: {name: theirs}}]\n        volumeMounts:\n",
        ),
        status=0,
    ),
    Row(
        "ATM323",
        f"{SERVICE}/overlays/dev/claim.yaml",
        "spec:",
        resource(
            "claim.yaml",
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec:\n"
            "  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n",
            edit(CONFIG, "  dev:\n    engine:", "  dev:\n    type: rke2\n    engine:"),
        ),
    ),
    Row("ATM330", DEPLOYMENT, "privileged: true", edit(DEPLOYMENT, "privileged: false", "privileged: true")),
    Row("ATM331", DEV, "newTag: latest", edit(DEV, 'newTag: "0.1.0"', "newTag: latest")),
    Row("ATM332", DEV, "newTag", edit(DEV, "registry.shop.test", "registry.example.com"), status=0),
    Row("ATM338", DEV, "newTag", edit(DEV, "registry.shop.test", "docker.io/bitnami"), status=0),
    Row("ATM333", SPEC, "DB_PASSWORD", add(SPEC, "env: {DB_PASSWORD: hunter2SECRET}\n")),
    Row(
        "ATM334",
        "apps/main/twin/overlays/dev/kustomization.yaml",
        "",
        add(
            "apps/main/twin/overlays/dev/kustomization.yaml",
            "namespace: main-dev\nresources: [../../../checkout/base]\n",
        ),
    ),
    Row(
        "ATM335",
        f"{SERVICE}/overlays/dev/a.yaml",
        "kind: ClusterRole",
        resource(
            "a.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: []\n"
        ),
    ),
    Row("ATM336", DEV, "count: 1", resource("hpa.yaml", AUTOSCALER)),
    Row("ATM401", BUDGET, "exceeds", limits(CPU % ("10m", "8"))),
    Row("ATM402", BUDGET, "ceiling", limits(CPU % ("10m", "10m"))),
    Row("ATM403", BUDGET, "", limits("requests.cpu: {warn: 1%, limit: 8}"), status=0),
    Row("ATM404", BUDGET, "cpus", limits("cpus: {limit: 8}")),
    Row("ATM405", "", "dev", remove(BUDGET)),
    Row("ATM406", DEV, "", edit(DEV, "                cpu: 100m\n", "")),
    Row(
        "ATM407",
        BUDGET,
        "",
        resource(
            "odd.yaml",
            "apiVersion: odd.test/v1\nkind: Odd\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a}]}}}\n",
        ),
    ),
    Row(
        "ATM410",
        "tenants/dev/main/resourcequota.yaml",
        'requests.cpu: "5"',
        edit("tenants/dev/main/resourcequota.yaml", 'requests.cpu: "4"', 'requests.cpu: "5"'),
        status=0,
    ),
    Row("ATM411", "platform/prices.yaml", "", add("platform/prices.yaml", "version: 7\n")),
    Row("ATM501", BASE, "resources: all", edit(BASE, "resources:\n", "resources: all\nothers:\n")),
    Row("ATM502", DEV, "helmCharts", add(DEV, "helmCharts: [{name: a}]\n")),
    Row("ATM503", BASE, "- gone.yaml", edit(BASE, "- service.yaml", "- gone.yaml")),
    Row(
        "ATM504",
        DEV,
        "",
        add(DEV, "- patch: |\n    {apiVersion: apps/v1, kind: Deployment, metadata: {name: nobody}}\n"),
    ),
    Row("ATM614", f"{SERVICE}/base/out.yaml", "", link(f"{SERVICE}/base/out.yaml", "/etc/hostname")),
    Row("ATM615", f"{SERVICE}/base/huge.yaml", "", add(f"{SERVICE}/base/huge.yaml", "#" * 17_000_000)),
    Row("ATM618", NETWORK, "", each(remove(NETWORK), link(NETWORK, "service.yaml"))),
    Row("ATM701", CONFIG, "version: 2", edit(CONFIG, "version: 1", "version: 2"), status=2),
    Row(
        "ATM702",
        f"{SERVICE}/overlays/moon/kustomization.yaml",
        "",
        add(f"{SERVICE}/overlays/moon/kustomization.yaml", "resources: [../../base]\n"),
    ),
    Row("ATM703", CONFIG, "nobodys:", add(CONFIG, "teams:\n  nobodys:\n    groups: [acme]\n"), status=0),
    Row("ATM704", CONFIG, "1.34", edit(CONFIG, 'kubernetes: "1.36"', 'kubernetes: "1.34"'), status=0),
    Row("ATM705", CONFIG, "http:", resource("ingress.yaml", INGRESS), status=0),
    Row("ATM707", CONFIG, "url:", edit(CONFIG, "git.example.test", "git.example.com"), status=0),
    Row("ATM708", CONFIG, "from:", only_ipv4_of_google, status=0),
    Row("ATM713", ROOT, "compare-options", edit(ROOT, "ServerSideDiff=false", "IncludeMutationWebhook=true"), status=0),
    Row("ATM710", ROOT, "project: nobodys", edit(ROOT, "project: atmos-platform", "project: nobodys")),
    Row("ATM706", ROOT, "name: root", edit(ROOT, "name: atmos-root", "name: root"), status=0),
    Row("ATM711", ROOT, "path: argocdx", edit(ROOT, "path: argocd\n", "path: argocdx\n")),
    Row("ATM712", DEV, "", remove(f"{SERVICE}/overlays/dev/gitops.json"), status=0),
    Row(
        "ATM911",
        f"{SERVICE}/overlays/dev/many.yaml",
        "",
        resource("many.yaml", "".join(f"{MAP % number}odd: 1\n---\n" for number in range(120))),
    ),
)
