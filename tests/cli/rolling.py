"""A GitOps repo with two services, and the steps of a story about a deployment that has to be taken back; real git."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOM = "apps/main/checkout"
PROD = f"{ROOM}/overlays/prod/kustomization.yaml"
CONFIG = """\
version: 1
git: {url: "https://git.example.test/shop/gitops.git", branch: main, write: commit}
clusters:
  %(dev)s: {engine: %(engine)s, kubernetes: "1.36"}
%(second)senvironments:
  dev: {cluster: %(dev)s}
  prod: {cluster: %(prod)s, production: true}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: {app.kubernetes.io/name: NAME}
spec:
  selector:
    matchLabels: {app.kubernetes.io/name: NAME}
  template:
    metadata:
      labels: {app.kubernetes.io/name: NAME}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: NAME
        image: NAME
        ports: [{containerPort: 8080}]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
"""
BASE = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [deployment.yaml]
"""
OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: main-ENV
resources:
- ../../base
images:
- {name: NAME, newName: registry.test/NAME, newTag: "TAG"}
replicas:
- {name: NAME, count: 1}
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads, namespace: main-prod}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: SIZE}}}
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: checkout-migrate, namespace: main-prod}
spec:
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: migrate
        image: registry.test/checkout:2.0
        command: [alembic, upgrade, head]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
"""
POINTER = """\
# of ENV
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: checkout, namespace: main-ENV}
spec:
  serviceAccountName: main-deployer
  interval: 10m
  path: ./apps/main/checkout/overlays/ENV
  prune: true
  sourceRef: {kind: GitRepository, name: gitops}
  timeout: TIMEOUT
"""


@dataclass
class World:
    """`root` is the checkout; `run` the command line in this process."""

    root: Path
    run: object = None

    def git(self, *args):
        done = subprocess.run(["git", *args], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @property
    def head(self):
        return self.git("rev-parse", "HEAD")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def read(self, path):
        return (self.root / path).read_text()

    def replace(self, path, old, new):
        text = self.read(path)
        assert old in text, (path, old)
        self.write(path, text.replace(old, new))

    def commit(self, message="change"):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.head

    def deploy(self, tag, *, service="checkout", environment="prod", message=None):
        """A commit that sets the tag of `service` in `environment`."""
        path = f"apps/main/{service}/overlays/{environment}/kustomization.yaml"
        lines = self.read(path).splitlines()
        lines = [f'{line.partition("newTag")[0]}newTag: "{tag}"}}' if "newTag" in line else line for line in lines]
        self.write(path, "\n".join(lines) + "\n")
        return self.commit(message or f"{service} {tag} in {environment}")

    def tag(self, *, commit=None, service="checkout", environment="prod"):
        path = f"apps/main/{service}/overlays/{environment}/kustomization.yaml"
        text = self.git("show", f"{commit}:{path}") if commit else self.read(path)
        return text.partition('newTag: "')[2].partition('"')[0]

    def rollback(self, *args, service="checkout", environment="prod"):
        return self.run("rollback", service, "--env", environment, *args, "-o", "json", "--repo", self.root)

    def repo(self):
        from atmos_cli.adapters.git.repo import open_repo

        return open_repo(self.root)

    def verified(self, commit, outcome="pass", *, at=1000.0, images=(), service="checkout", environment="prod", **more):
        """Record a verdict on `commit`, as `atmos verify` does."""
        from atmos_cli.history.verified import record_verdict

        made = verdict(commit, outcome, at=at, service=service, environment=environment)
        return record_verdict(self.repo(), made, run=f"run-{int(at)}", images=images, **more)

    def clone_of(self, bare, name):
        subprocess.run(["git", "clone", "-q", str(bare), name], cwd=self.root.parent, check=True)
        return World(self.root.parent / name, self.run)

    def share(self):
        """A bare remote of this checkout, as `origin`."""
        bare = self.root.parent / "origin.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(self.root), str(bare)], check=True)
        self.git("remote", "add", "origin", str(bare))
        self.git("fetch", "-q", "origin")
        return bare


def verdict(commit, outcome="pass", *, at=1000.0, service="checkout", environment="prod", **more):
    from atmos_cli.verify.model import Target, Verdict
    from atmos_cli.verify.outcome import Outcome

    target = Target("main", service, environment, environment, f"main-{environment}", "argocd", service)
    return Verdict(target, commit, Outcome(outcome), "", (), ended=at, **more)


def make(root, run, *, engine="argocd", one_cluster=False):
    """The repo of `World`: `checkout` and `cart` at 1.0 in dev and prod, committed."""
    words = {"engine": engine, "dev": "dev", "prod": "dev" if one_cluster else "prod", "second": ""}
    if not one_cluster:
        words["second"] = f'  prod: {{engine: {engine}, kubernetes: "1.36"}}\n'
    world = World(root, run)
    world.write("atmos-cli.yaml", CONFIG % words)
    done = run("init", root, "--yes")
    assert done.code == 0, done.err
    for name in ("checkout", "cart"):
        room = f"apps/main/{name}"
        world.write(f"{room}/base/kustomization.yaml", BASE)
        world.write(f"{room}/base/deployment.yaml", DEPLOYMENT.replace("NAME", name))
        for environment in ("dev", "prod"):
            text = OVERLAY.replace("NAME", name).replace("ENV", environment).replace("TAG", "1.0")
            world.write(f"{room}/overlays/{environment}/kustomization.yaml", text)
            world.write(f"{room}/overlays/{environment}/gitops.json", "{}\n")
    if engine == "flux":
        for cluster, environments in ({"dev": ["dev", "prod"]} if one_cluster else {"prod": ["prod"]}).items():
            documents = [POINTER.replace("ENV", each).replace("TIMEOUT", "3m") for each in environments]
            world.write(f"delivery/{cluster}/main/checkout.yaml", "---\n".join(documents))
    world.commit("checkout and cart 1.0")
    return world


def copied(template, root):
    shutil.copytree(template.root, root)
    return World(root, template.run)


def at_once(runs):
    """Real processes: `(checkout, words of the command line)` each; `(exit status, JSON)` in the same order."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "atmos_cli", *words, "-o", "json"],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        for root, words in runs
    ]
    answers = [(process.communicate(timeout=300), process.returncode) for process in started]
    return [(code, json.loads(out)) for (out, _), code in answers]
