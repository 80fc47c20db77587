"""Which commit is meant, and how the ones that an engine names stand to it, asked of real Git."""

import re

import pytest

from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.gitops.repository import Deployment, open_repository
from atmos_cli.history.revisions import GitAnswers, limits_of, manifests, relations
from atmos_cli.live.sessions import meant, target_of
from atmos_cli.verify.seen import Order

DEV = Deployment("main", "checkout", "dev")
OVERLAY = "apps/main/checkout/overlays/{}/kustomization.yaml"


@pytest.fixture
def answers(shop):
    repository = open_repository(shop)
    return GitAnswers(open_repo(shop), repository.config, DEV)


def commit(root, git, message):
    git("add", "-A", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", message, cwd=root)
    return git("rev-parse", "HEAD", cwd=root)


def scaled(root, git, environment="dev"):
    file = root / OVERLAY.format(environment)
    text = re.sub(r"count: \d+", "count: 3", file.read_text())
    assert text != file.read_text()
    file.write_text(text)
    return commit(root, git, f"scale {environment}")


def test_without_a_name_it_is_the_last_commit_that_changed_the_deployment(shop, git, answers):
    mine = scaled(shop, git)
    (shop / "README.md").write_text("other work")
    commit(shop, git, "unrelated")
    assert answers("commit", "") == mine
    assert answers("commit", mine[:10]) == mine


def test_a_commit_that_is_none_says_so(answers):
    with pytest.raises(AtmosError) as refused:
        answers("commit", "no-such-commit")
    assert refused.value.diagnostics[0].code is Code.COMMIT_UNKNOWN


def test_an_unrelated_later_commit_is_newer_with_the_same_inputs(shop, git, answers):
    mine = scaled(shop, git)
    (shop / "README.md").write_text("other work")
    later = commit(shop, git, "unrelated")
    found = relations(answers, mine, (later, mine, "deadbeef" * 5))
    assert (found[later].order, found[later].inputs_equal) == (Order.NEWER, True)
    assert (found[mine].order, found[mine].inputs_equal) == (Order.SAME, True)
    assert found["deadbeef" * 5].order is Order.UNKNOWN


def test_the_commit_before_is_older_with_other_inputs(shop, git, answers):
    before = git("rev-parse", "HEAD", cwd=shop)
    mine = scaled(shop, git)
    found = relations(answers, mine, (before,))
    assert (found[before].order, found[before].inputs_equal) == (Order.OLDER, False)


def test_a_squashed_copy_of_the_commit_has_diverged_with_the_same_inputs(shop, git, answers):
    git("checkout", "-qb", "topic", cwd=shop)
    mine = scaled(shop, git)
    git("checkout", "-q", "main", cwd=shop)
    git("merge", "-q", "--squash", "topic", cwd=shop)
    squashed = commit(shop, git, "squash")
    found = relations(answers, mine, (squashed,))
    assert (found[squashed].order, found[squashed].inputs_equal) == (Order.DIVERGED, True)


def test_a_comment_in_the_overlay_changes_nothing_that_runs(shop, git, answers):
    mine = scaled(shop, git)
    file = shop / OVERLAY.format("dev")
    file.write_text(f"# a word\n{file.read_text()}")
    later = commit(shop, git, "comment")
    assert relations(answers, mine, (later,))[later].inputs_equal


def test_a_commit_is_verified_for_what_it_changes_and_nothing_else(shop, git):
    scaled(shop, git, "staging")
    found = meant(open_repository(shop), None, team=None, environments=(), commit="HEAD")
    assert found == (Deployment("main", "checkout", "staging"),)
    commit(shop, git, "nothing")
    assert meant(open_repository(shop), None, team=None, environments=(), commit="HEAD") == ()


def test_the_target_is_where_the_overlay_runs(shop, answers):
    resources = manifests(answers, answers("commit", ""))
    target = target_of(open_repository(shop).config, DEV, resources)
    assert (target.namespace, target.workload, target.cluster, target.engine) == (
        "main-dev",
        "checkout",
        "dev",
        "argocd",
    )


def test_limits_come_from_the_spec_at_that_commit(shop, git, answers):
    spec = shop / "apps/main/checkout/service.yaml"
    before = answers("commit", "HEAD")
    spec.write_text(f"{spec.read_text()}verify:\n  observe: 7m\n")
    after = commit(shop, git, "watch longer")
    assert limits_of(answers, after).observe == 420
    assert limits_of(answers, before).observe != 420
