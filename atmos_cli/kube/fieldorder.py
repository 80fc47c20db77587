"""The order of keys in the manifests that atmos writes: identity first, then as an expert would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource


def ordered(resource: Resource) -> Resource:
    """Return a copy with every mapping in canonical order: known keys first, the rest by name, `status` last.

    Mappings whose keys are the user's own (`labels`, `data`, …) go by name alone. Lists keep their order, and nothing
    is added, changed or lost.
    """
    return _mapping(resource, _RANKS)


def _mapping(value: dict[str, Any], ranks: dict[str, int]) -> dict[str, Any]:
    keys = sorted(value, key=lambda key: (ranks.get(key, _UNKNOWN), key))
    return {key: _below(value[key], _NO_RANKS if key in _FREE else _RANKS) for key in keys}


def _below(value: Any, ranks: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return _mapping(value, ranks)
    if isinstance(value, list):
        return [_below(item, _RANKS) for item in value]
    return value


# One list serves every kind, as in kustomize: each line is one place where these keys occur together.
_ORDER = """
apiVersion apiGroup apiGroups group version kind metadata
name generateName namespace labels annotations ownerReferences finalizers
type immutable
project source sources repoURL targetRevision chart destination
suspend schedule timeZone concurrencyPolicy startingDeadlineSeconds
scaleTargetRef replicas minReplicas maxReplicas parallelism completions
maxSurge maxUnavailable minAvailable
minReadySeconds progressDeadlineSeconds revisionHistoryLimit backoffLimit activeDeadlineSeconds ttlSecondsAfterFinished
serviceName podManagementPolicy
clusterIP ingressClassName
podSelector policyTypes
selector matchLabels matchExpressions
strategy updateStrategy
jobTemplate template
image imagePullPolicy
serviceAccountName automountServiceAccountToken enableServiceLinks restartPolicy terminationGracePeriodSeconds
priorityClassName runtimeClassName nodeSelector affinity tolerations topologySpreadConstraints
command args workingDir
op host path pathType
from to
containerPort port targetPort nodePort protocol appProtocol
ports
key operator
value valueFrom values
env envFrom
storageClassName accessModes
resources requests limits
exec grpc httpGet tcpSocket initialDelaySeconds periodSeconds timeoutSeconds successThreshold failureThreshold
startupProbe livenessProbe readinessProbe lifecycle
securityContext
mountPath subPath readOnly
volumeMounts volumeDevices
initContainers containers volumes volumeClaimTemplates
resourceNames verbs
roleRef subjects
tls rules
images newName newTag digest
target patch patches
spec
data stringData binaryData
"""
_RANKS = {key: rank for rank, key in enumerate(_ORDER.split())}
_UNKNOWN = len(_RANKS)
_RANKS["status"] = _UNKNOWN + 1
_NO_RANKS: dict[str, int] = {}
_FREE = frozenset(("labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData", "binaryData"))
