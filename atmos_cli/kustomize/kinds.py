"""The built-in kinds as kustomize 5 knows them (it carries the API of Kubernetes 1.21): scope, and keyed lists or not.

A kind that is not here counts as namespaced, and all its lists are replaced as a whole. That includes kinds newer than
the snapshot: `autoscaling/v2 HorizontalPodAutoscaler` merges like a custom resource.
"""

from __future__ import annotations

_NAMESPACED = """
apps/v1 ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
autoscaling/v1 HorizontalPodAutoscaler Scale
autoscaling/v2beta1 HorizontalPodAutoscaler
autoscaling/v2beta2 HorizontalPodAutoscaler
batch/v1 CronJob Job
batch/v1beta1 CronJob
coordination.k8s.io/v1 Lease
coordination.k8s.io/v1beta1 Lease
discovery.k8s.io/v1 EndpointSlice
discovery.k8s.io/v1beta1 EndpointSlice
events.k8s.io/v1 Event
events.k8s.io/v1beta1 Event
extensions/v1beta1 Ingress
networking.k8s.io/v1 Ingress NetworkPolicy
networking.k8s.io/v1beta1 Ingress
policy/v1 PodDisruptionBudget
policy/v1beta1 PodDisruptionBudget
rbac.authorization.k8s.io/v1 Role RoleBinding
rbac.authorization.k8s.io/v1beta1 Role RoleBinding
storage.k8s.io/v1beta1 CSIStorageCapacity
v1 ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota
v1 Secret Service ServiceAccount
"""

_CLUSTER_SCOPED = """
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration ValidatingWebhookConfiguration
admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration ValidatingWebhookConfiguration
apiextensions.k8s.io/v1 CustomResourceDefinition
apiextensions.k8s.io/v1beta1 CustomResourceDefinition
apiregistration.k8s.io/v1 APIService
apiregistration.k8s.io/v1beta1 APIService
certificates.k8s.io/v1 CertificateSigningRequest
certificates.k8s.io/v1beta1 CertificateSigningRequest
flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema PriorityLevelConfiguration
networking.k8s.io/v1 IngressClass
networking.k8s.io/v1beta1 IngressClass
node.k8s.io/v1 RuntimeClass
node.k8s.io/v1beta1 RuntimeClass
policy/v1beta1 PodSecurityPolicy
rbac.authorization.k8s.io/v1 ClusterRole ClusterRoleBinding
rbac.authorization.k8s.io/v1beta1 ClusterRole ClusterRoleBinding
scheduling.k8s.io/v1 PriorityClass
scheduling.k8s.io/v1beta1 PriorityClass
storage.k8s.io/v1 CSIDriver CSINode StorageClass VolumeAttachment
storage.k8s.io/v1beta1 CSIDriver CSINode StorageClass VolumeAttachment
v1 ComponentStatus Namespace Node PersistentVolume
"""


def _parse(table: str) -> frozenset[tuple[str, str]]:
    lines = (line.split() for line in table.strip().splitlines())
    return frozenset((version, kind) for version, *kinds in lines for kind in kinds)


NAMESPACED = _parse(_NAMESPACED)
CLUSTER_SCOPED = _parse(_CLUSTER_SCOPED)
BUILT_IN = NAMESPACED | CLUSTER_SCOPED


def cluster_scoped(api_version: str, kind: str) -> bool:
    """Return whether the kind is certainly outside of namespaces; False for unknown kinds."""
    return (api_version, kind) in CLUSTER_SCOPED


def built_in(api_version: str, kind: str) -> bool:
    return (api_version, kind) in BUILT_IN
