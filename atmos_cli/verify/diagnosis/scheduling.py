"""Rules R14, R24 to R26: pods that find no node, and volumes that cannot be bound or mounted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import mappings
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, Suspect, word
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.diagnosis.references import absent, missing_reference
from atmos_cli.verify.fields import conditions
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.diagnosis.workload import SeenPod

_PLACES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"untolerated taint|had taints? that", "the nodes have taints that the pod does not tolerate", ("tolerations",)),
    (
        r"node affinity/selector|node selector",
        "no node has the labels that nodeSelector or node affinity asks for",
        ("nodeSelector", "affinity"),
    ),
    (
        r"anti-affinity",
        "pod anti-affinity leaves no node: there are fewer nodes than pods that must be apart",
        ("affinity", "replicas", "maxSurge"),
    ),
    (r"didn't match pod affinity", "no node runs the pods that pod affinity wants as neighbours", ("affinity",)),
    (
        r"topology spread constraints",
        "the spread constraints leave no node, or nodes lack their topology label",
        ("topologySpread", "replicas"),
    ),
    (r"Too many pods", "the nodes run as many pods as they may", ("replicas",)),
    (r"didn't have free ports", "the hostPort is taken on every node", ("hostPort", "hostNetwork")),
    (r"were unschedulable", "the remaining nodes are cordoned", ()),
)


def scheduling_rules(facts: Facts) -> Iterator[Suspect]:
    for pod in facts.new_pods:
        said, since = _unscheduled(facts, pod)
        if not said:
            continue
        if RX["SCHED_VOL"].search(said):
            yield _volume(facts, pod, said, since)
        elif RX["SCHED_RES"].search(said):
            yield _resources(facts, pod, said, since)
        elif RX["SCHED_PLACE"].search(said):
            yield _place(facts, pod, said, since)
        else:
            continue
        return
    yield from _mounts(facts)


def _unscheduled(facts: Facts, pod: SeenPod) -> tuple[str, float]:
    for row in conditions(pod.object):
        if row.type == "PodScheduled" and row.false:
            said = [e.message for e in facts.events_of("FailedScheduling") if e.name == pod.name]
            return _verdict(row.message or next(iter(said), "")), row.since
    return "", 0.0


def _verdict(said: str) -> str:
    """Cut off what preemption says, which repeats the counts of nodes."""
    return said.partition(" preemption:")[0]


def _resources(facts: Facts, pod: SeenPod, said: str, since: float) -> Suspect:
    short = sorted({match["what"] for match in RX["SCHED_RES"].finditer(said)})
    asked = []
    for what in short:
        wants = [plain_text(c.spec, "resources", "requests", what) for c in pod.containers if not c.init]
        asked.append(f"{what}={'+'.join(want for want in wants if want) or '?'}")
    scaling = next((e for e in facts.events_of("NotTriggerScaleUp") if e.name == pod.name), None)
    more = " The autoscaler does not add a node for it either." if scaling else ""
    return Suspect(
        rule="R24",
        title=f"no node has room for {', '.join(asked)}",
        hint=f"No node fits {', '.join(asked)}.{more} Lower the requests in service.yaml, or add nodes.",
        confidence=0.93,
        specificity=EXACT,
        evidence=tuple(shown(f"pod {pod.name}: {m}") for m in (said, scaling.message if scaling else "") if m),
        subject=(
            r"(?:cpu|memory|storage|gpu)\S* request",
            "requests",
            "replicas",
            "maxSurge",
            r"resources",
            "minReplicas",
        ),
        next="kubectl describe nodes | grep -A8 'Allocated resources'",
        at=since,
    )


def _place(facts: Facts, pod: SeenPod, said: str, since: float) -> Suspect:
    found = [(title, subject) for pattern, title, subject in _PLACES if re.search(pattern, said)]
    titles = [title for title, _ in found]
    return Suspect(
        rule="R25",
        title=titles[0] if titles else "no node may run the pod",
        hint=f"No node fits: {'; '.join(titles)}. Change the rule in Git, or label or add nodes.",
        confidence=0.88,
        specificity=EXACT,
        evidence=(shown(f"pod {pod.name}: {said}"),),
        subject=tuple(part for _, subject in found for part in subject),
        next=f"kubectl -n {facts.namespace} describe pod {pod.name}",
        at=since,
    )


def _volume(facts: Facts, pod: SeenPod, said: str, since: float) -> Suspect:
    match = RX["SCHED_VOL"].search(said)
    used = [plain_text(v, "persistentVolumeClaim", "claimName") for v in mappings(pod.object, "spec", "volumes")]
    name = (match["claim"] if match else "") or next((claim for claim in used if claim), "")
    claim = facts.named("PersistentVolumeClaim", name)
    class_name = plain_text(claim, "spec", "storageClassName")
    events = [
        e for e in facts.events_of("ProvisioningFailed", "FailedBinding", "WaitForFirstConsumer") if e.name == name
    ]
    absent_class = next((m["class"] for e in events if (m := RX["CLASS_MISSING"].search(e.message))), "")
    known = {plain_text(o, "metadata", "name") for o in facts.of_kind("StorageClass")}
    if not absent_class and class_name and known and class_name not in known:
        absent_class = class_name
    if "not found" in said:
        why = "does not exist"
    elif absent_class:
        why = f"is not bound: StorageClass {absent_class} does not exist"
    elif "node affinity conflict" in said:
        why = "lies in a zone or on a node where the pod may not run"
    elif "max volume count" in said:
        why = "finds no node that may attach one volume more"
    else:
        why = "is not bound to a volume"
    return Suspect(
        rule="R26",
        title=f"PersistentVolumeClaim {name} {why}".replace("  ", " "),
        hint=f"PersistentVolumeClaim {name} {why}.".replace("  ", " "),
        confidence=0.93,
        specificity=EXACT,
        evidence=(
            shown(f"pod {pod.name}: {said}"),
            *(shown(f"PersistentVolumeClaim {name}: {e.message}") for e in events[:1]),
        ),
        subject=(
            "PersistentVolumeClaim/",
            "storageClassName",
            "volume",
            "persistentVolumeClaim",
            *([word(name)] if name else []),
        ),
        next=f"kubectl -n {facts.namespace} describe pvc {name}".rstrip(),
        at=since,
    )


def _mounts(facts: Facts) -> Iterator[Suspect]:
    pods = {pod.name for pod in facts.new_pods if not pod.ready}
    for event in facts.events_of("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
        if event.name not in pods or RX["CACHE"].search(event.message):
            continue
        evidence = (shown(f"pod {event.name}: {event.message}"),)
        kind, name, key = missing_reference(event.message)
        if name or key:
            yield absent(facts, kind, name, key, evidence, rule="R14")
        else:
            yield _mount(facts, event.message, evidence, event.at)
        return


def _mount(facts: Facts, said: str, evidence: tuple[str, ...], since: float) -> Suspect:
    match = re.search(r'volume "(?P<volume>[^"]{1,253})"', said)
    volume = match["volume"] if match else "a volume"
    attached = "Multi-Attach" in said
    hint = (
        f"Volume {volume} can be attached to one node at a time and another pod still has it: "
        "use `strategy: Recreate` or a StatefulSet."
        if attached
        else f"Volume {volume} cannot be mounted: see the kubelet's message."
    )
    return Suspect(
        rule="R14",
        title=f"volume {volume} is still attached to another node"
        if attached
        else f"volume {volume} cannot be mounted",
        hint=hint,
        confidence=0.92 if attached else 0.75,
        specificity=EXACT if attached else CAUSE,
        evidence=evidence,
        subject=("volume", "PersistentVolumeClaim", "strategy", "maxSurge", "mount"),
        next=f"kubectl -n {facts.namespace} describe pod {evidence[0].split()[1].rstrip(':')}",
        at=since,
    )
