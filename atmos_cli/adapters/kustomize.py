"""Builds effective manifests: in process where the portable subset suffices, else by kustomize or kubectl on PATH.

The real tool sees a copy of what the build needs, in a directory of its own, and has no way to the network.
"""

from __future__ import annotations

import re
import resource
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.programs import find_program, own_path
from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.foreign import shell
from atmos_cli.kube.shape import text
from atmos_cli.kustomize import build as portable
from atmos_cli.kustomize.files import MAX_BYTES, NAMES, Files, Reference, join, refuse_remote
from atmos_cli.kustomize.model import Built, Origin, Unsupported, unsupported
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.ports import FileTree

TIMEOUT = 30
_ORIGIN = "config.kubernetes.io/origin"
_LISTING_FILES = ("generators", "transformers", "validators", "configurations")
_HELM = ("helmCharts", "helmChartInflationGenerator")
Pointer = tuple[str | int, ...]


def build(tree: FileTree, directory: str) -> tuple[Built, ...]:
    """Build as `kustomize.build.build` does; what that does not support goes to the real tool, if there is one.

    Raises AtmosError, and Unsupported when nothing on this machine can build it or nothing may (remote bases, charts).
    """
    try:
        return portable.build(tree, directory)
    except Unsupported as beyond:
        if not beyond.delegable:
            raise
        command = _command()
        if command is None:
            raise
    return _build_outside(tree, join("", directory) or "", command)


def _command() -> list[str] | None:
    for name, arguments in (("kustomize", ["build"]), ("kubectl", ["kustomize"])):
        if found := find_program(name):
            return [found, *arguments]
    return None


def _build_outside(tree: FileTree, directory: str, command: list[str]) -> tuple[Built, ...]:
    files = _closure(Files(tree), directory)
    with tempfile.TemporaryDirectory(prefix="atmos-kustomize-") as temporary:
        root = Path(temporary) / "repo"
        for path, data in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        file, traced = _trace_origins(root, directory)
        output = _run([*command, str(root / directory)], Path(temporary), file)
    return tuple(
        _built(document.value, files, file, directory, traced=traced) for document in load_all(output, path=file)
    )


