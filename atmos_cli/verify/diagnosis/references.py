"""Secrets and ConfigMaps that a pod refers to and that do not exist (rules R13, R14)."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import mapping, mappings
from atmos_cli.verify.diagnosis.finding import EXACT, Suspect, word
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from atmos_cli.verify.diagnosis.facts import Facts


def missing_reference(message: str) -> tuple[str, str, str]:
    """Return the (kind, name, key) that a kubelet's message says do not exist; each "" where it does not say."""
    match = RX["REF_MISSING"].search(message)
    if match is None:
        return "", "", ""
    found = {key: value or "" for key, value in match.groupdict().items()}
    kind = (found["kind"] or found["kind2"] or found["kind3"]).lower()
    name = found["name"] or found["name2"].rpartition("/")[2]
    title = {"secret": "Secret", "configmap": "ConfigMap", "config": "ConfigMap"}.get(kind, kind)
    return title, name, found["key"] or found["key3"]


def absent(facts: Facts, kind: str, name: str, key: str, evidence: tuple[str, ...], *, rule: str) -> Suspect:
    """Return the finding that a pod refers to a Secret or ConfigMap, or to a key of it, that does not exist."""
    what = f"key {key} of {kind} {name}" if key else f"{kind} {name}"
    source = _source_of(facts, name)
    place = f"namespace {facts.namespace}"
    keys = mapping(facts.named(kind, name), "data") if name else {}
    near = difflib.get_close_matches(key, list(keys), n=1) if key else []
    hint = f"The pod refers to {what}, which does not exist in {place}.{source}"
    if near:
        hint += f" The nearest key is {near[0]}."
    return Suspect(
        rule=rule,
        title=f"{what} does not exist",
        hint=hint,
        confidence=0.95,
        specificity=EXACT,
        evidence=evidence,
        subject=tuple(word(part) for part in (name, key) if part),
        next=f"kubectl -n {facts.namespace} get {kind.lower() or 'secret'} {name}".rstrip(),
    )


def _source_of(facts: Facts, name: str) -> str:
    for kind in ("ExternalSecret", "SealedSecret"):
        for owner in facts.of_kind(kind):
            target = plain_text(owner, "spec", "target", "name") or plain_text(owner, "metadata", "name")
            if target == name:
                said = next(
                    (
                        plain_text(c, "message")
                        for c in mappings(owner, "status", "conditions")
                        if c.get("status") == "False"
                    ),
                    "",
                )
                status = (
                    shown(said)
                    if said
                    else "not ready"
                    if mapping(owner, "status")
                    else "without a status: is its operator there?"
                )
                return f" {kind} {plain_text(owner, 'metadata', 'name')} should make it: {status}."
    return ""
