"""A secret is a reference in Git; the plan and the next steps say who fills it in, where, and with which command."""

from __future__ import annotations

import pytest
import yaml

NEW = ("new", "service", "node, called checkout, secret STRIPE_KEY", "--secret", "MAIL_URL")


def with_store(repo, environment="prod"):
    path = repo / "atmos-cli.yaml"
    text = path.read_text()
    start = text.index("environments:")
    at = text.index(f"  {environment}:\n", start) + len(f"  {environment}:\n")
    path.write_text(f"{text[:at]}    secrets: {{store: vault}}\n{text[at:]}")


def steps(done):
    return [step["step"] for step in done.json["data"]["next"] if step["topic"] == "secret"]


def test_words_and_flag_make_references(repo, atmos):
    assert atmos(*NEW, "--repo", repo, "--yes").code == 0
    spec = yaml.safe_load((repo / "apps/main/checkout/service.yaml").read_text())
    both = {name: {"secret": "checkout-env", "key": name} for name in ("STRIPE_KEY", "MAIL_URL")}
    assert spec["secrets"] == both


def test_the_plan_says_who_fills_in_what(repo, atmos):
    with_store(repo)
    done = atmos(*NEW, "--repo", repo, "--dry-run", "-o", "json")
    (row,) = (row for row in done.json["data"]["plan"] if row["field"] == "secrets")
    assert row["value"] == "MAIL_URL, STRIPE_KEY"
    assert row["note"] == (
        "the Secret `checkout-env`: filled in by hand in dev and staging; from the store `vault` in prod"
    )


def test_a_store_gets_an_external_secret_and_the_step_its_key(repo, atmos):
    with_store(repo)
    done = atmos(*NEW, "--repo", repo, "--yes", "-o", "json")
    assert done.code == 0, done.out
    made = {path.parent.name for path in repo.glob("apps/main/checkout/overlays/*/externalsecret*.yaml")}
    assert made == {"prod"}
    (prod,) = (step for step in steps(done) if step.startswith("prod: "))
    assert "MAIL_URL and STRIPE_KEY under `main/prod/checkout/checkout-env`" in prod
    assert any("External Secrets on cluster prod" in str(step) for step in done.json["data"]["next"])


def test_the_command_names_the_cluster_the_namespace_and_the_secret_that_the_pods_refer_to(repo, atmos):
    """tests/lab/proofs/test_proof_secret_commands.py has a real kubectl do it."""
    done = atmos(*NEW, "--repo", repo, "--yes", "-o", "json")
    (dev,) = (step for step in steps(done) if step.startswith("dev: "))
    assert "STRIPE_KEY=…" in dev
    assert dev[dev.index("kubectl ") :] == (
        "kubectl --context dev -n main-dev create secret generic checkout-env --from-env-file=/dev/stdin"
    )


def test_a_further_secret_is_added_to_the_one_that_is_there(repo, atmos):
    assert atmos(*NEW, "--repo", repo, "--yes").code == 0
    done = atmos("change", "checkout", "secret SENTRY_DSN", "--repo", repo, "--yes")
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert '{"stringData": {"SENTRY_DSN": "…"}}' in text
    assert "patch secret checkout-env --patch-file=/dev/stdin" in text
    assert "STRIPE_KEY" not in text[text.index("Next") :]


@pytest.mark.parametrize("text", ["STRIPE_KEY=sk_live_1", "stripe key", ""])
def test_a_flag_with_a_value_is_refused_and_not_repeated(repo, atmos, text):
    done = atmos("new", "service", "node", "--secret", text, "--repo", repo, "--yes")
    assert done.code == 2
    assert "hint: write the name of the variable only" in done.err
    assert "sk_live_1" not in done.out + done.err
