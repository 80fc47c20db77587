"""A GitOps repo with people, keys and tiers, and the steps of a story about an approval; real git, real ssh-keygen."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

BUDGET = """\
version: 1
environment: {environment}
count: steady
limits:
  pods: {{limit: "{limit}", ceiling: "{ceiling}"}}
approvals:
  tiers:
  - {{overBy: "<=100%", roles: [team-lead], count: 1, maxTTL: 14d}}
  - {{overBy: ">100%", roles: [platform-owner], count: 2, maxTTL: 7d}}
"""
OVERLAY = "apps/main/checkout/overlays/staging/kustomization.yaml"
PEOPLE = {"dev": (), "ana": ("team-lead",), "lee": ("team-lead", "platform-owner"), "max": ("platform-owner",)}


@dataclass
class World:
    """`root` is the checkout; `atmos` runs the command line in it."""

    root: Path
    run: object
    keys: Path
    today: int = field(default_factory=lambda: int(time.time()))

    def atmos(self, *args):
        return self.run(*args, "--repo", self.root)

    def git(self, *args, who="dev", cwd=None):
        env = {**os.environ, "GIT_AUTHOR_NAME": who, "GIT_AUTHOR_EMAIL": f"{who}@example.test"}
        env |= {"GIT_COMMITTER_NAME": who, "GIT_COMMITTER_EMAIL": f"{who}@example.test"}
        done = subprocess.run(["git", *args], cwd=cwd or self.root, env=env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, message, *, who="dev", body=""):
        self.git("add", "-A", who=who)
        self.git("commit", "-q", "-m", message + (f"\n\n{body}" if body else ""), who=who)
        return self.git("rev-parse", "HEAD")

    def replicas(self, count, *, environment="staging", service="checkout"):
        path = self.root / OVERLAY.replace("staging", environment).replace("checkout", service)
        path.write_text(re.sub(r"count: \d+", f"count: {count}", path.read_text(), count=1))

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def budget(self, *, environment="staging", limit=2, ceiling=10):
        text = BUDGET.format(environment=environment, limit=limit, ceiling=ceiling)
        self.write(f"platform/budgets/{environment}.yaml", text)

    def people(self, *, forges=(), **changes):
        lines = ["version: 1", "people:"]
        for name, roles in {**PEOPLE, **changes}.items():
            if roles is None:
                continue
            key = (self.keys / f"{name}.pub").read_text().strip()
            emails = f"{name}@example.test" if isinstance(roles, tuple) else roles
            shown = ", ".join(roles) if isinstance(roles, tuple) else ""
            lines += [f"  {name}:", f"    emails: [{emails}]", f"    roles: [{shown}]", "    keys:", f"    - {key}"]
        lines.append(f"forges: [{', '.join(forges)}]")
        self.write("platform/approvers.yaml", "\n".join(lines) + "\n")

    def ask(self, *args, service="checkout", environment="staging", write="commit"):
        done = self.atmos(
            "approve",
            "request",
            "--env",
            environment,
            "--service",
            service,
            "--write",
            write,
            "--yes",
            "-o",
            "json",
            *args,
        )
        assert done.code == 0, done.out + done.err
        return done.json["data"]["file"]

    def sign(self, path, who, *args):
        return self.atmos("approve", "sign", self.root / path, "--key", self.keys / who, "--yes", *args)

    def signed_and_committed(self, path, *people):
        for who in people:
            done = self.sign(path, who)
            assert done.code == 0, done.out + done.err
            self.commit(f"Approve by {who}", who=who)

    def check(self, *args):
        return self.atmos("approve", "check", "-o", "json", *args)

    def audit(self, *args):
        return self.atmos("budget", "audit", "-o", "json", *args)

    def validate(self):
        """Exit status, and the codes about budgets and approvals."""
        done = self.atmos("validate", "-o", "json")
        return done.code, sorted(code for code in done.codes if code.startswith("ATM4"))

    def branch(self, replicas=3, *, name="more"):
        """A branch whose one commit, by dev, brings `checkout` in staging to `replicas`."""
        self.git("switch", "-q", "-c", name)
        self.replicas(replicas)
        self.commit("More replicas")

    def land(self, branch="more", *, who="max"):
        self.git("switch", "-q", "main")
        self.git("merge", "-q", "--no-ff", "-m", "Land", branch, who=who)


def make_keys(home):
    assert shutil.which("ssh-keygen"), "these tests need the real ssh-keygen: install openssh-client"
    for name in (*PEOPLE, "stranger"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(home / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return home


def make_template(root, run, keys):
    """On `main`: `checkout` with 1 replica in staging and prod, whose limits are 2 pods and ceilings 10."""
    done = run("init", root, "--yes", "--env", "staging", "--env", "prod")
    assert done.code == 0, done.err
    world = World(root, run, keys)
    done = world.atmos("new", "service", "node, port 80, called checkout", "--replicas", "1", "--yes")
    assert done.code == 0, done.out + done.err
    for environment in ("staging", "prod"):
        world.budget(environment=environment)
    world.people()
    world.commit("Budgets and people")
    done = run("init", root, "--yes", "--write", "commit")  # the quotas follow the budgets
    assert done.code == 0, done.out + done.err
    assert world.validate() == (0, []), world.atmos("validate").out
    return world
