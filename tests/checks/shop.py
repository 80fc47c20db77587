"""A service that every check passes, to be damaged by one thing at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from atmos_cli.checks.registry import findings
from atmos_cli.checks.subject import Finding, Subject
from atmos_cli.kustomize.model import Built
from atmos_cli.yamlio.load import load_all
from atmos_cli.yamlio.locate import field_of

GOOD = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: orders, namespace: shop-dev}
automountServiceAccountToken: false
---
apiVersion: v1
kind: ConfigMap
metadata: {name: orders, namespace: shop-dev}
data: {LOG_LEVEL: info}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: orders-api, namespace: shop-dev}
spec:
  secretStoreRef: {kind: ClusterSecretStore, name: vault}
  data:
    - {secretKey: token, remoteRef: {key: orders, property: token}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders-db, namespace: shop-dev}
spec: {instances: 1, storage: {size: 1Gi}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: orders-files, namespace: shop-dev}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop-dev, labels: {app.kubernetes.io/name: orders}}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: orders}}
  template:
    metadata: {labels: {app.kubernetes.io/name: orders, app.kubernetes.io/version: 1.4.2}}
    spec:
      serviceAccountName: orders
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
        sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
      initContainers:
        - name: migrate
          image: ghcr.io/shop/orders:1.4.2
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      containers:
        - name: web
          image: ghcr.io/shop/orders:1.4.2
          ports: [{name: http, containerPort: 80}]
          env:
            - {name: URL, valueFrom: {secretKeyRef: {name: orders-db-app, key: uri}}}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: orders-api, key: token}}}
            - {name: LOG_LEVEL, valueFrom: {configMapKeyRef: {name: orders, key: LOG_LEVEL}}}
          envFrom: [{configMapRef: {name: orders}}]
          readinessProbe: {httpGet: {path: /healthz, port: http}}
          resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}
          volumeMounts: [{name: tmp, mountPath: /tmp}, {name: files, mountPath: /files}]
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: files, persistentVolumeClaim: {claimName: orders-files}}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop-dev, labels: {app.kubernetes.io/name: orders}}
spec:
  selector: {app.kubernetes.io/name: orders}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: orders, namespace: shop-dev, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [orders.example.org], secretName: orders-tls}]
  rules:
    - host: orders.example.org
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: orders, port: {name: http}}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders, namespace: shop-dev}
spec:
  parentRefs: [{name: public, namespace: gateways}]
  rules: [{backendRefs: [{name: orders, port: 80}]}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: orders, namespace: shop-dev}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: orders}
  minReplicas: 2
  maxReplicas: 6
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: orders, namespace: shop-dev}
spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: orders}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: orders, namespace: shop-dev}
spec: {podSelector: {matchLabels: {app.kubernetes.io/name: orders}}, policyTypes: [Ingress], ingress: [{ports: [{port: http}]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: orders, namespace: shop-dev}
spec: {selector: {matchLabels: {app.kubernetes.io/name: orders}}, endpoints: [{port: http, path: /metrics}]}
"""

CONTAINER = ("spec", "template", "spec", "containers", 0)


def parse(text: str) -> list[dict[str, Any]]:
    return [document.value for document in load_all(text.encode())]


def good() -> dict[str, dict[str, Any]]:
    """By kind; each call gives fresh objects."""
    return {resource["kind"]: resource for resource in parse(GOOD)}


def subject(resources: list[Any], **more: Any) -> Subject:
    settings = {
        "service": "orders",
        "team": "shop",
        "environment": "dev",
        "namespace": "shop-dev",
        "kubernetes": "1.34",
    }
    return Subject(**{**settings, **more}, resources=tuple(Built(resource, ()) for resource in resources))


def found(resources: Any, **more: Any) -> list[Finding]:
    """What the checks say about the objects: a dict of them, a list, or YAML. A crashed check fails the test."""
    if isinstance(resources, str):
        resources = parse(resources)
    values = list(resources.values()) if isinstance(resources, dict) else resources
    seen, bugs = findings(subject(values, **more))
    assert not bugs, bugs
    return list(seen)


def said(resources: Any, **more: Any) -> set[tuple[str, str]]:
    """`{(code name, field)}` of everything found."""
    return {(one.code.name, field_of(one.path)) for one in found(resources, **more)}


def put(resource: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Sets the value at a path, making mappings on the way; `...` removes it."""
    for step, after in pairwise(path):
        if isinstance(resource, dict) and step not in resource:
            resource[step] = [] if isinstance(after, int) else {}
        resource = resource[step]
    if value is ...:
        del resource[path[-1]]
    elif isinstance(resource, list) and path[-1] == len(resource):
        resource.append(value)
    else:
        resource[path[-1]] = value
