"""Finds the secrets in plain text inside of an object or a settings file, and says what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.kube.plain_values import mentioned_secret, named_secret, secret_arguments, secret_line
from atmos_cli.kube.secret_shapes import shape
from atmos_cli.kube.shape import text
from atmos_cli.spec.names import env_secret
from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.kube.shape import Path

# Ciphertext, certificates and prose.
_NEVER = frozenset({"sops", "encryptedData", "caBundle", "managedFields", "description", "binaryData"})
_HELM = frozenset({"HelmRelease", "HelmChart", "HelmChartConfig", "Application", "ApplicationSet"})
_PROPERTIES = (".properties", ".env")
# Vault's injector takes paths and templates under names that end in the name of the secret.
_PATHS_TO_SECRETS = "vault.hashicorp.com/agent-inject"
_SOPS = "that SOPS encrypts (`sops encrypt --in-place FILE`)"


class Held(NamedTuple):
    """A secret found in a value: `path` leads to it; `said` is one sentence about it that never holds the value."""

    path: Path
    said: str
    variable: str = ""


class _Place(NamedTuple):
    """What the names below say: `judge` a name and a value, `word` what such a name is called."""

    judge: Callable[[str, Any], str]
    word: str
    deep: bool = False


_ENV = _Place(named_secret, "environment variable")
_DATA = _Place(named_secret, "key")
_ANNOTATIONS = _Place(mentioned_secret, "annotation")
_VALUES = _Place(mentioned_secret, "value", deep=True)
_NOTHING = _Place(lambda _, value: _by_shape(value), "")


def held_secrets(value: Any) -> Iterator[Held]:
    """Find every value that is a secret in plain text, each once; values of Secret objects are not looked at."""
    kind = text(value, "kind")
    if kind in ("Secret", "SealedSecret", "CustomResourceDefinition"):
        value = {"metadata": value.get("metadata")}
    waiting: list[tuple[Path, Any, _Place]] = [((), value, _NOTHING)]
    while waiting:
        path, node, place = waiting.pop()
        if isinstance(node, dict):
            pair = _pair(path, node, place)
            yield from pair
            for key, below in node.items():
                if key in _NEVER or (pair and key == "value"):
                    continue
                if isinstance(below, str):
                    yield from _judged((*path, key), str(key), below, place)
                elif isinstance(below, dict | list):
                    waiting.append(((*path, key), below, _below(path, key, place, kind)))
        elif isinstance(node, list):
            yield from _listed(path, node)
            waiting += (((*path, i), each, place) for i, each in enumerate(node) if isinstance(each, dict | list))


def remedy(variable: str, *, service: str, store: str, spec: bool = False) -> str:
    """Return the next step: where to keep the secret, how to refer to it (in a manifest; `spec`: in `service.yaml`)."""
    if not (variable and service):
        where = f"in the secret store `{store}`, named in an ExternalSecret" if store else f"in a Secret {_SOPS}"
        return f"keep it {where}; then change it, since the history of Git has it"
    name = env_secret(service)
    made = f"in the secret store `{store}`, from which an ExternalSecret makes the Secret `{name}`"
    where = made if store else f"in a Secret `{name}` {_SOPS}"
    reference = f"valueFrom: {{secretKeyRef: {{name: {name}, key: {variable}}}}}"
    if spec:
        reference = f"secrets: {{{variable}: {{secret: {name}, key: {variable}}}}}"
    return f"keep it {where}, and write `{reference}` instead of the value"


def _below(path: Path, key: Any, place: _Place, kind: str) -> _Place:
    if key == "env":
        return _ENV
    if key == "annotations":
        return _ANNOTATIONS
    if kind == "ConfigMap" and not path and key == "data":
        return _DATA
    helm = kind in _HELM and key in ("values", "valuesObject", "parameters")
    return _VALUES if helm or (kind == "Service" and not path and key == "addons") or place.deep else _NOTHING


def _pair(path: Path, node: dict[Any, Any], place: _Place) -> list[Held]:
    """Check a `name` with its `value`, the form of environment variables and parameters of charts."""
    name, value = node.get("name"), node.get("value")
    if place in (_ENV, _VALUES) and isinstance(name, str) and isinstance(value, str):
        return list(_judged((*path, "value"), name, value, place))
    return []


def _judged(path: Path, name: str, value: str, place: _Place) -> Iterator[Held]:
    if place is _DATA and "\n" in value:
        line = secret_line(value) if name.endswith(_PROPERTIES) else ""
        why = _by_shape(value) or (f"gives the secret {line} a plain value" if line else "")
    elif place is _ANNOTATIONS and name.startswith(_PATHS_TO_SECRETS):
        why = _by_shape(value)
    else:
        why = place.judge(name, value)
    if why:
        what = f'the {place.word} "{name}"' if place.word else f"`{field_of(path)}`"
        yield Held(path, f"{what} {why}", name if place is _ENV else "")


def _listed(path: Path, node: list[Any]) -> Iterator[Held]:
    last = path[-1] if path else ""
    if last in ("args", "command"):
        yield from (Held((*path, i), f"`{field_of((*path, i))}` {why}") for i, why in secret_arguments(node).items())
        return
    for index, each in enumerate(node):
        if not isinstance(each, str):
            continue
        name, equals, value = each.partition("=")
        if last == "literals" and equals:
            yield from _judged((*path, index), name, value, _DATA)
        elif why := _by_shape(each):
            yield Held((*path, index), f"`{field_of((*path, index))}` {why}")


def _by_shape(value: Any) -> str:
    found = shape(value) if isinstance(value, str) else ""
    return f"holds {found}" if found else ""
