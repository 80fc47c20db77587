"""Images say which version runs: by digest, or by a tag that is not `latest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.shape import text
from atmos_cli.versions.judge import gone_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, SubjectFacts

PLACEHOLDER = "registry.example.com/"


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
            elif image.startswith(PLACEHOLDER):
                message = f"{who} has the placeholder image {image[:120]}"
                hint = "put your registry and a built version in its place before the first sync"
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


def _unpinned(image: str) -> str:
    name, _, digest = image.partition("@")
    if digest:
        return ""
    tag = name.rpartition("/")[2].partition(":")[2]
    if not tag:
        return "which has no tag: latest is pulled, whatever that is at the time"
    return "whose tag moves: nobody can tell which version runs" if tag == "latest" else ""