def _run(command: list[str], temporary: Path, file: str) -> bytes:
    """Return standard output. No shell, no flag that enables plugins or charts, and proxies that lead nowhere."""
    nowhere = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
    )
    fixed = {"HOME": str(temporary), "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    environment = {"PATH": own_path(), **fixed, **nowhere}
    answer = temporary / "answer"
    with answer.open("wb") as out:
        try:
            done = subprocess.run(
                command,
                stdout=out,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                env=environment,
                timeout=TIMEOUT,
                check=False,
                preexec_fn=_bounded,
            )
        except subprocess.TimeoutExpired:
            raise fail(
                Code.KUSTOMIZE_INVALID, f"kustomize took longer than {TIMEOUT} s", where=Location(file)
            ) from None
        except OSError as error:
            message = f"{command[0]} cannot be run: {error.strerror}"
            raise fail(Code.KUSTOMIZE_UNSUPPORTED, message, where=Location(file), hint="mend or remove it") from None
    if answer.stat().st_size > MAX_BYTES:
        raise fail(Code.KUSTOMIZE_INVALID, f"the build gives more than {MAX_BYTES >> 20} MiB", where=Location(file))
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").replace(f"{temporary}/repo/", "").strip()
        message = f"kustomize refuses it: {_last_error(reason)}"
        hint = f"run: kustomize build {shell(Path(file).parent.as_posix())}"
        raise fail(Code.KUSTOMIZE_INVALID, message, where=Location(file), hint=hint)
    return answer.read_bytes()


def _bounded() -> None:
    """Limit, in the child, the output to what is read afterwards."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_BYTES + 1, MAX_BYTES + 1))


def _last_error(reason: str) -> str:
    """Return what follows `Error:`, on one line and not endless."""
    found = re.sub(r"\s+", " ", reason.rpartition("Error: ")[2]).rstrip(".")
    return found if len(found) <= 300 else f"{found[:300]}…"


def _closure(files: Files, directory: str) -> dict[str, bytes]:
    """Return every file that the kustomization, or one it refers to, names. Raises Unsupported for others."""
    found: dict[str, bytes] = {}
    todo, seen = [directory], {directory}
    while todo:
        here = todo.pop()
        for path in files.kustomizations(here):
            for named in _named(files, path, found):
                if named not in seen and files.kustomizations(named):
                    seen.add(named)
                    todo.append(named)
    return found


def _named(files: Files, path: str, found: dict[str, bytes]) -> Iterator[str]:
    """Add the file and the files it names to `found`; yield the other places it names."""
    data = files.read(path) or b""
    found[path] = data
    file = Reference(path, data)
    for document in load_all(data, path=path):
        _refuse_charts(file, document.value)
        for word, pointer in _texts(document.value):
            if "\n" in word or len(word) > 1000:
                continue
            if pointer[0] in _PLACES:
                refuse_remote(word, file, pointer)
            for candidate in {word, word.partition("=")[2]} - {""}:
                joined = join(file.directory, candidate)
                content = files.read(joined) if joined else None
                if joined is None:
                    continue
                if content is None:
                    yield joined
                elif joined not in found:
                    found[joined] = content
                    if pointer[0] in _LISTING_FILES:
                        yield from _named(files, joined, found)


_PLACES = (
    "resources",
    "bases",
    "components",
    "crds",
    "openapi",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "configMapGenerator",
    "secretGenerator",
    "replacements",
    *_LISTING_FILES,
)


def _refuse_charts(file: Reference, value: Any) -> None:
    for field in _HELM:
        if isinstance(value, dict) and value.get(field):
            message = f"`{field}` needs Helm and the network at build time"
            hint = "use a HelmRelease or an Application with a chart"
            raise unsupported(message, where=file.at((field,)), hint=hint, delegable=False)


def _texts(value: Any, pointer: Pointer = ()) -> Iterator[tuple[str, Pointer]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*pointer, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*pointer, number))
    elif isinstance(value, str) and pointer:
        yield value, pointer


def _trace_origins(root: Path, directory: str) -> tuple[str, bool]:
    """Return the kustomization to build; asks kustomize, in the copy, to say where each resource is from."""
    for name in NAMES:
        file = root / directory / name
        if file.exists():
            path = file.relative_to(root).as_posix()
            value = load(file.read_bytes(), path=path)
            if not isinstance(value, dict) or value.get("buildMetadata"):
                return path, False
            file.write_text(emit({**value, "buildMetadata": ["originAnnotations"]}), encoding="utf-8")
            return path, True
    return join(directory, NAMES[0]) or NAMES[0], False


def _built(resource: Any, files: dict[str, bytes], file: str, directory: str, *, traced: bool) -> Built:
    fallback = Built(resource, (Origin(file, 0, "tool"),))
    metadata = resource.get("metadata") if isinstance(resource, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not traced or not isinstance(annotations, dict) or _ORIGIN not in annotations:
        return fallback
    origin = annotations.pop(_ORIGIN)
    if not annotations:
        del resource["metadata"]["annotations"]
    source = _source(resource, files, directory, str(origin))
    return Built(resource, (source,)) if source else fallback


def _source(resource: dict[str, Any], files: dict[str, bytes], directory: str, origin: str) -> Origin | None:
    """Return where a resource says that it is from; nothing it says is believed, since a repo can write that, too."""
    try:
        stated = text(load(origin.encode()), "path")
        path = join(directory, stated) if stated else None
        documents = load_all(files[path or ""])
    except (AtmosError, KeyError):
        return None
    name = text(resource, "metadata", "name")
    alike = [d for d in documents if text(d.value, "kind") == text(resource, "kind")]
    named = [(text(d.value, "metadata", "name"), d.index) for d in alike]
    exact = [index for own, index in named if own == name] or [index for own, index in named if own and own in name]
    return Origin(path or "", exact[0] if exact else 0, "resource")
