"""Rules R30, R31: rights that a program lacks, in the cluster and in the cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, Suspect, certainty, from_lines, word
from atmos_cli.verify.masking import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts


def access_rules(facts: Facts) -> Iterator[Suspect]:
    if facts.hurting:
        yield from _cluster(facts)
        yield from _cloud(facts)


def _cluster(facts: Facts) -> Iterator[Suspect]:
    first = next(facts.matching("RBAC"), None)
    if first is None:
        return
    line, match = first
    verb, resource = match["verb"], match["named"] or match["resource"]
    space, _, account = match["account"].partition(":")
    yield Suspect(
        rule="R30",
        title=f"ServiceAccount {account} may not {verb} {resource}",
        hint=f"Grant `{verb}` on {resource} to ServiceAccount {account} in namespace {space}: a Role and a "
        "RoleBinding.",
        confidence=0.92 if line.novel else 0.6,
        specificity=EXACT,
        evidence=from_lines(facts, "RBAC"),
        subject=("Role/", "RoleBinding/", "serviceAccountName", "ServiceAccount/", word(account), IMAGE),
        next=f"kubectl auth can-i {verb} {resource} -n {space} --as=system:serviceaccount:{space}:{account}",
    )


def _cloud(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "CLOUD_IAM", novel=0.85, stale=0.5)
    if not sure:
        return
    name = next((a for p in facts.new_pods if (a := plain_text(p.object, "spec", "serviceAccountName"))), "default")
    account = facts.named("ServiceAccount", name)
    notes = plain_text(account, "metadata", "annotations", "eks.amazonaws.com/role-arn") or plain_text(
        account, "metadata", "annotations", "iam.gke.io/gcp-service-account"
    )
    bound = f" It is bound to {notes}." if notes else " No role is annotated on it." if account else ""
    yield Suspect(
        rule="R31",
        title="the cloud refuses the program's identity",
        hint=f"The cloud refuses what ServiceAccount {name} asks for: its role is missing or lacks a "
        f"permission.{bound}",
        confidence=sure,
        specificity=EXACT if sure > 0.8 else CAUSE,
        evidence=from_lines(facts, "CLOUD_IAM"),
        subject=(
            "role-arn",
            "gcp-service-account",
            "azure.workload",
            "serviceAccountName",
            "ServiceAccount/",
            "AWS_",
            "GOOGLE_",
            "AZURE_",
        ),
        next=f"kubectl -n {facts.namespace} get serviceaccount {name} -o yaml",
    )
