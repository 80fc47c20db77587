"""The `configMapGenerator` of a kustomization, and the hash that kustomize puts behind a generated name."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.kustomize.exact import reads_as_text
from atmos_cli.kustomize.files import load_below
from atmos_cli.kustomize.model import Origin, WorkingResource, metadata_map
from atmos_cli.kustomize.values import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kustomize.files import Files
    from atmos_cli.kustomize.kustomization import Kustomization

Pointer = tuple[str | int, ...]
_HASH_LETTERS = str.maketrans("013ae", "ghkmt")
_SPACES = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def generate(items: list[WorkingResource], kustomization: Kustomization, files: Files) -> None:
    """Add the ConfigMaps to `items`, or merge them into an existing one. Raises AtmosError with every problem."""
    problems: list[Diagnostic] = []
    for number, entry in enumerate(kustomization.list("configMapGenerator")):
        pointer = ("configMapGenerator", number)
        try:
            _absorb(items, _config_map(entry or {}, kustomization, files, pointer), kustomization, pointer)
        except AtmosError as error:
            if any(d.code == Code.KUSTOMIZE_UNSUPPORTED for d in error.diagnostics):
                raise
            problems += error.diagnostics
    if problems:
        raise AtmosError(*problems)


def name_hash(resource: Mapping[str, Any]) -> str:
    """Return the ten letters that follow from data and binaryData; the name is hashed as empty, as in kustomize 5."""
    content: dict[str, Any] = {"kind": "ConfigMap", "name": "", "data": resource.get("data", "")}
    if isinstance(resource.get("binaryData"), dict):
        content["binaryData"] = resource["binaryData"]
    encoded = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return hashlib.sha256(encoded.encode()).hexdigest()[:10].translate(_HASH_LETTERS)


def add_hashes(items: list[WorkingResource]) -> None:
    for item in items:
        if item.hashed:
            name = f"{item.name}-{name_hash(item.resource)}"
            item.remember_id()
            item.metadata()["name"] = name


def _config_map(
    entry: Mapping[str, Any], kustomization: Kustomization, files: Files, pointer: Pointer
) -> WorkingResource:
    name = entry.get("name")
    if not name:
        raise _problem(kustomization, "the ConfigMap to generate has no name", pointer, hint="add `name:`")
    options = _options(entry.get("options"), kustomization.fields.get("generatorOptions"))
    metadata: dict[str, Any] = {"name": name}
    resource: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    for field in ("labels", "annotations"):
        if options[field]:
            metadata[field] = {key: value or "" for key, value in sorted(options[field].items())}
            for key in options[field]:
                if not reads_as_text(key):
                    raise _problem(
                        kustomization, f"kustomize refuses the key `{key}`, which does not read as text", pointer
                    )
    if entry.get("namespace"):
        metadata["namespace"] = entry["namespace"]
    for key, (value, binary) in sorted(_pairs(entry, kustomization, files, pointer).items()):
        resource.setdefault("binaryData" if binary else "data", {})[key] = value
    if options["immutable"]:
        resource["immutable"] = True
    source = Origin(kustomization.file.path, 0, "generator", pointer)
    item = WorkingResource(resource, [source], generated=True, hashed=not options["disableNameSuffixHash"])
    behavior = entry.get("behavior") or ""
    item.behavior = behavior if behavior in ("create", "merge", "replace") else "unspecified"
    return item


def _options(local: Mapping[str, Any] | None, shared: Mapping[str, Any] | None) -> dict[str, Any]:
    """Merge local options over shared ones, maps key by key; a flag that is true in either is true."""
    own, common = local or {}, shared or {}
    maps = {field: {**(common.get(field) or {}), **(own.get(field) or {})} for field in ("labels", "annotations")}
    flags = {f: bool(common.get(f)) or bool(own.get(f)) for f in ("disableNameSuffixHash", "immutable")}
    return {**maps, **flags}


def _pairs(
    entry: Mapping[str, Any], kustomization: Kustomization, files: Files, pointer: Pointer
) -> dict[str, tuple[str, bool]]:
    """Return the data of one generator: key -> (text, False) or (base64, True)."""
    found: dict[str, tuple[str, bool]] = {}
    for key, raw, place in _sources(entry, kustomization, files, pointer):
        if not reads_as_text(key):
            raise _problem(kustomization, f"kustomize refuses the key `{key}`, which does not read as text", place)
        if key in found:
            raise _problem(kustomization, f"the ConfigMap {entry['name']} gets the key `{key}` twice", place)
        try:
            found[key] = (raw.decode("utf-8"), False)
        except UnicodeDecodeError:
            found[key] = (_base64(raw), True)
    return found


def _base64(raw: bytes) -> str:
    """Encode bytes as kustomize writes them: base64 in lines of 70 characters."""
    encoded = base64.b64encode(raw).decode()
    lines = [encoded[at : at + 70] for at in range(0, len(encoded), 70)]
    return "".join(f"{line}\n" for line in lines) if len(lines) > 1 else encoded


def _sources(
    entry: Mapping[str, Any], kustomization: Kustomization, files: Files, pointer: Pointer
) -> Iterator[tuple[str, bytes, Pointer]]:
    file = kustomization.file
    envs = [(path, (*pointer, "envs", number)) for number, path in enumerate(entry.get("envs") or ())]
    if entry.get("env"):
        envs.append((entry["env"], (*pointer, "env")))
    for path, place in envs:
        for key, raw in _env_lines(load_below(files, file, path or "", place, "env file"), kustomization, place):
            yield key, raw, place
    for number, literal in enumerate(entry.get("literals") or ()):
        place = (*pointer, "literals", number)
        key, equals, value = (literal or "").partition("=")
        if not equals or not key:
            raise _problem(kustomization, f"the literal `{literal}` is not key=value", place)
        yield key, _unquoted(value).encode(), place
    for number, written in enumerate(entry.get("files") or ()):
        place = (*pointer, "files", number)
        key, path = _file_source(written or "", kustomization, place)
        yield key, load_below(files, file, path, place, "file"), place


def _env_lines(data: bytes, kustomization: Kustomization, place: Pointer) -> Iterator[tuple[str, bytes]]:
    lines = data.split(b"\n")
    for number, raw in enumerate(lines):
        try:
            line = raw.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise _problem(kustomization, f"line {number + 1} of the env file is not UTF-8", place) from None
        line = (line.removeprefix("\ufeff") if number == 0 else line).lstrip(_SPACES)
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            if key:
                yield key, value.encode()


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _file_source(written: str, kustomization: Kustomization, place: Pointer) -> tuple[str, str]:
    key, equals, path = written.partition("=")
    if not equals:
        return posixpath.basename(written.rstrip("/")), written
    if not key or not path or "=" in path:
        raise _problem(kustomization, f"the file `{written}` is not path or key=path", place)
    return key, path


def _absorb(items: list[WorkingResource], new: WorkingResource, kustomization: Kustomization, pointer: Pointer) -> None:
    matches = [item for item in items if item.has_been(new.id)]
    if not matches and new.behavior in ("merge", "replace"):
        message = f"there is no ConfigMap {new.name} to {new.behavior}"
        raise _problem(kustomization, message, pointer, hint="correct the name, or use `behavior: create`")
    if not matches:
        items.append(new)
        return
    if len(matches) > 1 or new.behavior not in ("merge", "replace"):
        message = f"there is a {new.kind} {new.name} already"
        raise _problem(kustomization, message, pointer, hint="use `behavior: merge` or `replace`, or another name")
    old = matches[0]
    items[items.index(old)] = _taken_over(new, old)


def _taken_over(new: WorkingResource, old: WorkingResource) -> WorkingResource:
    """Return the new data under the old identity; with `merge`, over the old data."""
    metadata = new.metadata()
    for field in ("labels", "annotations"):
        merged = {**metadata_map(old.resource, field), **metadata_map(new.resource, field)}
        metadata.pop(field, None)
        if merged:
            metadata[field] = merged
    metadata["name"] = old.name
    metadata.pop("namespace", None)
    if old.namespace:
        metadata["namespace"] = old.namespace
    if new.behavior == "merge":
        for field in ("data", "binaryData"):
            before = {key: text(value) for key, value in (old.resource.get(field) or {}).items()}
            if data := {**before, **new.resource.pop(field, {})}:
                new.resource[field] = data
    new.hashed = new.hashed and old.hashed
    new.behavior = old.behavior
    new.previous, new.prefixes, new.suffixes = old.previous, old.prefixes, old.suffixes
    new.sources = [*old.sources, *new.sources]
    return new


def _problem(kustomization: Kustomization, message: str, pointer: Pointer, *, hint: str = "") -> AtmosError:
    return AtmosError(kustomization.file.problem(Code.KUSTOMIZE_INVALID, message, pointer, hint=hint))
