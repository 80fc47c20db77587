"""Which lists of the built-in kinds are merged by key, as their API declares it (`x-kubernetes-patch-merge-key`).

One table for every merge in atmos: kustomize's strategic merge, blueprint composition and the three-way update. A list
that is not in it (and every list of a custom resource) is atomic: it is replaced as a whole.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Path = tuple[str, ...]

_CONTAINER: dict[str, Path] = {"env": ("name",), "volumeMounts": ("mountPath",), "volumeDevices": ("devicePath",)}
_PORTS = ("containerPort", "protocol")
_POD_SPEC: dict[Path, Path] = {
    ("containers",): ("name",),
    ("initContainers",): ("name",),
    ("ephemeralContainers",): ("name",),
    ("containers", "ports"): _PORTS,
    ("initContainers", "ports"): _PORTS,
    **{
        (kind, field): key
        for kind in ("containers", "initContainers", "ephemeralContainers")
        for field, key in _CONTAINER.items()
    },
    ("volumes",): ("name",),
    ("hostAliases",): ("ip",),
    ("imagePullSecrets",): ("name",),
    ("topologySpreadConstraints",): ("topologyKey", "whenUnsatisfiable"),
}
_METADATA: dict[Path, Path] = {("finalizers",): (), ("ownerReferences",): ("uid",)}
_CONDITIONS: dict[Path, Path] = {("status", "conditions"): ("type",)}

_TEMPLATE = ("spec", "template")
_CRON_JOB = ("spec", "jobTemplate")
_POD_TEMPLATES: dict[tuple[str, str], Path] = {
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("batch", "Job"): _TEMPLATE,
    ("batch", "CronJob"): (*_CRON_JOB, *_TEMPLATE),
    ("", "Pod"): (),
}
_OWN: dict[tuple[str, str], dict[Path, Path]] = {
    ("", "Service"): {("spec", "ports"): ("port", "protocol")},
    ("", "ServiceAccount"): {("secrets",): ("name",)},
    ("", "Node"): {("spec", "podCIDRs"): (), ("status", "addresses"): ("type",)},
    ("", "Pod"): {("status", "podIPs"): ("ip",)},
    ("", "ComponentStatus"): {("conditions",): ("type",)},
    ("apps", "StatefulSet"): {("spec", "volumeClaimTemplates", "status", "conditions"): ("type",)},
    ("storage.k8s.io", "CSINode"): {("spec", "drivers"): ("name",)},
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): {("webhooks",): ("name",)},
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): {("webhooks",): ("name",)},
}
_WITH_CONDITIONS = frozenset(
    {
        *(known for known in _POD_TEMPLATES if known not in {("", "PodTemplate"), ("batch", "CronJob")}),
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolumeClaim"),
        ("", "Service"),
        ("policy", "PodDisruptionBudget"),
        ("apiregistration.k8s.io", "APIService"),
    }
)
_TEMPLATED_METADATA: dict[tuple[str, str], tuple[Path, ...]] = {
    ("apps", "StatefulSet"): (("spec", "volumeClaimTemplates"),),
    ("batch", "CronJob"): (_CRON_JOB,),
}


def _under(prefix: Path, table: Mapping[Path, Path]) -> dict[Path, Path]:
    return {(*prefix, *path): keys for path, keys in table.items()}


def _keyed_lists(group: str, kind: str) -> dict[Path, Path]:
    """Return every keyed list of one kind, by path; list positions do not appear in a path."""
    table = _under(("metadata",), _METADATA) | _OWN.get((group, kind), {})
    if (group, kind) in _WITH_CONDITIONS:
        table |= _CONDITIONS
    for owner in _TEMPLATED_METADATA.get((group, kind), ()):
        table |= _under((*owner, "metadata"), _METADATA)
    template = _POD_TEMPLATES.get((group, kind))
    if template is not None:
        table |= _under((*template, "metadata"), _METADATA) | _under((*template, "spec"), _POD_SPEC)
        claim = (*template, "spec", "volumes", "ephemeral", "volumeClaimTemplate", "metadata")
        table |= _under(claim, _METADATA)
    return table


_SPECIAL = {*_POD_TEMPLATES, *_OWN, *_WITH_CONDITIONS, *_TEMPLATED_METADATA}
_TABLES: Mapping[tuple[str, str], Mapping[Path, Path]] = MappingProxyType(
    {known: MappingProxyType(_keyed_lists(*known)) for known in _SPECIAL}
)
_PLAIN: Mapping[Path, Path] = MappingProxyType(_under(("metadata",), _METADATA))


def keyed_lists(group: str, kind: str) -> Mapping[Path, Path]:
    """Return the path of every keyed list of a built-in kind -> its merge keys; `()` means a set of scalars.

    Kinds without keyed lists of their own still have the two of `metadata`; whether a kind is built in at all is the
    caller's knowledge.
    """
    return _TABLES.get((group, kind), _PLAIN)


def merge_keys(group: str, kind: str, path: Sequence[str]) -> Path | None:
    """Return the merge keys of the list at `path` (field names only), () for a set of scalars, None for atomic."""
    return keyed_lists(group, kind).get(tuple(path))


def _candidates() -> dict[str, tuple[Path, ...]]:
    found: dict[str, dict[Path, None]] = {}
    for known in sorted(_TABLES):
        for path, keys in _TABLES[known].items():
            if keys:
                found.setdefault(path[-1], {})[keys] = None
    return {field: tuple(keys) for field, keys in found.items()}


_BY_FIELD = _candidates()


def merge_keys_of(field: str, items: Iterable[Any]) -> Path | None:
    """Return the merge keys for a list named `field` in any tree, None if it is atomic.

    For trees whose kind is not known yet: the field's name decides, and among several candidates (`ports` of a
    container and of a Service) the first one whose leading key every item has.
    """
    listed = list(items)
    for keys in _BY_FIELD.get(field, ()):
        if all(isinstance(item, dict) and keys[0] in item for item in listed):
            return keys
    return None
