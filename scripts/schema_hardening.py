"""What the API server enforces and the published OpenAPI does not say, as additions to the built-in definitions.

Facts and sources: reference/feasibility.md §3.4 (null, quantities, int32, base64) and reference/validation.md §4
(allowed values and ranges, read from Kubernetes' own validation). `""` and null stand in an enumeration where
defaulting runs first.
"""

from __future__ import annotations

from typing import Any

INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
QUANTITY = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"
DATE_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
_B, _N = "[A-Za-z0-9+/]", r"[\r\n]*"
BASE64 = f"^{_N}(({_B}{_N}){{4}})*(({_B}{_N}){{2}}(={_N}){{2}}|({_B}{_N}){{3}}={_N})?$"

FORMATS: dict[str, dict[str, Any]] = {
    "int32": INT32,
    "int64": INT64,
    "date-time": {"pattern": DATE_TIME},
    "byte": {"pattern": BASE64},
}

OPTIONAL: dict[str, frozenset[str]] = {
    "core.v1.HTTPHeader": frozenset(("value",)),
    "core.v1.LimitRangeSpec": frozenset(("limits",)),
    "networking.v1.NetworkPolicySpec": frozenset(("podSelector",)),
    "apps.v1.StatefulSetSpec": frozenset(("serviceName",)),
    "rbac.v1.RoleRef": frozenset(("apiGroup",)),
}
"""Required in the published OpenAPI, but an API server takes an object without them (asked: 1.25, 1.34, 1.37)."""

REQUIRED: dict[str, frozenset[str]] = {
    "core.v1.PersistentVolumeClaim": frozenset(("spec",)),
    "core.v1.PersistentVolumeClaimSpec": frozenset(("accessModes", "resources")),
}
"""Not required in the published OpenAPI, and refused when absent."""

_FILLED = {"type": "array", "minItems": 1}
CONDITIONS: dict[str, dict[str, Any]] = {
    "rbac.v1.PolicyRule": {
        "if": {"not": {"required": ["nonResourceURLs"], "properties": {"nonResourceURLs": _FILLED}}},
        "then": {"required": ["apiGroups", "resources"], "properties": {"apiGroups": _FILLED, "resources": _FILLED}},
    }
}

WHOLE: dict[str, dict[str, Any]] = {
    "IntOrString": {"type": ["integer", "string", "null"], **INT32},
    "Quantity": {"type": ["string", "number", "null"], "pattern": QUANTITY},
    "apiextensions.v1.JSONSchemaPropsOrBool": {
        "if": {"type": ["boolean", "null"]},
        "else": {"$ref": "#/$defs/apiextensions.v1.JSONSchemaProps"},
    },
    "apiextensions.v1.JSONSchemaPropsOrArray": {
        "if": {"type": ["array", "null"]},
        "then": {"items": {"$ref": "#/$defs/apiextensions.v1.JSONSchemaProps"}},
        "else": {"$ref": "#/$defs/apiextensions.v1.JSONSchemaProps"},
    },
}


def _one_of(*values: str, default: bool = True) -> dict[str, Any]:
    return {"enum": [*values, *(("", None) if default else ())]}


