"""Where the built-in transformers write: kustomize's default configuration as tables."""

from __future__ import annotations

from atmos_cli.kustomize.fields import FieldSpec, spec

_AFFINITY = "spec/template/spec/affinity"
_POD_SELECTORS = (
    f"{_AFFINITY}/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    f"{_AFFINITY}/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    f"{_AFFINITY}/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    f"{_AFFINITY}/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels",
)


def _templates(field: str) -> tuple[FieldSpec, ...]:
    """Return the fields with metadata of everything that an object makes: pods, jobs, claims."""
    template = f"spec/template/metadata/{field}"
    stateful_group = "apps" if field == "labels" else ""
    claims = (spec("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", group="apps", create=True),)
    return (
        spec(template, "ReplicationController", version="v1", create=True),
        spec(template, "Deployment", create=True),
        spec(template, "ReplicaSet", create=True),
        spec(template, "DaemonSet", create=True),
        spec(template, "StatefulSet", group=stateful_group, create=True),
        *(claims if field == "labels" else ()),
        spec(template, "Job", group="batch", create=True),
        spec(f"spec/jobTemplate/metadata/{field}", "CronJob", group="batch", create=True),
        spec(f"spec/jobTemplate/spec/template/metadata/{field}", "CronJob", group="batch", create=True),
    )


METADATA_LABELS = spec("metadata/labels", create=True)
TEMPLATE_LABELS = (METADATA_LABELS, *_templates("labels"))
ANNOTATIONS = (spec("metadata/annotations", create=True), *_templates("annotations"))
SELECTOR_LABELS = (
    spec("spec/selector", "Service", version="v1", create=True),
    spec("spec/selector", "ReplicationController", version="v1", create=True),
    spec("spec/selector/matchLabels", "Deployment", create=True),
    *(spec(path, "Deployment", group="apps") for path in _POD_SELECTORS),
    spec("spec/selector/matchLabels", "ReplicaSet", create=True),
    spec("spec/selector/matchLabels", "DaemonSet", create=True),
    spec("spec/selector/matchLabels", "StatefulSet", group="apps", create=True),
    *(spec(path, "StatefulSet", group="apps") for path in _POD_SELECTORS),
    spec("spec/selector/matchLabels", "Job", group="batch"),
    spec("spec/jobTemplate/spec/selector/matchLabels", "CronJob", group="batch"),
    spec("spec/selector/matchLabels", "PodDisruptionBudget", group="policy"),
    spec("spec/podSelector/matchLabels", "NetworkPolicy", group="networking.k8s.io"),
    spec("spec/ingress/from/podSelector/matchLabels", "NetworkPolicy", group="networking.k8s.io"),
    spec("spec/egress/to/podSelector/matchLabels", "NetworkPolicy", group="networking.k8s.io"),
    *TEMPLATE_LABELS,
)
NAMESPACE = (
    spec("metadata/name", "Namespace", version="v1", create=True),
    spec("spec/service/namespace", "APIService", group="apiregistration.k8s.io", create=True),
    spec(
        "spec/conversion/webhook/clientConfig/service/namespace",
        "CustomResourceDefinition",
        group="apiextensions.k8s.io",
    ),
)
REPLICAS = tuple(
    spec("spec/replicas", kind, create=True)
    for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet")
)
IMAGES = tuple(
    spec(f"{where}/{path}")
    for where in ("spec", "spec/template/spec")
    for path in ("containers[]/image", "initContainers[]/image", "volumes[]/image/reference")
)
