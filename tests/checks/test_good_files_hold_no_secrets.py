"""No false alarm: not one of the manifests, specs and settings that this project itself makes or tests with is suspected."""

from __future__ import annotations

from pathlib import Path

import pytest

from atmos_cli.adapters.files import DiskTree
from atmos_cli.checks.committed_secrets import committed_secrets, secrets_in_file
from atmos_cli.checks.secret_values import held_secrets
from atmos_cli.checks.subject import RepoSubject
from atmos_cli.yamlio.load import load_all

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["blueprints", "tests", "docs"])
def test_no_file_of_the_project_is_suspected(folder: str) -> None:
    files = [path for end in ("*.yaml", "*.yml", "*.json") for path in sorted((ROOT / folder).rglob(end))]
    found = {str(path): [each.message for each in secrets_in_file(path.name, path.read_bytes())] for path in files}
    assert {path: said for path, said in found.items() if said} == {}
    assert folder == "docs" or len(files) > 50


REAL = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  annotations:
    nginx.ingress.kubernetes.io/auth-secret: basic-auth
    nginx.ingress.kubernetes.io/auth-tls-secret: shop/ca
    cert-manager.io/cluster-issuer: letsencrypt
    checksum/config: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    vault.hashicorp.com/agent-inject-secret-db-password: database/creds/db-app
    vault.hashicorp.com/agent-inject-file-token: token.txt
    argocd.argoproj.io/tracking-id: shop:apps/Deployment:shop-dev/shop
---
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      imagePullSecrets: [{name: regcred}]
      containers:
        - image: ghcr.io/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
          args: [--tls-secret=shop/web-tls, --token-ttl=1h, --password-file=/run/pw, "--secret", web-tls, --api-key=$(KEY)]
          command: [sh, -c, 'export PGPASSWORD="$(cat /run/pw)"; PASSWORD=$PASSWORD exec psql']
          env:
            - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
            - {name: DATABASE_URL, value: "postgres://app:$(DB_PASSWORD)@db/app"}
            - {name: SESSION_TOKEN, value: "3600"}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
spec:
  values:
    auth: {existingSecret: shop-db, secretKeys: {adminPasswordKey: admin, userPasswordKey: user}, password: ""}
    tls: {secret: web-tls, enabled: true}
    serviceAccount: {automountToken: "false"}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
spec: {encryptedData: {password: AgBy8hCi8erSS0tqbBr1pZ8jZ0GZ8erSS0tqbBr1pZ8jZ0GZ8erSS0tq}}
---
apiVersion: v1
kind: Secret
data: {password: "ENC[AES256_GCM,data:x,iv:y]"}
sops: {mac: "ENC[AES256_GCM,data:x]", age: [{recipient: age1abc}]}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
spec: {data: [{secretKey: password, remoteRef: {key: shop, property: password}}], target: {name: db}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: {description: "such as postgres://user:password@host/db"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
webhooks: [{clientConfig: {caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM=}}]
---
apiVersion: v1
kind: ConfigMap
data:
  application.properties: |
    spring.datasource.password=${DB_PASSWORD}
    spring.security.password.min=8
    jwt.secret=
  nginx.conf: |
    proxy_pass http://shop:8080/;
    # auth_basic_user_file /etc/nginx/pw;
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASC
    -----END CERTIFICATE-----
"""


def test_manifests_as_people_write_them_are_not_suspected() -> None:
    documents = load_all(REAL.encode())
    assert len(documents) > 8
    assert [held.said for document in documents for held in held_secrets(document.value)] == []


def test_a_file_that_cannot_be_read_hides_no_secret_in_another(tmp_path: Path) -> None:
    folder = tmp_path / "infrastructure"
    folder.mkdir()
    (folder / "a.yaml").symlink_to("/etc/hostname")
    (folder / "b.yaml").write_text("a: [")
    (folder / "c.yaml").write_text("note: postgres://app:hunter2@db/app\n")
    subject = RepoSubject(DiskTree(tmp_path), ("infrastructure",))
    assert [each.at.file for each in committed_secrets(subject)] == ["infrastructure/c.yaml"]
