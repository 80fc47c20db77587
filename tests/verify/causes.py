"""Reads the cases under `recorded/causes`: what a cluster, a log and the metrics say, and what is the truth.

A case holds what is particular to it. What every deployment has (a Deployment with two ReplicaSets, pods with their
statuses) is built here as a real API server and kubelet shape it; `deployment` and `before` are merged into it.

rule: the right cause (`none` when nothing is wrong). blames: is the commit to blame, by a person's judgement (null when that
cannot be known). says: words that the cause must say. also: further rules that are right as well.
new, old: pods, each a status to merge (`containers`: name -> container status). recorded: a List of real objects instead.
events: [reason, message, object] with object `pod:0`, `old:0`, `rs` or `Kind/name`. logs: [pod, container, previous, lines].
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atmos_cli.kube.resource import identity
from atmos_cli.ports import Series
from atmos_cli.verify.changes import field_changes
from atmos_cli.verify.measured import Assessment, Count, Measure, Saturation
from atmos_cli.verify.model import Evidence, Target
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.seen import Arrival, ClusterSnapshot, Delivery, Log, PermanentFailure, Rollout, Status

ROOT = Path(__file__).parent / "recorded" / "causes"
START = 1_795_007_200.0
BORN = "2026-11-18T13:06:40Z"
LATER = "2026-11-18T13:08:40Z"


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    rule: str
    blames: bool | None
    says: tuple[str, ...]
    also: tuple[str, ...]
    evidence: Evidence


def cases() -> list[Case]:
    return [case_of(path.stem, json.loads(path.read_text())) for path in sorted(ROOT.glob("*.json"))]


def case_of(name: str, raw: dict[str, Any]) -> Case:
    after = merged(deployment(), raw.get("deployment", {}))
    before = merged(after, raw["before"]) if "before" in raw else after
    extra = raw.get("objects", [])
    changes = field_changes([before, *raw.get("before_objects", extra)], [after, *extra])
    events = [event(row, number) for number, row in enumerate(raw.get("events", []))]
    own = [o for o in extra if o["metadata"]["name"].startswith("web") or raw.get("own")]
    wanted = (after, *(o for o in own if o["kind"] not in ("Pod", "Node", "EndpointSlice")))
    snapshot = ClusterSnapshot(START + 120, (), wanted, tuple(live(raw, after, before, extra)), tuple(events))
    target = Target(
        "shop", "web", "prod", "eu", "shop-prod", "argocd", raw.get("workload", "web"), ("web.example.com",)
    )
    evidence = Evidence(
        target,
        snapshot,
        delivery(raw),
        rollout(raw),
        assessment(raw.get("assessment")),
        tuple(Log(pod_name(pod), box, previous, tuple(lines)) for pod, box, previous, lines in raw.get("logs", [])),
        {name: series(value) for name, value in raw.get("gauges", {}).items()},
        changes,
    )
    return Case(
        name,
        raw["rule"],
        raw["blames"],
        tuple(raw.get("says", ())),
        tuple(raw.get("also", ())),
        evidence,
    )


def merged(base: Any, patch: Any) -> Any:
    """JSON merge patch (RFC 7386), and lists of named things by name."""
    if (
        isinstance(base, list)
        and isinstance(patch, list)
        and all(isinstance(i, dict) and "name" in i for i in base + patch)
    ):
        found = {item["name"]: item for item in base}
        for item in patch:
            found[item["name"]] = merged(found.get(item["name"], {}), item)
        return [item for item in found.values() if not item.get("$delete")]
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def deployment() -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop-prod",
            "annotations": {"deployment.kubernetes.io/revision": "2"},
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
                "spec": {
                    "serviceAccountName": "web",
                    "restartPolicy": "Always",
                    "securityContext": {"runAsNonRoot": True, "fsGroup": 65532},
                    "containers": [
                        {
                            "name": "web",
                            "image": "registry.example.com/shop/web:2.4.0",
                            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                            "env": [{"name": "PORT", "value": "8080"}],
                            "resources": {
                                "requests": {"cpu": "100m", "memory": "128Mi"},
                                "limits": {"memory": "256Mi"},
                            },
                            "readinessProbe": {
                                "httpGet": {"path": "/readyz", "port": "http"},
                                "periodSeconds": 5,
                                "failureThreshold": 3,
                            },
                            "livenessProbe": {
                                "httpGet": {"path": "/healthz", "port": "http"},
                                "periodSeconds": 10,
                                "failureThreshold": 3,
                            },
                            "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
                        }
                    ],
                },
            },
        },
    }


def live(
    raw: dict[str, Any], after: dict[str, Any], before: dict[str, Any], extra: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    if "recorded" in raw:
        return [*json.loads((ROOT.parent / raw["recorded"]).read_text())["items"], *extra]
    sets = [replica_set(before, "web-5d9c8b7f6d", "1"), replica_set(after, "web-7c6f9d5b84", "2")]
    new_set = merged(sets[1], raw.get("replicaset", {}))
    top = merged(after, {"status": raw.get("status", {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1})})
    new = [pod(after, f"new:{n}", status) for n, status in enumerate(raw.get("new", []))]
    old = [pod(before, f"old:{n}", status) for n, status in enumerate(raw.get("old", [{}, {}]))]
    return [top, sets[0], new_set, *new, *old, *extra]


def replica_set(owner: dict[str, Any], name: str, revision: str) -> dict[str, Any]:
    template = merged(
        owner["spec"]["template"], {"metadata": {"labels": {"pod-template-hash": name.rpartition("-")[2]}}}
    )
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": "shop-prod",
            "creationTimestamp": BORN,
            "labels": template["metadata"]["labels"],
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}],
        },
        "spec": {"template": template},
    }


def pod_name(short: str) -> str:
    which, _, number = short.partition(":")
    sets = {"new": "web-7c6f9d5b84-", "old": "web-5d9c8b7f6d-"}
    return f"{sets[which]}{['xk2qp', 'mz8vt', 'hj4rw', 'p9d7c'][int(number)]}" if which in sets else short


def pod(owner: dict[str, Any], short: str, status: dict[str, Any]) -> dict[str, Any]:
    name = pod_name(short)
    spec = copy.deepcopy(owner["spec"]["template"]["spec"])
    waiting = status.get("unscheduled")
    boxes = status.get("containers", {})
    statuses = []
    for container in spec["containers"]:
        fine = {
            "name": container["name"],
            "image": container["image"],
            "ready": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": LATER}},
        }
        statuses.append(replaced(fine, boxes.get(container["name"], {})))
    ready = all(each["ready"] for each in statuses) and not waiting and status.get("ready", True)
    conditions = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": LATER}]
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": BORN}
    if waiting:
        scheduled |= {"status": "False", "reason": "Unschedulable", "message": waiting}
    init = [
        replaced(
            {
                "name": c["name"],
                "ready": True,
                "restartCount": 0,
                "state": {"terminated": {"exitCode": 0, "reason": "Completed"}},
            },
            boxes.get(c["name"], {}),
        )
        for c in spec.get("initContainers", [])
    ]
    found = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop-prod",
            "creationTimestamp": BORN if short.startswith("new") else "2026-11-11T09:00:00Z",
            "labels": owner["spec"]["template"]["metadata"]["labels"] | {"pod-template-hash": name.split("-")[1]},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name.rpartition("-")[0], "controller": True}
            ],
        },
        "spec": spec | ({} if waiting else {"nodeName": status.get("node", "node-a")}),
        "status": {
            "phase": status.get("phase", "Pending" if waiting else "Running"),
            "conditions": [*conditions, scheduled],
        },
    }
    if not waiting:
        found["status"] |= {"containerStatuses": statuses, "initContainerStatuses": init}
    return merged(found, {"status": {key: status[key] for key in ("reason", "message") if key in status}})


def replaced(fine: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A container's state is one of three, so a patch's state takes the place of the good one."""
    found = fine | patch
    if "state" in patch and "ready" not in patch:
        found["ready"] = "running" in patch["state"]
    return found


