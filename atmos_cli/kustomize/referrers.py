"""Which fields name which kinds: kustomize's default name references as a table."""

from __future__ import annotations

from atmos_cli.kustomize.fields import FieldSpec, spec
from atmos_cli.kustomize.order import gvk_key

_RBAC = "rbac.authorization.k8s.io"
_ADMISSION = "admissionregistration.k8s.io"
_POD_PATHS = {
    "Pod": "spec",
    "PodTemplate": "template/spec",
    "Deployment": "spec/template/spec",
    "ReplicaSet": "spec/template/spec",
    "DaemonSet": "spec/template/spec",
    "StatefulSet": "spec/template/spec",
    "Job": "spec/template/spec",
    "CronJob": "spec/jobTemplate/spec/template/spec",
    "ReplicationController": "spec/template/spec",
}
_WITH_DATA = tuple(kind for kind in _POD_PATHS if kind != "ReplicationController")
_WITH_FIELDS = ("Pod", "StatefulSet", "Deployment", "ReplicationController", "CronJob", "Job", "DaemonSet")


def _in_pods(kinds: tuple[str, ...], *paths: str, version: str = "") -> tuple[FieldSpec, ...]:
    return tuple(
        spec(f"{_POD_PATHS[kind]}/{path}", kind, version=version if kind == "Pod" else "")
        for kind in kinds
        for path in paths
    )


_SCALED = (spec("spec/scaleTargetRef/name", "HorizontalPodAutoscaler"),)
_RESOURCE_NAMES = (spec("rules/resourceNames", "Role"), spec("rules/resourceNames", "ClusterRole"))
_CONFIG_MAPS = (
    *_in_pods(
        _WITH_DATA,
        "volumes/configMap/name",
        "containers/env/valueFrom/configMapKeyRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name",
        "containers/envFrom/configMapRef/name",
        "initContainers/envFrom/configMapRef/name",
        "volumes/projected/sources/configMap/name",
        version="v1",
    ),
    spec("spec/configSource/configMap", "Node"),
    *_RESOURCE_NAMES,
    spec(r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap", "Ingress"),
)
_SECRETS = (
    *_in_pods(
        _WITH_DATA,
        "volumes/secret/secretName",
        "containers/env/valueFrom/secretKeyRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name",
        "containers/envFrom/secretRef/name",
        "initContainers/envFrom/secretRef/name",
        "imagePullSecrets/name",
        "volumes/projected/sources/secret/name",
        version="v1",
    ),
    spec("spec/tls/secretName", "Ingress"),
    spec(r"metadata/annotations/ingress.kubernetes.io\/auth-secret", "Ingress"),
    spec(r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret", "Ingress"),
    spec(r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret", "Ingress"),
    spec("imagePullSecrets/name", "ServiceAccount"),
    *(
        spec(f"parameters/{field}", "StorageClass")
        for field in ("secretName", "adminSecretName", "userSecretName", "secretRef")
    ),
    *_RESOURCE_NAMES,
    spec(
        "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
        "Service",
        group="serving.knative.dev",
        version="v1",
    ),
    spec("spec/azureFile/secretName", "PersistentVolume"),
)
_SERVICES = (
    spec("spec/serviceName", "StatefulSet", group="apps"),
    *(
        spec(f"spec/{path}", "Ingress")
        for path in (
            "rules/http/paths/backend/serviceName",
            "backend/serviceName",
            "rules/http/paths/backend/service/name",
            "defaultBackend/service/name",
        )
    ),
    spec("spec/service/name", "APIService", group="apiregistration.k8s.io"),
    spec("webhooks/clientConfig/service", "ValidatingWebhookConfiguration", group=_ADMISSION),
    spec("webhooks/clientConfig/service", "MutatingWebhookConfiguration", group=_ADMISSION),
)
_STORAGE_CLASSES = (
    spec("spec/storageClassName", "PersistentVolume"),
    spec("spec/storageClassName", "PersistentVolumeClaim"),
    spec("spec/volumeClaimTemplates/spec/storageClassName", "StatefulSet"),
)
_ROLE_REF, _ROLE_BINDING, _CLUSTER_ROLE_BINDING = "roleRef/name", "RoleBinding", "ClusterRoleBinding"
_SERVICE_ACCOUNTS = (
    spec("subjects", _ROLE_BINDING, group=_RBAC),
    spec("subjects", _CLUSTER_ROLE_BINDING, group=_RBAC),
    *_in_pods(_WITH_FIELDS, "serviceAccountName"),
)

_TABLE: tuple[tuple[FieldSpec, tuple[FieldSpec, ...]], ...] = (
    (FieldSpec((), "Deployment"), _SCALED),
    (FieldSpec((), "ReplicationController"), _SCALED),
    (FieldSpec((), "ReplicaSet"), _SCALED),
    (FieldSpec((), "StatefulSet"), _SCALED),
    (FieldSpec((), "ConfigMap", version="v1"), _CONFIG_MAPS),
    (FieldSpec((), "Secret", version="v1"), _SECRETS),
    (FieldSpec((), "Service", version="v1"), _SERVICES),
    (FieldSpec((), "Role", _RBAC), (spec(_ROLE_REF, _ROLE_BINDING, group=_RBAC),)),
    (
        FieldSpec((), "ClusterRole", _RBAC),
        (spec(_ROLE_REF, _ROLE_BINDING, group=_RBAC), spec(_ROLE_REF, _CLUSTER_ROLE_BINDING, group=_RBAC)),
    ),
    (FieldSpec((), "ServiceAccount", version="v1"), _SERVICE_ACCOUNTS),
    (
        FieldSpec((), "PersistentVolumeClaim", version="v1"),
        _in_pods(_WITH_FIELDS, "volumes/persistentVolumeClaim/claimName"),
    ),
    (
        FieldSpec((), "PersistentVolume", version="v1"),
        (spec("spec/volumeName", "PersistentVolumeClaim"), spec("rules/resourceNames", "ClusterRole")),
    ),
    (FieldSpec((), "StorageClass", "storage.k8s.io", "v1"), _STORAGE_CLASSES),
    (FieldSpec((), "PriorityClass", "scheduling.k8s.io", "v1"), _in_pods(_WITH_FIELDS, "priorityClassName")),
    (
        FieldSpec((), "ValidatingAdmissionPolicy", _ADMISSION),
        (spec("spec/policyName", "ValidatingAdmissionPolicyBinding", group=_ADMISSION),),
    ),
)
REFERENCES = tuple(sorted(_TABLE, key=lambda row: gvk_key(row[0].group, row[0].version, row[0].kind)))
