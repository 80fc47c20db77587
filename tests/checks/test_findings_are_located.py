"""A finding in what kustomize built leads to the line of the file that a person has to edit."""

from __future__ import annotations

from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: orders
  template:
    metadata:
      labels:
        app.kubernetes.io/name: orders
    spec:
      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: web
        image: ghcr.io/shop/orders:1.4.2
        imagePullPolicyy: Always
        securityContext:
          capabilities:
            drop:
            - ALL
"""
FILES = {
    "apps/shop/orders/base/deployment.yaml": BASE,
    "apps/shop/orders/base/kustomization.yaml": "resources:\n- deployment.yaml\n",
    "apps/shop/orders/overlays/dev/kustomization.yaml": """\
namespace: shop-dev
resources:
- ../../base
images:
- name: ghcr.io/shop/orders
  newTag: latest
""",
}


def test_each_finding_names_file_line_and_field() -> None:
    tree = MemoryTree({path: text.encode() for path, text in FILES.items()})
    built = build(tree, "apps/shop/orders/overlays/dev")
    subject = Subject("orders", "shop", "dev", "shop-dev", "1.34", built)
    found = {
        one.code.name: (one.where.path, one.where.line, one.where.field, one.where.resource, one.environment)
        for one in run(subject, tree)
        if one.where
    }
    base, field = "apps/shop/orders/base/deployment.yaml", "spec.template.spec.containers[0]"
    assert found["SCHEMA_UNKNOWN_FIELD"] == (base, 21, f"{field}.imagePullPolicyy", "Deployment/orders", "dev")
    security = (base, 22, f"{field}.securityContext.allowPrivilegeEscalation", "Deployment/orders", "dev")
    assert found["POD_SECURITY"] == security
    overlay = "apps/shop/orders/overlays/dev/kustomization.yaml"
    assert found["IMAGE_UNPINNED"][0] == overlay
    assert found["IMAGE_UNPINNED"][2:] == (f"{field}.image", "Deployment/orders", "dev")
    assert len(found) == 3