def event(row: list[Any], number: int) -> dict[str, Any]:
    reason, message, about = row[:3]
    if about == "rs":
        kind, name = "ReplicaSet", "web-7c6f9d5b84"
    elif about.startswith(("new:", "old:")):
        kind, name = "Pod", pod_name(about)
    else:
        kind, _, name = about.partition("/")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{number}", "namespace": "shop-prod"},
        "involvedObject": {"kind": kind, "name": name, "namespace": "shop-prod"},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": row[3] if len(row) > 3 else 1,
        "firstTimestamp": BORN,
        "lastTimestamp": LATER,
    }


def delivery(raw: dict[str, Any]) -> Delivery:
    told = raw.get("delivery", {})
    return Delivery(Arrival(told.get("arrival", "arrived")), told.get("code", "synced"), told.get("message", "synced"))


def rollout(raw: dict[str, Any]) -> Rollout:
    told = raw.get("rollout", {})
    status = Status(told.get("status", "failed" if raw["rule"] != "none" and not raw.get("assessment") else "current"))
    web = identity(deployment())
    failures = (PermanentFailure(web, "doomed", "new pods cannot become ready"),) if status is Status.FAILED else ()
    return Rollout(
        status, "", wanted=2, ready=told.get("ready", 2 if status is Status.CURRENT else 0), old_ready=0 if status is Status.CURRENT else 2,
        restarts=told.get("restarts", 0), started=START, finished=START + 60 if status is Status.CURRENT else 0.0, failures=failures,
    )  # fmt: skip


