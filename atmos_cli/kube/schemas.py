"""Schema errors of one object for one Kubernetes version, from the bundled pack (`scripts/build_schema_pack.py`)."""

from __future__ import annotations

import json
import pkgutil
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.api_history import CLUSTER_SCOPED, REMOVED
from atmos_cli.kube.resource import Resource, group_version
from atmos_cli.kube.schema_errors import SchemaError, explain, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsonschema_rs import Draft202012Validator

MAGIC = b"ATMPACK1"
SUPPORTED: tuple[str, ...] = tuple(f"1.{minor}" for minor in range(25, 38))
_REFERENCE = re.compile(r'"#/\$defs/([^"]+)"')


class Found(StrEnum):
    FOUND = "found"
    REMOVED = "removed"
    NOT_YET = "not-yet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The answer to whether a cluster serves a kind.

    `version` is the Kubernetes minor that removed or first serves it ("" for custom resources), `replacement` the
    apiVersion to use instead or "", `built_in` says that the group belongs to Kubernetes itself, so that a kind which
    is not in it cannot exist, and `similar` names a kind of that group that is spelt almost the same.
    """

    status: Found
    version: str = ""
    replacement: str = ""
    built_in: bool = False
    similar: str = ""


def schema_errors(resource: Resource, *, kubernetes: str) -> tuple[SchemaError, ...]:
    """Return all that its schema refuses in `resource`, by path; () for a kind without a schema (see `lookup`)."""
    group, version = group_version(resource)
    kind = resource.get("kind")
    if not isinstance(kind, str):
        return ()
    validator = _validator(minor(kubernetes), group, version, kind)
    if validator is None:
        return ()
    try:
        if validator.is_valid(resource):
            return ()
        schema = json.loads(_bundle(minor(kubernetes), group, version, kind) or "{}")
        custom = group in _index()["crds"]
        return explain(validator.iter_errors(resource), schema=schema, resource=resource, custom=custom)
    except ValueError as error:
        return (unreadable(str(error)),)


@cache
def minor(kubernetes: str) -> str:
    """Return the minor, `1.32` of `1.32`, `v1.32.4` or `1.32+`; the nearest supported one outside of the pack."""
    match = re.match(r"v?1\.(\d{1,4})", kubernetes)
    oldest, newest = int(SUPPORTED[0][2:]), int(SUPPORTED[-1][2:])
    return f"1.{min(max(int(match[1]), oldest), newest)}" if match else SUPPORTED[-1]


@cache
def lookup(group: str, version: str, kind: str, kubernetes: str) -> Lookup:
    """Return what the API server of `kubernetes` (with the operators of the pack) says to this kind."""
    custom = _index()["crds"].get(group, {}).get(kind)
    if custom:
        if version in custom["served"]:
            return Lookup(Found.FOUND)
        return Lookup(Found.REMOVED, replacement=f"{group}/{custom['served'][0]}")
    wanted, name = minor(kubernetes), _name(group, version, kind)
    if name in _kubernetes(wanted)["kinds"]:
        return Lookup(Found.FOUND, built_in=True)
    other = _replacement(kind, group, wanted)
    served = [one for one in SUPPORTED if name in _kubernetes(one)["kinds"]]
    if served and SUPPORTED.index(served[0]) > SUPPORTED.index(wanted):
        return Lookup(Found.NOT_YET, served[0], other, built_in=True)
    if served:
        gone = SUPPORTED[SUPPORTED.index([one for one in served if one in _before(wanted)][-1]) + 1]
        return Lookup(Found.REMOVED, gone, other, built_in=True)
    if name in REMOVED:
        return Lookup(Found.REMOVED, REMOVED[name], other, built_in=True)
    return Lookup(Found.UNKNOWN, "", other, built_in=_is_built_in(group, wanted), similar=_similar(group, kind, wanted))


def is_namespaced(group: str, kind: str) -> bool:
    """Return False only for kinds known to be cluster-scoped; any other kind is taken as namespaced."""
    custom = _index()["crds"].get(group, {}).get(kind)
    if custom:
        return bool(custom["scope"] == "Namespaced")
    return (group, kind) not in CLUSTER_SCOPED


def _replacement(kind: str, group: str, kubernetes: str) -> str:
    """Return the apiVersion that serves this kind name: the same group and a stable version first."""
    found = [name.rpartition("/")[0] for name in _kubernetes(kubernetes)["kinds"] if name.rpartition("/")[2] == kind]
    found.sort(key=lambda one: (one.rpartition("/")[0] == group, "alpha" not in one, "beta" not in one, one))
    return found[-1] if found else ""


def _similar(group: str, kind: str, kubernetes: str) -> str:
    from difflib import get_close_matches

    groups = {name.split("/")[-1] for name in _kubernetes(kubernetes)["kinds"] if _group_of(name) == group}
    known = {one.lower(): one for one in groups | set(_index()["crds"].get(group, ()))}
    close = get_close_matches(kind.lower()[:80], sorted(known), n=1, cutoff=0.8)
    return known[close[0]] if close else ""


def _before(kubernetes: str) -> tuple[str, ...]:
    return SUPPORTED[: SUPPORTED.index(kubernetes)]


def _is_built_in(group: str, kubernetes: str) -> bool:
    return any(_group_of(name) == group for name in _kubernetes(kubernetes)["kinds"])


def _name(group: str, version: str, kind: str) -> str:
    return f"{group}/{version}/{kind}" if group else f"{version}/{kind}"


def _group_of(name: str) -> str:
    return name.rpartition("/")[0].rpartition("/")[0]


@cache
def _pack() -> tuple[bytes, int]:
    data = pkgutil.get_data(__package__, "schema_pack.bin") or b""
    if not data.startswith(MAGIC):
        raise RuntimeError("atmos_cli/kube/schema_pack.bin is missing or damaged; reinstall atmos-cli")
    return data, len(MAGIC) + 4 + int.from_bytes(data[len(MAGIC) : len(MAGIC) + 4], "big")


@cache
def _index() -> dict[str, Any]:
    data, end = _pack()
    index: dict[str, Any] = json.loads(zlib.decompress(data[len(MAGIC) + 4 : end]))
    return index


def _chunk(name: str) -> list[str]:
    data, start = _pack()
    offset, size = _index()["chunks"][name]
    return zlib.decompress(data[start + offset : start + offset + size]).decode().split("\n")


@cache
def _definitions() -> list[str]:
    return _chunk("defs")


@cache
def _kubernetes(version: str) -> dict[str, Any]:
    """Return `{defs: {name: line of the definitions}, kinds: {"apps/v1/Deployment": name}}` of one minor version."""
    head: dict[str, Any] = json.loads(_chunk(f"k8s/{version}")[0])
    return head


@cache
def _group(group: str) -> tuple[dict[str, Any], list[str]]:
    head, *bodies = _chunk(f"crd/{group}")
    return json.loads(head), bodies


@cache
def _bundle(kubernetes: str, group: str, version: str, kind: str) -> str | None:
    """Return the JSON Schema of one kind with all definitions it needs, as text; None when the pack has none."""
    built_in = _kubernetes(kubernetes)
    if group in _index()["crds"]:
        head, bodies = _group(group)
        number = head["kinds"].get(f"{version}/{kind}")
        if number is None:
            return None
        return _closure(
            bodies[number],
            lambda name: bodies[head["defs"][name]] if name in head["defs"] else _definitions()[built_in["defs"][name]],
        )
    root = built_in["kinds"].get(_name(group, version, kind))
    if root is None:
        return None
    return _closure(f'{{"$ref":"#/$defs/{root}"}}', lambda name: _definitions()[built_in["defs"][name]])


def _closure(root: str, body: Callable[[str], str]) -> str:
    found: dict[str, str] = {}
    todo = _REFERENCE.findall(root)
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = body(name)
            todo += _REFERENCE.findall(found[name])
    definitions = ",".join(f'"{name}":{found[name]}' for name in sorted(found))
    return f'{root[:-1]},"$defs":{{{definitions}}}}}'


@cache
def _validator(kubernetes: str, group: str, version: str, kind: str) -> Draft202012Validator | None:
    bundle = _bundle(kubernetes, group, version, kind)
    if bundle is None:
        return None
    from jsonschema_rs import Draft202012Validator, RegexOptions

    return Draft202012Validator(bundle, pattern_options=RegexOptions())
