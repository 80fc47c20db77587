"""Manifests read in the order an expert writes them, and ordering never changes what they say."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.kube.fieldorder import ordered
from atmos_cli.yamlio.emit import emit

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels:
    app: web
    name: x
  annotations:
    a: b
    type: c
spec:
  replicas: 2
  minReadySeconds: 5
  selector:
    matchLabels:
      app: web
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app: web
    spec:
      serviceAccountName: web
      securityContext:
        runAsNonRoot: true
      initContainers:
      - name: migrate
        image: web:1
        command:
        - migrate
      containers:
      - name: web
        image: web:1
        imagePullPolicy: IfNotPresent
        command:
        - web
        args:
        - --port=80
        ports:
        - name: http
          containerPort: 80
          protocol: TCP
        env:
        - name: B
          value: "1"
        - name: A
          valueFrom:
            secretKeyRef:
              name: s
              key: k
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
          limits:
            memory: 64Mi
        startupProbe:
          httpGet:
            path: /healthz
            port: http
          periodSeconds: 5
        livenessProbe:
          exec:
            command:
            - x
        readinessProbe:
          tcpSocket:
            port: 80
        lifecycle:
          preStop:
            sleep:
              seconds: 5
        securityContext:
          allowPrivilegeEscalation: false
        volumeMounts:
        - name: tmp
          mountPath: /tmp
          readOnly: false
      volumes:
      - name: tmp
        emptyDir: {}
status:
  replicas: 2
"""
OTHERS = [
    ("apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  type: ClusterIP\n  selector:\n    app: web\n  ports:\n"
    "  - name: http\n    port: 80\n    targetPort: http\n    protocol: TCP\n"),
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ntype: Opaque\nimmutable: true\ndata:\n  apiVersion: x\n  b: x\n  name: x\n",
    ("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: web\nspec:\n  scaleTargetRef:\n"
    "    apiVersion: apps/v1\n    kind: Deployment\n    name: web\n  minReplicas: 2\n  maxReplicas: 4\n  behavior: {}\n  metrics: []\n"),
    ("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web\nspec:\n  podSelector: {}\n  policyTypes:\n  - Ingress\n"
    "  egress: []\n  ingress:\n  - from:\n    - podSelector: {}\n    ports:\n    - port: 80\n      protocol: TCP\n"),
    ("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: r\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n"
    "  kind: Role\n  name: r\nsubjects:\n- kind: ServiceAccount\n  name: s\n  namespace: shop\n"),
    ("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  ingressClassName: nginx\n  tls: []\n  rules:\n"
    "  - host: a.example\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n"
    "            name: web\n            port:\n              name: http\n"),
    ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: shop\nreplicas:\n- name: web\n  count: 2\nresources:\n- ../../base\n"
    "images:\n- name: web\n  newName: ghcr.io/acme/web\n  newTag: 1.2.3\npatches:\n- target:\n    kind: Deployment\n    name: web\n  patch: |\n    - op: add\n"),
]  # fmt: skip


def shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, list):
        return [shuffled(item, rng) for item in value]
    if isinstance(value, dict):
        return {key: shuffled(value[key], rng) for key in rng.sample(list(value), len(value))}
    return value


@pytest.mark.parametrize("text", [DEPLOYMENT, *OTHERS])
def test_experts_order(text: str) -> None:
    from atmos_cli.yamlio.load import load

    for seed in range(5):
        assert emit(ordered(shuffled(load(text.encode()), random.Random(seed)))) == text.replace("1.2.3", '"1.2.3"')


keys = st.sampled_from(
    ["apiVersion", "kind", "metadata", "name", "spec", "status", "data", "labels", "zzz", "aaa", "containers", "env"]
) | st.text(max_size=3)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=2 * settings().max_examples)
@given(st.dictionaries(keys, trees, max_size=5), st.randoms(use_true_random=False))
def test_nothing_is_lost_and_any_start_gives_the_same(resource: dict[str, Any], rng: random.Random) -> None:
    before = deepcopy(resource)
    result = ordered(resource)
    assert result == resource == before
    assert list(resource) == list(before)
    assert emit_order(ordered(result)) == emit_order(result)
    assert emit_order(ordered(shuffled(resource, rng))) == emit_order(result)


def emit_order(value: Any) -> Any:
    """The value with its key order made part of it."""
    if isinstance(value, dict):
        return [(key, emit_order(item)) for key, item in value.items()]
    return [emit_order(item) for item in value] if isinstance(value, list) else value


def test_the_copy_shares_nothing() -> None:
    resource = {"spec": {"list": [{"a": [1]}]}}
    ordered(resource)["spec"]["list"][0]["a"].append(2)
    assert resource == {"spec": {"list": [{"a": [1]}]}}