_PROTOCOL = _one_of("TCP", "UDP", "SCTP")
_OPERATOR = _one_of("In", "NotIn", "Exists", "DoesNotExist", default=False)
_PORT = {"minimum": 1, "maximum": 65535}
_PORT_OR_NONE = {"minimum": 0, "maximum": 65535}
_NATURAL = {"minimum": 0}
_ID = {"minimum": 0, "maximum": 2**31 - 1}
_MODE = {"minimum": 0, "maximum": 0o777}
_WEIGHT = {"minimum": 1, "maximum": 100}
_SHARE = {"minimum": 0, "pattern": "^[0-9]+%$"}
_CONTAINER = {
    "imagePullPolicy": _one_of("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": _one_of("File", "FallbackToLogsOnError"),
}
_IDS = {"runAsUser": _ID, "runAsGroup": _ID}
_TRAFFIC = _one_of("Cluster", "Local")

PROPERTIES: dict[str, dict[str, dict[str, Any]]] = {
    "meta.v1.LabelSelectorRequirement": {"operator": _OPERATOR},
    "core.v1.NodeSelectorRequirement": {
        "operator": _one_of("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", default=False)
    },
    "core.v1.Container": _CONTAINER,
    "core.v1.ContainerPort": {"containerPort": _PORT, "hostPort": _PORT_OR_NONE, "protocol": _PROTOCOL},
    "core.v1.PodSpec": {
        "containers": {"minItems": 1},
        "restartPolicy": _one_of("Always", "OnFailure", "Never"),
        "dnsPolicy": _one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
        "preemptionPolicy": _one_of("PreemptLowerPriority", "Never"),
        "activeDeadlineSeconds": {"minimum": 1},
    },
    "core.v1.PodSecurityContext": {
        **_IDS,
        "fsGroup": _ID,
        "fsGroupChangePolicy": _one_of("Always", "OnRootMismatch", default=False),
        "supplementalGroupsPolicy": _one_of("Merge", "Strict", default=False),
    },
    "core.v1.SecurityContext": {**_IDS, "procMount": _one_of("Default", "Unmasked")},
    "core.v1.SeccompProfile": {"type": _one_of("Localhost", "RuntimeDefault", "Unconfined", default=False)},
    "core.v1.AppArmorProfile": {"type": _one_of("Localhost", "RuntimeDefault", "Unconfined", default=False)},
    "core.v1.Probe": dict.fromkeys(
        ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"), _NATURAL
    ),
    "core.v1.HTTPGetAction": {"scheme": _one_of("HTTP", "HTTPS"), "port": _PORT},
    "core.v1.TCPSocketAction": {"port": _PORT},
    "core.v1.GRPCAction": {"port": _PORT},
    "core.v1.ServicePort": {
        "port": _PORT,
        "nodePort": _PORT_OR_NONE,
        "targetPort": _PORT_OR_NONE,
        "protocol": _PROTOCOL,
    },
    "core.v1.ServiceSpec": {
        "type": _one_of("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        "sessionAffinity": _one_of("None", "ClientIP"),
        "externalTrafficPolicy": _TRAFFIC,
        "internalTrafficPolicy": _one_of("Cluster", "Local"),
        "ipFamilyPolicy": _one_of("SingleStack", "PreferDualStack", "RequireDualStack"),
    },
    "core.v1.TopologySpreadConstraint": {
        "maxSkew": {"minimum": 1},
        "whenUnsatisfiable": _one_of("DoNotSchedule", "ScheduleAnyway", default=False),
        "nodeAffinityPolicy": _one_of("Honor", "Ignore", default=False),
        "nodeTaintsPolicy": _one_of("Honor", "Ignore", default=False),
    },
    "core.v1.Toleration": {"effect": _one_of("NoSchedule", "PreferNoSchedule", "NoExecute")},
    "core.v1.WeightedPodAffinityTerm": {"weight": _WEIGHT},
    "core.v1.PreferredSchedulingTerm": {"weight": _WEIGHT},
    "core.v1.KeyToPath": {"mode": _MODE},
    "core.v1.ConfigMapVolumeSource": {"defaultMode": _MODE},
    "core.v1.SecretVolumeSource": {"defaultMode": _MODE},
    "core.v1.ProjectedVolumeSource": {"defaultMode": _MODE},
    "core.v1.DownwardAPIVolumeSource": {"defaultMode": _MODE},
    "core.v1.PersistentVolumeClaimSpec": {
        "volumeMode": _one_of("Filesystem", "Block"),
        "accessModes": {"minItems": 1},
        "resources": {"required": ["requests"], "properties": {"requests": {"required": ["storage"]}}},
    },
    "core.v1.PersistentVolumeSpec": {"persistentVolumeReclaimPolicy": _one_of("Retain", "Delete", "Recycle")},
    "apps.v1.DeploymentSpec": dict.fromkeys(
        ("replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"), _NATURAL
    ),
    "apps.v1.DeploymentStrategy": {"type": _one_of("Recreate", "RollingUpdate")},
    "apps.v1.RollingUpdateDeployment": {"maxSurge": _SHARE, "maxUnavailable": _SHARE},
    "apps.v1.RollingUpdateDaemonSet": {"maxSurge": _SHARE, "maxUnavailable": _SHARE},
    "apps.v1.ReplicaSetSpec": {"replicas": _NATURAL, "minReadySeconds": _NATURAL},
    "apps.v1.DaemonSetSpec": {"minReadySeconds": _NATURAL, "revisionHistoryLimit": _NATURAL},
    "apps.v1.DaemonSetUpdateStrategy": {"type": _one_of("RollingUpdate", "OnDelete")},
    "apps.v1.StatefulSetSpec": {
        "replicas": _NATURAL,
        "minReadySeconds": _NATURAL,
        "revisionHistoryLimit": _NATURAL,
        "podManagementPolicy": _one_of("OrderedReady", "Parallel"),
    },
    "apps.v1.StatefulSetUpdateStrategy": {"type": _one_of("RollingUpdate", "OnDelete")},
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": dict.fromkeys(
        ("whenDeleted", "whenScaled"), _one_of("Retain", "Delete")
    ),
    "batch.v1.JobSpec": {
        **dict.fromkeys(
            ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"), _NATURAL
        ),
        "completionMode": _one_of("NonIndexed", "Indexed", default=False),
    },
    "batch.v1.CronJobSpec": {
        **dict.fromkeys(("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"), _NATURAL),
        "concurrencyPolicy": _one_of("Allow", "Forbid", "Replace"),
    },
    "networking.v1.HTTPIngressPath": {"pathType": _one_of("Exact", "Prefix", "ImplementationSpecific", default=False)},
    "networking.v1.ServiceBackendPort": {"number": _PORT_OR_NONE},
    "networking.v1.NetworkPolicyPort": {"protocol": _PROTOCOL, "port": _PORT, "endPort": _PORT_OR_NONE},
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {"minReplicas": {"minimum": 1}, "maxReplicas": {"minimum": 1}},
    "autoscaling.v1.HorizontalPodAutoscalerSpec": {"minReplicas": {"minimum": 1}, "maxReplicas": {"minimum": 1}},
    "autoscaling.v2.MetricSpec": {
        "type": _one_of("Resource", "Pods", "Object", "External", "ContainerResource", default=False)
    },
    "autoscaling.v2.MetricTarget": {"type": _one_of("Utilization", "Value", "AverageValue", default=False)},
    "autoscaling.v2.HPAScalingPolicy": {"type": _one_of("Pods", "Percent", default=False)},
    "autoscaling.v2.HPAScalingRules": {"selectPolicy": _one_of("Max", "Min", "Disabled", default=False)},
    "policy.v1.PodDisruptionBudgetSpec": {
        "minAvailable": _SHARE,
        "maxUnavailable": _SHARE,
        "unhealthyPodEvictionPolicy": _one_of("IfHealthyBudget", "AlwaysAllow", default=False),
    },
    "rbac.v1.PolicyRule": {"verbs": {"minItems": 1}},
    "rbac.v1.RoleRef": {
        "apiGroup": _one_of("rbac.authorization.k8s.io"),
        "kind": _one_of("Role", "ClusterRole", default=False),
    },
    "rbac.v1.Subject": {"kind": _one_of("User", "Group", "ServiceAccount", default=False)},
}

ITEMS: dict[str, dict[str, dict[str, Any]]] = {
    "core.v1.PersistentVolumeClaimSpec": {
        "accessModes": _one_of("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod", default=False)
    },
    "networking.v1.NetworkPolicySpec": {"policyTypes": _one_of("Ingress", "Egress", default=False)},
}


def hardened(definitions: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The definitions of one Kubernetes version (short names), each with what the API server adds."""
    return {name: WHOLE.get(name) or _definition(name, body, definitions) for name, body in definitions.items()}


def _definition(name: str, body: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    out = _formats(body, definitions)
    required = (set(out.get("required", ())) | REQUIRED.get(name, frozenset())) - OPTIONAL.get(name, frozenset())
    if required or "required" in out:
        out["required"] = sorted(required)
    out.update(CONDITIONS.get(name, {}))
    for field, schema in out.get("properties", {}).items():
        schema.update(PROPERTIES.get(name, {}).get(field, {}))
        if "items" in schema:
            schema["items"].update(ITEMS.get(name, {}).get(field, {}))
        target = _target(schema)
        if field in required and target == "IntOrString":
            schema["type"] = ["integer", "string"]
        elif field in required and "properties" in definitions.get(target, {}):
            schema["type"] = "object"
        if field in OPTIONAL.get(name, ()) and isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        if schema.get("enum") and field not in required and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    return out


def _formats(schema: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Without prose and extensions; formats as ranges and patterns; no null item where its fields are required."""
    out = {key: schema[key] for key in ("$ref", "type", "required", "enum") if key in schema}
    out.update(FORMATS.get(schema.get("format", ""), {}))
    if "properties" in schema:
        out["properties"] = {k: _formats(v, definitions) for k, v in sorted(schema["properties"].items())}
    if "items" in schema:
        out["items"] = _formats(schema["items"], definitions)
        if definitions.get(_target(out["items"]), {}).get("required"):
            out["items"]["type"] = "object"
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        out["additionalProperties"] = _formats(extra, definitions)
    elif extra is False:
        out["additionalProperties"] = False
    return out


def _target(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).removeprefix("#/$defs/")
