"""The causes that all rules find in the evidence, ranked by how near to the cause, how sure and how early they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.diagnosis.access import access_rules
from atmos_cli.verify.diagnosis.admission import admission_rules
from atmos_cli.verify.diagnosis.database import database_rules
from atmos_cli.verify.diagnosis.facts import facts_of
from atmos_cli.verify.diagnosis.finding import related
from atmos_cli.verify.diagnosis.images import image_rules
from atmos_cli.verify.diagnosis.network import network_rules
from atmos_cli.verify.diagnosis.probes import probe_rules
from atmos_cli.verify.diagnosis.resources import resource_rules
from atmos_cli.verify.diagnosis.routing import routing_rules
from atmos_cli.verify.diagnosis.scheduling import scheduling_rules
from atmos_cli.verify.diagnosis.start import start_rules
from atmos_cli.verify.diagnosis.traffic import traffic_rules
from atmos_cli.verify.diagnosis.unknown import unknown_rules
from atmos_cli.verify.model import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.diagnosis.finding import Suspect
    from atmos_cli.verify.model import Evidence, ObjectFieldChange

MOST = 3
LIKELY = 0.45
BOOST = 0.05
UNSURE = 0.7

RULES: tuple[Callable[[Facts], Iterable[Suspect]], ...] = (
    image_rules,
    start_rules,
    scheduling_rules,
    admission_rules,
    resource_rules,
    probe_rules,
    database_rules,
    access_rules,
    network_rules,
    routing_rules,
    traffic_rules,
)


def diagnose(evidence: Evidence) -> tuple[Cause, ...]:
    """Return at most 3 causes, the likeliest first; none when nothing is wrong. Never raises on damaged evidence."""
    facts = facts_of(evidence)
    if not facts.troubled:
        return ()
    found = [finding for rules in RULES for finding in rules(facts)]
    if not any(finding.confidence >= LIKELY for finding in found):
        found += unknown_rules(facts)
    ranked = sorted(_distinct(found), key=lambda finding: _rank(finding, evidence.changes))
    return tuple(_cause(finding, related(finding, evidence.changes)) for finding in ranked[:MOST])


def _distinct(found: Iterable[Suspect]) -> list[Suspect]:
    """Return one finding of each rule, the surest."""
    best: dict[str, Suspect] = {}
    for finding in found:
        if finding.rule not in best or finding.confidence > best[finding.rule].confidence:
            best[finding.rule] = finding
    return list(best.values())


def _rank(finding: Suspect, changes: Iterable[ObjectFieldChange]) -> tuple[float, float, float, str]:
    changed = related(finding, changes)
    near = finding.specificity + (0.5 if _speaks_of_more_than_the_image(changed) else 0.0)
    near -= 1.5 if finding.confidence < UNSURE else 0.0
    return -near, -finding.confidence, finding.at or float("inf"), finding.rule


def _speaks_of_more_than_the_image(changed: tuple[ObjectFieldChange, ...]) -> bool:
    """Check for changes beside an image: nearly every deployment has a new one, so it lifts no rule over another."""
    return any(change.path[-1:] != ("image",) for change in changed)


def _cause(finding: Suspect, changed: tuple[ObjectFieldChange, ...]) -> Cause:
    boost = BOOST if changed else 0.0
    blames = None if finding.unsure or not (changed or finding.elsewhere) else not finding.elsewhere
    return Cause(
        rule=finding.rule,
        title=finding.title,
        hint=finding.hint,
        confidence=round(min(finding.confidence + boost, 0.99), 2),
        evidence=finding.evidence,
        changed=changed,
        next=finding.next,
        at=finding.at,
        blames=blames,
    )
