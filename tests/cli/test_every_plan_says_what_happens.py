"""Whatever changes files says what happens to what runs, and refuses what the API server would refuse, by one path."""

import pytest

from .conftest import state
from .rolling import PROD, ROOM

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: load, namespace: main-ENV}
spec:
  template:
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: checkout
        image: checkout
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
"""
RESTART = "main/checkout  Deployment/checkout: pods restart (spec.template.spec.containers[checkout].image "


def said(done):
    assert done.code == 0, done.out + done.err
    return " ".join(done.json["data"]["effects"])


def refusal(done):
    assert done.code == 1, done.out
    (found,) = [each for each in done.json["diagnostics"] if each["code"] == "ATM340"]
    return found


def test_new_remove_and_rename_say_it(shop, atmos):
    words = ("--repo", shop, "-o", "json", "--dry-run")
    new = said(atmos("new", "service", "node, port 80, called cart", *words))
    assert "dev  main/cart  Deployment/cart is new: 1 pod" in new
    gone = said(atmos("remove", "service", "checkout", "--env", "dev", *words))
    assert "dev  main/checkout  Deployment/checkout" in gone
    assert "staging, prod  main/checkout  nothing that runs changes" in gone
    assert "Cluster/checkout-db stays in the cluster with its data" in said(
        atmos("remove", "service", "checkout", *words)
    )
    assert "Deployment/checkout" in atmos("remove", "service", "checkout", "--repo", shop, "--dry-run").out


def test_deploy_promote_and_rollback_say_it(deployed):
    words = ("--repo", deployed.root, "-o", "json", "--yes")
    assert f"dev  {RESTART}" in said(deployed.run("deploy", "checkout", "--image", ":2.0", *words))
    assert f"prod  {RESTART}" in said(deployed.run("promote", "checkout", "--to", "prod", *words))
    back = deployed.rollback("--dry-run")
    assert f"prod  {RESTART}registry.test/checkout:2.0 → registry.test/checkout:1.0)" in said(back)
    assert RESTART in deployed.run("rollback", "checkout", "--env", "prod", "--dry-run", "--repo", deployed.root).out


@pytest.fixture
def with_job(deployed):
    """A Job runs the image, too: another image is another template, which no Job takes."""
    for environment in ("dev", "prod"):
        room = f"{ROOM}/overlays/{environment}"
        deployed.write(f"{room}/job.yaml", JOB.replace("ENV", environment))
        deployed.replace(f"{room}/kustomization.yaml", "- ../../base\n", "- ../../base\n- job.yaml\n")
    deployed.commit("a Job")
    return deployed


def test_what_the_api_server_refuses_is_not_deployed_or_promoted(with_job):
    words = ("--repo", with_job.root, "-o", "json", "--yes")
    deploy = ("deploy", "checkout", "--image", ":2.0", *words)
    before = state(with_job.root)
    assert "`--allow-replace`" in refusal(with_job.run(*deploy))["hint"]
    assert state(with_job.root) == before
    allowed = with_job.run(*deploy, "--allow-replace")
    assert (allowed.code, [each["severity"] for each in allowed.json["diagnostics"] if each["code"] == "ATM340"]) == (
        0,
        ["warning"],
    )
    promote = ("promote", "checkout", "--to", "prod", *words)
    assert "kubectl -n main-prod delete job load" in refusal(with_job.run(*promote))["hint"]
    assert with_job.run(*promote, "--allow-replace").code == 0


def test_a_rollback_of_what_was_refused_itself_goes_ahead(with_job):
    """The API server refused the other image, so that the Job is as it was, and nothing has to be done."""
    with_job.deploy("1.1")
    done = with_job.rollback("--yes", "--migrations-compatible")
    assert done.code == 0, done.out
    (found,) = [each for each in done.json["diagnostics"] if each["code"] == "ATM340"]
    assert (found["severity"], "was refused, too" in found["hint"]) == ("warning", True)


def test_a_rollback_that_the_api_server_would_refuse_is_refused(deployed):
    """A ConfigMap can be sealed, and not opened again."""
    deployed.write(
        f"{ROOM}/overlays/prod/seal.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: seal, namespace: main-prod}\ndata: {a: b}\n",
    )
    deployed.replace(PROD, "- ../../base\n", "- ../../base\n- seal.yaml\n")
    deployed.commit("a ConfigMap")
    deployed.replace(f"{ROOM}/overlays/prod/seal.yaml", "\ndata:", "\nimmutable: true\ndata:")
    deployed.commit("sealed")
    before = state(deployed.root)
    assert "ConfigMap/seal" in refusal(deployed.rollback("--yes"))["message"]
    assert state(deployed.root) == before
    assert deployed.rollback("--yes", "--allow-replace").code == 0
