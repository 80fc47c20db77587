"""Images say which version runs: by digest, or by a tag that is not `latest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.foreign import shell
from atmos_cli.kube.shape import text
from atmos_cli.versions.judge import gone_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, Subject, SubjectFacts

_PLACEHOLDER = "registry.example.com/"


@check(
    "images",
    Code.IMAGE_UNPINNED,
    Code.IMAGE_PLACEHOLDER,
    Code.IMAGE_GONE,
    Code.SCHEMA_INVALID,
    summary="every container has an image with a digest or a tag other than latest, which somebody still serves",
)
def images(facts: SubjectFacts) -> Iterator[Finding]:
    for pod in facts.pods:
        for path, container in pod.containers():
            image, where = text(container, "image"), (*path, "image")
            who = f'container "{text(container, "name")}"'
            if not image:
                if container.get("image") in (None, ""):
                    yield pod.item.finding(Code.SCHEMA_INVALID, where, f"{who} has no image", hint="set image")
            elif is_placeholder(image, facts.subject.made_up_image):
                message = f"{who} has the placeholder image {image[:120]}"
                hint = _how_to_fill(image, facts.subject)
                yield pod.item.finding(Code.IMAGE_PLACEHOLDER, where, message, hint=hint, severity=Severity.WARNING)
            elif gone := gone_image(facts.subject.versions, image):
                message = f"{who} has the image {image[:120]}, which is gone since {gone.since}: {gone.why}"
                severity = Severity.WARNING
                yield pod.item.finding(Code.IMAGE_GONE, where, message, hint=gone.instead, severity=severity)
            elif problem := _unpinned(image):
                hint = "name a version, such as :1.4.2, or better a digest, @sha256:..."
                yield pod.item.finding(
                    Code.IMAGE_UNPINNED, where, f"{who} has the image {image[:120]}, {problem}", hint=hint
                )


def is_placeholder(image: str, made_up: str) -> bool:
    """Return whether an image is one that atmos writes when it knows none: `made_up`, where that is not empty."""
    return image.startswith(_PLACEHOLDER) or (bool(made_up) and image == made_up)


def _how_to_fill(image: str, subject: Subject) -> str:
    name = f"{shell(subject.team)}/{shell(subject.service)}"
    hint = f"atmos deploy {name} --env {shell(subject.environment)} --image NAME:TAG"
    if image.startswith(_PLACEHOLDER):
        return hint
    return f"{hint}; if this very image is built, write `image: {image[:120]}` into service.yaml"


def _unpinned(image: str) -> str:
    name, _, digest = image.partition("@")
    if digest:
        return ""
    tag = name.rpartition("/")[2].partition(":")[2]
    if not tag:
        return "which has no tag: latest is pulled, whatever that is at the time"
    return "whose tag moves: nobody can tell which version runs" if tag == "latest" else ""
