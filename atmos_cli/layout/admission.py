"""What a quota cannot limit, refused by the API server itself: too many replicas, too large a container. Optional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.config import namespace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "budget-policy"
# Where no tenant may write: one that could change the limits would have none.
HOME = "default"
API = "admissionregistration.k8s.io/v1"

Documents = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Admission:
    """The limits of one environment: the most replicas of a workload, and the most that one container may ask for."""

    max_replicas: int
    max_container_cpu: str
    max_container_memory: str


def admission_files(
    cluster: str, environments: Mapping[str, Admission], *, teams: Sequence[str]
) -> dict[str, Documents]:
    """Return `infrastructure/configs/<cluster>/budget-policy/`: two policies, and environments' bindings and limits."""
    root = f"infrastructure/configs/{cluster}/{NAME}"
    files: dict[str, Documents] = {"replicas.yaml": [_replicas()], "containers.yaml": [_containers()]}
    for environment, admission in environments.items():
        spaces = [namespace(team, environment) for team in teams]
        bindings = [_binding(policy, environment, spaces) for policy in ("replicas", "containers")]
        files[f"{environment}.yaml"] = [_params(environment, admission), *bindings]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    return {**{f"{root}/{name}": value for name, value in files.items()}, f"{root}/kustomization.yaml": [kustomization]}


def _replicas() -> dict[str, Any]:
    most = "int(params.data.maxReplicas)"
    above = "' is above the budget of ' + params.data.maxReplicas"
    return _policy(
        "replicas",
        [
            _rule("autoscaling", ["v2"], ["horizontalpodautoscalers"]),
            _rule("apps", ["v1"], ["deployments", "replicasets", "statefulsets"]),
        ],
        [
            {
                "expression": f"!has(object.spec.maxReplicas) || object.spec.maxReplicas <= {most}",
                "messageExpression": f"'maxReplicas ' + string(object.spec.maxReplicas) + {above}",
            },
            {
                "expression": f"!has(object.spec.replicas) || object.spec.replicas <= {most}",
                "messageExpression": f"'replicas ' + string(object.spec.replicas) + {above}",
            },
        ],
    )


def _containers() -> dict[str, Any]:
    rules = [_rule("", ["v1"], ["pods"])]
    return _policy(
        "containers",
        rules,
        [_below(resource, data) for resource, data in (("cpu", "maxContainerCpu"), ("memory", "maxContainerMemory"))],
    )


def _below(resource: str, data: str) -> dict[str, Any]:
    small = (
        f"all(c, !has(c.resources) || !has(c.resources.requests) || !('{resource}' in c.resources.requests) || "
        f"!quantity(string(c.resources.requests['{resource}'])).isGreaterThan(quantity(params.data.{data})))"
    )
    expression = (
        f"object.spec.containers.{small} && (!has(object.spec.initContainers) || object.spec.initContainers.{small})"
    )
    message = f"'a container asks for more {resource} than the budget gives: ' + params.data.{data}"
    return {"expression": expression, "messageExpression": message}


def _policy(name: str, rules: list[dict[str, Any]], validations: list[dict[str, Any]]) -> dict[str, Any]:
    spec = {
        "failurePolicy": "Fail",
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {"resourceRules": rules},
        "validations": validations,
    }
    return {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": f"atmos-budget-{name}"},
        "spec": spec,
    }


def _rule(group: str, versions: list[str], resources: list[str]) -> dict[str, Any]:
    operations = ["CREATE", "UPDATE"]
    return {"apiGroups": [group], "apiVersions": versions, "operations": operations, "resources": resources}


def _binding(policy: str, environment: str, spaces: list[str]) -> dict[str, Any]:
    selector = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": spaces}]}
    spec = {
        "policyName": f"atmos-budget-{policy}",
        "validationActions": ["Deny"],
        "paramRef": {"name": f"atmos-budget-{environment}", "namespace": HOME, "parameterNotFoundAction": "Deny"},
        "matchResources": {"namespaceSelector": selector},
    }
    return {
        "apiVersion": API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"atmos-budget-{policy}-{environment}"},
        "spec": spec,
    }


def _params(environment: str, admission: Admission) -> dict[str, Any]:
    data = {
        "maxReplicas": str(admission.max_replicas),
        "maxContainerCpu": admission.max_container_cpu,
        "maxContainerMemory": admission.max_container_memory,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"atmos-budget-{environment}", "namespace": HOME},
        "data": data,
    }
