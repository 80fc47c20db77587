"""What new overlays begin with: the images that run in another environment, not the first ones of the spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.images import is_placeholder
from atmos_cli.diagnostics import AtmosError, Diagnostic, Severity
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import edited
from atmos_cli.gitops.repository import Deployment
from atmos_cli.kube.shape import items, mappings
from atmos_cli.yamlio.edit import RemoveValue, SetValue
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.gitops.services import ServiceName
    from atmos_cli.ports import FileTree
    from atmos_cli.yamlio.edit import Edit

# What of an image entry is the version that runs.
_VERSION = ("newName", "newTag", "digest")
# Why images must not come to a deployment, since they were rolled back there; nothing where they may.
Barred = Callable[[Deployment, Iterable[str]], tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class FirstImages:
    """The images that a new overlay begins with, and the environment `source` where they run.

    `source` is empty where no environment has any to begin with. `avoided`: why not those of nearer ones.
    """

    environment: str
    source: str
    images: tuple[str, ...]
    avoided: tuple[Diagnostic, ...] = ()


def no_image(deployment: Deployment, images: Iterable[str]) -> tuple[Diagnostic, ...]:
    """Return nothing: no image is barred."""
    del deployment, images
    return ()


def with_running_images(
    made: bytes, running: bytes | None, *, path: str, called: Mapping[str, str] | None = None
) -> bytes:
    """Return a generated kustomization with the versions that the `images` of `running` have.

    `called`: what an entry is called there, by its name here. Raises AtmosError where either cannot be read.
    """
    there = _entries(running)
    edits: list[Edit] = []
    for index, entry in items(load(made), "images"):
        name = str(entry.get("name"))
        now: Mapping[str, Any] = there.get((called or {}).get(name, name), entry)
        edits += [SetValue(("images", index, key), now[key]) for key in _VERSION if key in now]
        edits += [RemoveValue(("images", index, key)) for key in _VERSION if key in entry and key not in now]
    return edited(made, edits, path=path)


def first_images(
    tree: FileTree,
    name: ServiceName,
    files: Mapping[str, bytes | None],
    environments: Sequence[str],
    *,
    like: str = "",
    placeholder: str,
    barred: Barred,
) -> Iterator[tuple[FirstImages, str, bytes]]:
    """Yield each overlay of `files` that is new, as it begins with the images of another one: what, path, content.

    Of the environments, in their order: `like`, then those before it, the nearest first, then those behind it; the
    first one where something was deployed that nobody rolled back, there or in the new one. `placeholder` is the image
    that atmos makes up until then.
    """
    for environment in environments:
        path = _overlay(name.directory, environment)
        made = files.get(path)
        if made is None or tree.read(path) is not None:
            continue
        avoided: list[Diagnostic] = []
        for source in _sources(environment, environments, like):
            there = tree.read(_overlay(name.directory, source))
            try:
                images = tuple(map(_reference, _entries(there).values()))
                if not images or any(is_placeholder(each, placeholder) for each in images):
                    continue
                bad = (found for each in (source, environment) for found in barred(Deployment(*name, each), images))
                if problem := next(bad, None):
                    avoided.append(_avoided(problem, name, environment, source))
                    continue
                changed = with_running_images(made, there, path=path)
                begun = tuple(map(_reference, _entries(changed).values()))
            except AtmosError:
                continue  # whoever builds that one says so
            yield FirstImages(environment, source, begun, tuple(avoided)), path, changed
            break
        else:
            if avoided:
                yield FirstImages(environment, "", (), tuple(avoided)), path, made


def _avoided(problem: Diagnostic, name: ServiceName, environment: str, source: str) -> Diagnostic:
    message = f"{environment} does not begin with the images of {source}: {problem.message}"
    hint = f"for another one: atmos deploy {shell(str(name))} --env {shell(environment)} --image NAME:TAG"
    return replace(problem, severity=Severity.WARNING, message=message, hint=hint, environment=environment)


def _sources(environment: str, environments: Sequence[str], like: str) -> list[str]:
    at = environments.index(environment)
    return [*dict.fromkeys((*([like] if like else []), *reversed(environments[:at]), *environments[at + 1 :]))]


def _overlay(directory: str, environment: str) -> str:
    return f"{directory}/overlays/{environment}/kustomization.yaml"


def _entries(data: bytes | None) -> dict[str, Mapping[str, Any]]:
    return {str(each.get("name")): each for each in mappings(load(data) if data else None, "images")}


def _reference(entry: Mapping[str, Any]) -> str:
    tag, digest = entry.get("newTag"), entry.get("digest")
    return f"{entry.get('newName') or entry.get('name')}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
