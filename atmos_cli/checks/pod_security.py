"""The Pod Security Standards, `baseline` and `restricted`, on every pod template: what the namespace would refuse.

The rules and the versions in which they changed are those of the admission plugin (k8s.io/pod-security-admission); a
finding leads to the exact field, where the plugin only names the container.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.checks.pod_baseline import BASELINE, CAPABILITIES, PROFILES, Seen, Violation, added_capabilities
from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code
from atmos_cli.kube.shape import at, items, text, text_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, PodTemplate, SubjectFacts

VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)


@check(
    "pod-security",
    Code.POD_SECURITY,
    summary="every pod template passes the Pod Security level that its namespace enforces",
)
def pod_security(facts: SubjectFacts) -> Iterator[Finding]:
    match = re.match(r"v?1\.(\d{1,4})", facts.subject.kubernetes)
    minor = int(match[1]) if match else 10**4
    for pod in facts.pods:
        for violation in violations(pod, minor=minor, level=facts.subject.pod_security):
            message = f"{violation.message} (Pod Security {facts.subject.pod_security})"
            yield pod.item.finding(Code.POD_SECURITY, violation.path, message, hint=violation.hint)


def violations(pod: PodTemplate, *, minor: int, level: str) -> Iterator[Violation]:
    """Yield what the level (`privileged`, `baseline` or `restricted`) of Kubernetes 1.`minor` refuses in the pod."""
    if level == "privileged":
        return
    holders = (
        (pod.path, pod.spec, "the pod"),
        *((path, container, f'container "{text(container, "name")}"') for path, container in pod.containers()),
    )
    windows = at(pod.spec, "os", "name") == "windows"
    seen = Seen(pod, minor, windows, holders)
    for rule in BASELINE if level == "baseline" else (*BASELINE, *_RESTRICTED):
        yield from rule(seen)


def _seccomp(seen: Seen) -> Iterator[Violation]:
    if seen.windows or at(seen.pod.spec, "securityContext", "seccompProfile", "type") in PROFILES:
        return
    bare = [
        who for _, one, who in seen.containers if not isinstance(at(one, "securityContext", "seccompProfile"), dict)
    ]
    if bare:
        where = (*seen.pod.path, "securityContext", "seccompProfile", "type")
        hint = "set securityContext.seccompProfile.type: RuntimeDefault on the pod"
        yield Violation(where, f"{', '.join(bare)} must use a seccomp profile", hint)


def _escalation(seen: Seen) -> Iterator[Violation]:
    if seen.windows:
        return
    for path, container, who in seen.containers:
        if at(container, "securityContext", "allowPrivilegeEscalation") is not False:
            where = (*path, "securityContext", "allowPrivilegeEscalation")
            message = f"{who} must not allow privilege escalation"
            yield Violation(where, message, "set securityContext.allowPrivilegeEscalation: false on the container")


def _capabilities(seen: Seen) -> Iterator[Violation]:
    if seen.windows:
        return
    for path, container, who in seen.containers:
        if "ALL" not in dict(text_items(container, "securityContext", "capabilities", "drop")).values():
            where = (*path, "securityContext", "capabilities", "drop")
            hint = "set securityContext.capabilities.drop: [ALL] on the container"
            yield Violation(where, f"{who} must drop all capabilities", hint)
    # What baseline refuses is reported by its own rule already.
    yield from added_capabilities(seen, refused=lambda name: name in CAPABILITIES and name != "NET_BIND_SERVICE")


def _non_root(seen: Seen) -> Iterator[Violation]:
    explicit = False
    for path, holder, who in seen.holders:
        if at(holder, "securityContext", "runAsNonRoot") is False:
            explicit = True
            where = (*path, "securityContext", "runAsNonRoot")
            yield Violation(where, f"{who} must not run as root", "set runAsNonRoot: true")
    if explicit or at(seen.pod.spec, "securityContext", "runAsNonRoot") is True:
        return
    bare = [who for _, one, who in seen.containers if at(one, "securityContext", "runAsNonRoot") is None]
    if bare:
        where = (*seen.pod.path, "securityContext", "runAsNonRoot")
        hint = "set securityContext.runAsNonRoot: true on the pod"
        yield Violation(where, f"{', '.join(bare)} must not run as root", hint)


def _root_user(seen: Seen) -> Iterator[Violation]:
    for path, holder, who in seen.holders:
        user = at(holder, "securityContext", "runAsUser")
        if user == 0 and user is not False:
            where = (*path, "securityContext", "runAsUser")
            yield Violation(where, f"{who} must not run as user 0", "set another user, or remove runAsUser")


def _volume_types(seen: Seen) -> Iterator[Violation]:
    for index, volume in items(seen.pod.spec, "volumes"):
        sources = [key for key, value in volume.items() if key != "name" and value is not None]
        if sources and not VOLUMES.intersection(sources) and sources != ["hostPath"]:
            where = (*seen.pod.path, "volumes", index, sources[0])
            message = f'volume "{text(volume, "name")}" must not be of the type {sources[0]}'
            yield Violation(where, message, f"allowed: {', '.join(sorted(VOLUMES))}")


_RESTRICTED = (_seccomp, _escalation, _capabilities, _non_root, _root_user, _volume_types)
