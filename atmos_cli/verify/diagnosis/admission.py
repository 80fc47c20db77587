"""Rules R27 to R29, R47, R48: what the API server or the engine refuses, and Jobs that give up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import mappings
from atmos_cli.verify.diagnosis.finding import EXACT, IMAGE, SYMPTOM, Suspect, quoted, word
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.failures import given_up
from atmos_cli.verify.masking import plain_text, shown
from atmos_cli.verify.seen import Arrival

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.fields import Condition

_LEVEL = re.compile(r'violates PodSecurity "(?P<level>[^"]{1,60})": (?P<what>.{1,400})')
_FIELD = re.compile(r"(?P<field>spec(?:\.[A-Za-z]{1,60}|\[[^\]]{1,60}\]){1,8})")
# What a refusal demands -> what a commit would have changed to be refused.
_DEMANDS = (
    ("PodSecurity", ("securityContext", "privileged", "host", "volume", "container")),
    ("image", (IMAGE,)),
    ("limit", ("limit", "resources")),
    ("usage per", ("limit", "request", "resources")),
    ("label", ("labels",)),
    ("runAs", ("securityContext", "runAs")),
    ("probe", ("probe",)),
    ("replicas", ("replicas",)),
)
_NOT_THE_JOB = ("DB_SCHEMA", "DB_LOCK", "DB_AUTH", "REFUSED", "DNS", "POOL_SERVER", "NET_TIMEOUT", "TLS")
_BUILD = re.compile(
    r"kustomize build failed|Failed to load target state|Manifest generation error|accumulating resources"
    r"|helm template",
    re.IGNORECASE,
)


def admission_rules(facts: Facts) -> Iterator[Suspect]:
    for said in facts.failed_create:
        found = _refused(facts, said)
        if found is not None:
            yield found
            break
    yield from _manifest(facts)
    yield from _jobs(facts)


def _refused(facts: Facts, said: str) -> Suspect | None:
    evidence = (shown(said),)
    if RX["NO_ACCOUNT"].search(said):
        return _account(facts, said, evidence)
    if RX["QUOTA"].search(said):
        return _quota(facts, said, evidence)
    if RX["ADMISSION"].search(said):
        return _policy(facts, said, evidence)
    return None


def _quota(facts: Facts, said: str, evidence: tuple[str, ...]) -> Suspect:
    match = RX["QUOTA"].search(said)
    found = match.groupdict() if match else {}
    if found.get("quota2"):
        title = f"ResourceQuota {found['quota2']} demands {found['must']} of every container"
        hint = f"{title}: set it in service.yaml."
    else:
        title = f"ResourceQuota {found.get('quota')} is full"
        hint = (
            f"{title}: requested {found.get('asked')}, used {found.get('used')} of {found.get('limit')}. "
            "A rollout also needs room for the surge pods."
        )
    return Suspect(
        rule="R27",
        title=shown(title),
        hint=shown(hint),
        confidence=0.95,
        specificity=EXACT,
        evidence=evidence,
        subject=(
            r"(?:cpu|memory|storage)\S* (?:limit|request)",
            "requests",
            "limits",
            "replicas",
            "maxSurge",
            "ResourceQuota/",
            "resources",
        ),
        next=f"kubectl -n {facts.namespace} describe resourcequota",
    )


def _policy(facts: Facts, said: str, evidence: tuple[str, ...]) -> Suspect:
    level = _LEVEL.search(said)
    match = RX["ADMISSION"].search(said)
    found = match.groupdict() if match else {}
    who = found.get("webhook") or found.get("policy")
    if "failed calling webhook" in said:
        return Suspect(
            rule="R28",
            title="an admission webhook does not answer",
            hint="The API server cannot reach an admission webhook and refuses pods until it can. This is not "
            "your change.",
            confidence=0.85,
            specificity=EXACT,
            evidence=evidence,
            subject=(),
            next="kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            elsewhere=True,
        )
    if level:
        title, what = f"Pod Security level {level['level']} refuses the pod", level["what"]
    elif who:
        title, what = f"policy {who} refuses the pod", said.partition("denied the request:")[2].strip() or said
    else:
        title, what = "a LimitRange refuses the pod", said.partition("is forbidden:")[2].strip() or said
    return Suspect(
        rule="R28",
        title=shown(title),
        hint=shown(f"{title}: {what}"),
        confidence=0.95,
        specificity=EXACT,
        evidence=evidence,
        subject=tuple(subject for demand, subjects in _DEMANDS if demand in said for subject in subjects),
        next=f"kubectl -n {facts.namespace} get events --field-selector reason=FailedCreate",
    )


def _account(facts: Facts, said: str, evidence: tuple[str, ...]) -> Suspect:
    match = RX["NO_ACCOUNT"].search(said)
    name = (match["account"] or match["account2"].rpartition("/")[2]) if match else ""
    return Suspect(
        rule="R29",
        title=f"ServiceAccount {name} does not exist",
        hint=f"ServiceAccount {name} is not in namespace {facts.namespace}: add it to the manifests, or correct "
        "the name.",
        confidence=0.95,
        specificity=EXACT,
        evidence=evidence,
        subject=("serviceAccountName", "ServiceAccount/", word(name)),
        next=f"kubectl -n {facts.namespace} get serviceaccounts",
    )


def _manifest(facts: Facts) -> Iterator[Suspect]:
    delivery = facts.evidence.delivery
    said = delivery.message if delivery else ""
    immutable = RX["IMMUTABLE"].search(said)
    if delivery is None or not said or not (immutable or (delivery.arrival is Arrival.FAILED and _BUILD.search(said))):
        return
    match = _FIELD.search(said)
    field = match["field"] if match else "a field"
    named = re.search(r'([A-Z][A-Za-z]{2,40})(?:\.[\w.-]{1,80})? "([^"]{1,253})" is invalid', said)
    what = f"{named[1]}/{named[2]}" if named else "the object"
    yield Suspect(
        rule="R48",
        title=f"{field} of {what} cannot be changed" if immutable else "the engine cannot build the manifests",
        hint=f"{field} of {what} is immutable: give the object another name, or delete it and let the engine make "
        "it again."
        if immutable
        else "The engine cannot build the manifests of this commit: see its message.",
        confidence=0.95 if immutable else 0.85,
        specificity=EXACT,
        evidence=(shown(said),),
        subject=tuple(re.escape(step) for step in field.split(".")[1:2]) if immutable else (".",),
        next=f"kubectl -n {facts.namespace} delete {what.lower()}" if immutable and named else "atmos validate",
    )


def _jobs(facts: Facts) -> Iterator[Suspect]:
    for job in facts.of_kind("Job"):
        end = given_up(job)
        if end.true:
            yield _job(facts, job, end)
            return


def _job(facts: Facts, job: Resource, end: Condition) -> Suspect:
    name = plain_text(job, "metadata", "name")
    pods = [pod for pod in facts.new_pods if pod.owner == name]
    codes = [one.code for pod in pods for c in pod.containers for one in c.ends if one.code]
    lines = [line for line in facts.lines if line.pod in {pod.name for pod in pods}]
    late = end.reason == "DeadlineExceeded"
    exited = f" with exit code {codes[0]}" if codes else ""
    last = next((line for line in reversed(lines) if line.text.strip()), None)
    explained = any(RX[rule].search(line.text) for line in lines for rule in _NOT_THE_JOB)
    containers = mappings(job, "spec", "template", "spec", "containers")
    return Suspect(
        rule="R47",
        title=f"Job {name} {'took longer than its activeDeadlineSeconds' if late else f'failed{exited}'}",
        hint=f"Job {name} {'ran out of time' if late else f'failed{exited} and is not tried again'}"
        + (f": {shown(last.text, most=200)}" if last else "; its log is empty or gone."),
        confidence=0.9,
        specificity=SYMPTOM if explained else EXACT,
        evidence=(shown(f"Job {name}: {end.reason}: {end.message}"), *(quoted(line) for line in lines[-2:])),
        subject=(rf"Job/{re.escape(name)}", IMAGE, *(word(plain_text(c, "name")) for c in containers)),
        next=f"kubectl -n {facts.namespace} logs job/{name} --tail=50",
        at=end.since,
        unsure=explained,
    )
