"""Rules R8 to R11: an image that cannot be pulled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.foreign import shell
from atmos_cli.kube.shape import mappings
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, Suspect
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.diagnosis.workload import Container

_PULL = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
}
_RETRIED = re.compile(r"429|toomanyrequests|rate limit", re.IGNORECASE)


def image_rules(facts: Facts) -> Iterator[Suspect]:
    stuck = [container for container in facts.containers if container.waiting in _PULL]
    seen = set()
    for container in stuck:
        if container.image not in seen:
            seen.add(container.image)
            yield _of(facts, container)


def _of(facts: Facts, container: Container) -> Suspect:
    said, at = _registry_said(facts, container)
    image = container.image or container.name
    evidence = (shown(f"pod {container.pod}/{container.name}: {container.waiting}: {said or 'no reason given'}"),)
    if container.waiting in ("InvalidImageName", "ErrImageNeverPull"):
        return _invalid(container, evidence, at)
    if RX["IMG_PLATFORM"].search(said):
        return Suspect(
            rule="R8",
            title=f"image {image} has no variant for the nodes' architecture",
            hint=f"The image has no variant for the nodes' architecture{_architectures(facts)}; build it for each "
            "of them.",
            confidence=0.95,
            specificity=EXACT,
            evidence=evidence,
            subject=(IMAGE, "nodeSelector", "affinity"),
            next=f"docker buildx imagetools inspect {shell(image)}",
            at=at,
        )
    if RX["THROTTLED"].search(said) or _RETRIED.search(said):
        return _unreachable(image, "limits how often it may be asked", evidence, at, moved=False)
    if RX["IMG_DENIED"].search(said):
        return _denied(facts, container, image, evidence, at)
    if RX["IMG_MISSING"].search(said):
        return _missing(image, evidence, at, 0.95)
    if RX["IMG_NET"].search(said):
        moved = _moved(facts, container)
        return _unreachable(image, "cannot be reached from the node", evidence, at, moved=moved)
    return _missing(image, evidence, at, 0.5)


def _registry_said(facts: Facts, container: Container) -> tuple[str, float]:
    """Return the status or event that says most: after the first back-off older kubelets say it in events only."""
    about = [e for e in facts.events_of("Failed", "FailedPull", "InspectFailed", "BackOff") if e.name == container.pod]
    mine = [e for e in about if not container.image or container.image in e.message] or about
    said = [container.message, *(e.message for e in mine)]
    return max(said, key=_information), min((e.at for e in mine if e.at), default=0.0)


def _information(said: str) -> tuple[bool, int]:
    known = ("IMG_PLATFORM", "THROTTLED", "IMG_DENIED", "IMG_MISSING", "IMG_NET")
    return any(RX[name].search(said) for name in known), len(said)


def _missing(image: str, evidence: tuple[str, ...], at: float, confidence: float) -> Suspect:
    return Suspect(
        rule="R9",
        title=f"image {image} does not exist" if confidence > 0.8 else f"image {image} cannot be pulled",
        hint=f"The registry does not have {image} (yet). Did CI finish pushing it, and is the tag spelled as it "
        "was pushed?"
        if confidence > 0.8
        else f"The node cannot pull {image}, and the registry's answer was not seen. Is the tag pushed?",
        confidence=confidence,
        specificity=EXACT,
        evidence=evidence,
        subject=(IMAGE,),
        next=f"docker manifest inspect {shell(image)}",
        at=at,
    )


def _invalid(container: Container, evidence: tuple[str, ...], at: float) -> Suspect:
    never = container.waiting == "ErrImageNeverPull"
    why = "is not on the node and `imagePullPolicy: Never` forbids to pull it" if never else "is no valid image name"
    return Suspect(
        rule="R9",
        title=f"image `{container.image}` {why}",
        hint=f"`{container.image}` {why}. "
        + ("Set `imagePullPolicy: IfNotPresent`." if never else "Correct it in Git."),
        confidence=0.95,
        specificity=EXACT,
        evidence=evidence,
        subject=(IMAGE, "imagePullPolicy"),
        next=f"git log -1 -p -- '*{container.name}*'",
        at=at,
    )


def _denied(facts: Facts, container: Container, image: str, evidence: tuple[str, ...], at: float) -> Suspect:
    pod = next((pod.object for pod in facts.new_pods if pod.name == container.pod), {})
    names = [plain_text(row, "name") for row in mappings(pod, "spec", "imagePullSecrets")]
    account = plain_text(pod, "spec", "serviceAccountName") or "default"
    where = facts.namespace
    if not names:
        credentials = f"the pod names no imagePullSecrets, and neither does its ServiceAccount {account}"
        step = f"kubectl -n {where} get serviceaccount {account} -o jsonpath='{{.imagePullSecrets}}'"
    else:
        exists = any(facts.named("Secret", name) for name in names)
        credentials = f"the pod uses imagePullSecrets {', '.join(names)}" + (", which exists" if exists else "")
        step = f"kubectl -n {where} get secret {names[0]}"
    return Suspect(
        rule="R10",
        title=f"no permission to pull {image}",
        hint=f"The registry refuses to give {image}: {credentials}. "
        "Some registries also say so of a repository that does not exist.",
        confidence=0.9,
        specificity=EXACT,
        evidence=evidence,
        subject=(
            *((IMAGE,) if _moved(facts, container) else ()),
            "imagePullSecret",
            "ServiceAccount/",
            "serviceAccountName",
            *names,
        ),
        next=step,
        at=at,
    )


def _moved(facts: Facts, container: Container) -> bool:
    """Check whether the commit took the image from another repository, not only another tag."""
    for change in facts.evidence.changes:
        if change.path[-1:] == ("image",) and change.after == container.image and isinstance(change.before, str):
            return _repository(change.before) != _repository(container.image)
    return False


def _repository(image: str) -> str:
    path, _, last = image.partition("@")[0].rpartition("/")
    return f"{path}/{last.partition(':')[0]}"


def _unreachable(image: str, why: str, evidence: tuple[str, ...], at: float, *, moved: bool) -> Suspect:
    return Suspect(
        rule="R11",
        title=f"the registry of {image} {why}",
        hint="This commit names another registry or repository than before, and it cannot be reached: is the name "
        "right?"
        if moved
        else f"The registry {why}; the node tries again by itself. This is not your change.",
        confidence=0.7 if moved else 0.85,
        specificity=CAUSE,
        evidence=evidence,
        subject=(IMAGE,) if moved else (),
        next=f"kubectl get events -A --field-selector reason=Failed | grep {shell(image.partition('/')[0])}",
        at=at,
        elsewhere=not moved,
    )


def _architectures(facts: Facts) -> str:
    found = {plain_text(node, "status", "nodeInfo", "architecture") for node in facts.of_kind("Node")} - {""}
    return f" ({', '.join(sorted(found))})" if found else ""
