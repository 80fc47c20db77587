"""Which built-in kinds are gone since before the oldest version of the pack, and which are cluster-scoped."""

from __future__ import annotations

REMOVED = {
    **dict.fromkeys(("extensions/v1beta1/Ingress", "networking.k8s.io/v1beta1/Ingress"), "1.22"),
    **dict.fromkeys(
        (
            *(f"extensions/v1beta1/{k}" for k in ("Deployment", "DaemonSet", "ReplicaSet", "NetworkPolicy")),
            "extensions/v1beta1/PodSecurityPolicy",
            "apps/v1beta1/Deployment",
            "apps/v1beta1/StatefulSet",
            *(f"apps/v1beta2/{k}" for k in ("Deployment", "DaemonSet", "ReplicaSet", "StatefulSet")),
        ),
        "1.16",
    ),
    **dict.fromkeys(
        (
            "networking.k8s.io/v1beta1/IngressClass",
            "apiextensions.k8s.io/v1beta1/CustomResourceDefinition",
            *(
                f"rbac.authorization.k8s.io/{v}/{k}"
                for v in ("v1alpha1", "v1beta1")
                for k in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
            ),
            "admissionregistration.k8s.io/v1beta1/MutatingWebhookConfiguration",
            "admissionregistration.k8s.io/v1beta1/ValidatingWebhookConfiguration",
            "apiregistration.k8s.io/v1beta1/APIService",
            "coordination.k8s.io/v1beta1/Lease",
            "certificates.k8s.io/v1beta1/CertificateSigningRequest",
            "scheduling.k8s.io/v1beta1/PriorityClass",
            *(f"storage.k8s.io/v1beta1/{k}" for k in ("StorageClass", "VolumeAttachment", "CSIDriver", "CSINode")),
        ),
        "1.22",
    ),
    **dict.fromkeys(
        (
            "batch/v1beta1/CronJob",
            "policy/v1beta1/PodDisruptionBudget",
            "policy/v1beta1/PodSecurityPolicy",
            "autoscaling/v2beta1/HorizontalPodAutoscaler",
            "node.k8s.io/v1beta1/RuntimeClass",
            "discovery.k8s.io/v1beta1/EndpointSlice",
            "events.k8s.io/v1beta1/Event",
        ),
        "1.25",
    ),
    "batch/v2alpha1/CronJob": "1.21",
}
"""Removed before the oldest version of the pack (Kubernetes' deprecated API migration guide); later ones it knows."""

CLUSTER_SCOPED = frozenset(
    (group, kind)
    for group, kinds in {
        "": ("Namespace", "Node", "PersistentVolume", "ComponentStatus"),
        "admissionregistration.k8s.io": (
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
        ),
        "apiextensions.k8s.io": ("CustomResourceDefinition",),
        "apiregistration.k8s.io": ("APIService",),
        "authentication.k8s.io": ("TokenReview", "SelfSubjectReview"),
        "authorization.k8s.io": ("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"),
        "certificates.k8s.io": ("CertificateSigningRequest", "ClusterTrustBundle"),
        "flowcontrol.apiserver.k8s.io": ("FlowSchema", "PriorityLevelConfiguration"),
        "internal.apiserver.k8s.io": ("StorageVersion",),
        "networking.k8s.io": ("IngressClass", "IPAddress", "ServiceCIDR", "ClusterCIDR"),
        "node.k8s.io": ("RuntimeClass",),
        "policy": ("PodSecurityPolicy",),
        "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding"),
        "resource.k8s.io": ("DeviceClass", "ResourceSlice", "ResourceClass", "DeviceTaintRule"),
        "scheduling.k8s.io": ("PriorityClass",),
        "storage.k8s.io": ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"),
        "storagemigration.k8s.io": ("StorageVersionMigration",),
    }.items()
    for kind in kinds
)
