"""Where two objects differ to the API server: written defaults, units and empty fields do not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.quantity import parse
from atmos_cli.kube.shape import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kube.shape import Path

WIDTH = 40
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_HTTP = {"path": "/", "scheme": "HTTP"}
_FILES = {"defaultMode": 420}
# What the API server writes into an object where it says nothing, by the name of the field around it.
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "livenessProbe": _PROBE,
    "readinessProbe": _PROBE,
    "startupProbe": _PROBE,
    "httpGet": _HTTP,
    "ports": {"protocol": "TCP"},
    "fieldRef": {"apiVersion": "v1"},
    "resourceFieldRef": {"divisor": "0"},
    "configMap": _FILES,
    "secret": _FILES,
    "downwardAPI": _FILES,
    "projected": _FILES,
    "serviceAccountToken": {"expirationSeconds": 3600},
    "containers": {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {},
    },
}
_POD = {
    "restartPolicy": "Always",
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "terminationGracePeriodSeconds": 30,
    "securityContext": {},
    "enableServiceLinks": True,
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
# Fields without a state "not set": here false and the empty text are the same as nothing.
_PLAIN_BOOLEANS = frozenset({"hostNetwork", "hostPID", "hostIPC", "readOnly", "stdin", "stdinOnce", "tty"})
_PLAIN_TEXTS = frozenset({"value", "subPath", "subPathExpr", "workingDir", "nodeName", "hostname"})
_QUANTITIES = frozenset({"requests", "limits", "capacity", "hard"})
_QUANTITY = frozenset({"sizeLimit", "divisor", "size"})


class NotSet:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "nothing"


NOT_SET = NotSet()


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """`path` leads to the field in the object after the change, as far as it is there."""

    path: Path
    shown: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if isinstance(self.before, NotSet):
            return f"{self.shown} is new" if _is_tree(self.after) else f"{self.shown} {_value(self.after)}"
        if isinstance(self.after, NotSet):
            return f"{self.shown} is gone"
        if _is_tree(self.before) or _is_tree(self.after):
            return f"{self.shown} differs"
        return f"{self.shown} {_value(self.before)} → {_value(self.after)}"


def first_difference(before: Any, after: Any, *, path: Path = (), within: str = "") -> FieldDifference | None:
    """Return the first field that differs, None when the API server sees none. `within` names the field around."""
    return next(differences(before, after, path=path, within=within), None)


def differences(before: Any, after: Any, *, path: Path = (), within: str = "") -> Iterator[FieldDifference]:
    """Yield each field that differs, in the order of `after`; lists without names differ as a whole."""
    yield from _differences(before, after, path, _shown(path), within or (str(path[-1]) if path else ""))


def _differences(before: Any, after: Any, path: Path, shown: str, within: str) -> Iterator[FieldDifference]:
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = _settled(before, within), _settled(after, within)
        for key in dict.fromkeys((*new, *old)):
            if key not in new or key not in old:
                yield FieldDifference((*path, key), _below(shown, key), old.get(key, NOT_SET), new.get(key, NOT_SET))
            elif within in _QUANTITIES or key in _QUANTITY:
                if not _same_quantity(old[key], new[key]):
                    yield FieldDifference((*path, key), _below(shown, key), old[key], new[key])
            else:
                inner = within if key == "metadata" else str(key)
                yield from _differences(old[key], new[key], (*path, key), _below(shown, key), inner)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_list(before, after, path, shown, within)
    elif type(before) is not type(after) or before != after:
        yield FieldDifference(path, shown, before, after)


def _in_list(before: list[Any], after: list[Any], path: Path, shown: str, within: str) -> Iterator[FieldDifference]:
    old, new = _names(before), _names(after)
    if old is None or new is None:
        same = len(before) == len(after) and all(
            next(_differences(a, b, (), "", within), None) is None for a, b in zip(before, after, strict=True)
        )
        if not same:
            yield FieldDifference(path, shown, before, after)
        return
    for name in dict.fromkeys((*new, *old)):
        title = f"{shown}[{name}]"
        if name not in new:
            yield FieldDifference(path, title, before[old[name]], NOT_SET)
        elif name not in old:
            yield FieldDifference((*path, new[name]), title, NOT_SET, after[new[name]])
        else:
            yield from _differences(before[old[name]], after[new[name]], (*path, new[name]), title, within)
    if old.keys() == new.keys() and list(old) != list(new):
        yield FieldDifference(path, f"the order of {shown}", before, after)


def _names(items: list[Any]) -> dict[str, int] | None:
    """Return the position of each item by its name, None where not each has one of its own."""
    found = {text(item, "name") or text(item, "metadata", "name"): index for index, item in enumerate(items)}
    return found if len(found) == len(items) and "" not in found else None


def _settled(value: dict[str, Any], within: str) -> dict[str, Any]:
    """Return an object as the API server keeps it: defaults written, empty fields gone."""
    made = {key: each for key, each in value.items() if not _is_nothing(str(key), each)}
    for key, default in _defaults(made, within):
        if made.get(key, default) == default:
            made.pop(key, None)
    return made


def _defaults(value: dict[str, Any], within: str) -> Iterator[tuple[str, Any]]:
    yield from _DEFAULTS.get("containers" if within in _CONTAINERS else within, {}).items()
    if isinstance(value.get("containers"), list):
        yield from _POD.items()
        if text(value, "serviceAccount") == text(value, "serviceAccountName"):
            yield "serviceAccount", text(value, "serviceAccountName")
    if within in _CONTAINERS:
        name, _, tag = text(value, "image").partition("@")[0].rpartition(":")
        latest = tag == "latest" or not name or "/" in tag
        yield "imagePullPolicy", "Always" if latest and "@" not in text(value, "image") else "IfNotPresent"
    if within == "volumes":
        yield "emptyDir", {}
    if "accessModes" in value:
        yield "volumeMode", "Filesystem"
    if within == "volumeClaimTemplates":
        yield from (("apiVersion", "v1"), ("kind", "PersistentVolumeClaim"), ("status", value.get("status")))


def _is_nothing(key: str, value: Any) -> bool:
    if value is None or value == []:
        return True
    if value is False:
        return key in _PLAIN_BOOLEANS
    if value == {}:
        return key in {*_QUANTITIES, "labels", "annotations", "matchLabels", "nodeSelector", "data", "parameters"}
    return value == "" and key in _PLAIN_TEXTS


def _same_quantity(before: Any, after: Any) -> bool:
    try:
        return parse(str(before)) == parse(str(after))
    except AtmosError:
        return bool(before == after)  # the checks say what is wrong with a quantity


def _is_tree(value: Any) -> bool:
    return isinstance(value, dict | list)


def _value(value: Any) -> str:
    words = " ".join(str(value).split()) if value != "" else '""'
    return words if len(words) <= WIDTH else f"{words[: WIDTH - 1]}…"


def _shown(path: Path) -> str:
    found = ""
    for step in path:
        found = f"{found}[{step}]" if isinstance(step, int) else _below(found, step)
    return found


def _below(shown: str, key: str) -> str:
    if "." in key or "[" in key or "/" in key:
        return f"{shown}[{key}]"
    return f"{shown}.{key}" if shown else key