def series(value: Any) -> tuple[Series, ...]:
    """A number, or label value -> number for one label `[label, {value: number}]`."""
    if isinstance(value, list):
        label, found = value
        return tuple(Series({label: key}, ((START + 120, float(number)),)) for key, number in found.items())
    return (Series({}, ((START + 120, float(value)),)),)


def count(pair: list[float], *, after: bool) -> Count:
    return Count(pair[0], pair[1], START + 120 if after else START - 3600, START + 420 if after else START)


def pairs(told: dict[str, Any]) -> dict[str, tuple[Count, Count]]:
    return {key: (count(before, after=False), count(after, after=True)) for key, (before, after) in told.items()}


def assessment(told: dict[str, Any] | None) -> Assessment | None:
    if told is None:
        return None
    outcome = Outcome(told.get("outcome", "fail"))
    measures = tuple(
        Measure(name, Outcome(verdict), "measured", f"{name} rose", count(before, after=False), count(now, after=True))
        for name, (verdict, before, now) in told.get("measures", {}).items()
    )
    return Assessment(
        outcome,
        tuple(Reason(outcome, code, message) for code, message in told.get("reasons", [])),
        START + 420,
        measures=measures,
        saturation=tuple(Saturation(*row) for row in told.get("saturation", [])),
        codes=pairs(told.get("codes", {})),
        pods=pairs({pod_name(key): value for key, value in told.get("pods", {}).items()}),
        routes=pairs(told.get("routes", {})),
        transition=count(told["transition"], after=True) if "transition" in told else None,
    )


def table() -> str:
    """The table of docs/diagnosis.md: every case and the first cause that is named for it."""
    from atmos_cli.verify.diagnosis import diagnose

    rows = [
        "| rule | case | first cause | confidence | blames the commit | in truth | right? |",
        "|---|---|---|---|---|---|---|",
    ]
    told = {True: "yes", False: "no", None: "not known"}
    right = 0
    found = sorted(
        cases(),
        key=lambda case: (
            not case.rule.startswith("R"),
            int(case.rule[1:] or 0) if case.rule[1:].isdigit() else 0,
            case.name,
        ),
    )
    for case in found:
        causes = diagnose(case.evidence)
        cause = causes[0] if causes else None
        good = case.rule == "none" if cause is None else cause.rule in (case.rule, *case.also)
        right += good
        said = (
            f"{cause.rule}: {cause.title.replace('|', '/')} | {cause.confidence:.2f} | {told[cause.blames]}"
            if cause
            else "none | | "
        )
        rows.append(f"| {case.rule} | {case.name} | {said} | {told[case.blames]} | {'yes' if good else '**no**'} |")
    return "\n".join([f"{right} of {len(found)} right.", "", *rows, ""])


if __name__ == "__main__":
    page = Path(__file__).parents[2] / "docs" / "diagnosis.md"
    head, _, _ = page.read_text().partition("<!-- cases -->\n")
    page.write_text(f"{head}<!-- cases -->\n{table()}")
