"""Status asks git once for all deployments, verify for each on its own: about every commit they must say the same."""

import pytest

from atmos_cli.gitops.repository import Deployment, open_repository
from atmos_cli.gitops.write import git_repo
from atmos_cli.history.deployments import DeploymentHistory
from atmos_cli.history.revisions import GitAnswers, relations
from atmos_cli.verify.seen import Order

from .status_support import new_world

ROOM = "apps/main/checkout"
DEV, PROD = f"{ROOM}/overlays/dev/kustomization.yaml", f"{ROOM}/overlays/prod/kustomization.yaml"
BASE = f"{ROOM}/base/deployment.yaml"


@pytest.fixture
def history(tmp_path, tmp_path_factory, atmos, git):
    """Bumps, a comment, an unrelated commit, a merged branch, a branch that was squashed, one that nobody merged."""
    world = new_world("argocd", tmp_path / "template", tmp_path / "gitops", atmos, git)

    def bump(path, old, new):
        return world.commit({path: world.read(path).replace(old, new)})

    bump(DEV, "0.1.0", "0.2.0")
    world.commit({DEV: world.read(DEV) + "# a word\n"})
    world.commit({"platform/notes.md": "unrelated\n"})
    git("checkout", "--quiet", "-b", "merged", cwd=world.root)
    bump(PROD, "0.1.0", "0.5.0")
    git("checkout", "--quiet", "main", cwd=world.root)
    bump(DEV, "0.2.0", "0.3.0")
    git("merge", "--quiet", "--no-ff", "-m", "merge", "merged", cwd=world.root)
    git("checkout", "--quiet", "-b", "squashed", cwd=world.root)
    bump(DEV, "0.3.0", "0.4.0")
    git("checkout", "--quiet", "main", cwd=world.root)
    git("merge", "--quiet", "--squash", "squashed", cwd=world.root)
    git("commit", "--quiet", "-m", "squash", cwd=world.root)
    git("checkout", "--quiet", "-b", "lonely", cwd=world.root)
    bump(DEV, "0.4.0", "9.9.9")
    git("checkout", "--quiet", "main", cwd=world.root)
    world.commit({BASE: world.read(BASE) + "# all environments\n"})
    return world


@pytest.mark.sample
@pytest.mark.parametrize("chunk", [1, 2000])
@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_every_commit_stands_to_the_wanted_one_as_verify_says(history, git, environment, chunk, monkeypatch):
    monkeypatch.setattr("atmos_cli.history.deployments.CHUNK", chunk)
    repository = open_repository(history.root)
    repo, deployment = git_repo(history.root), Deployment("main", "checkout", environment)
    answers = GitAnswers(repo, repository.config, deployment)
    wanted = answers("commit", "")
    every = git("rev-list", "--all", cwd=history.root).split()
    assert len(every) >= 11
    with DeploymentHistory(repo, history.head()) as deployment_history:
        assert deployment_history.wanted(deployment) == (wanted, answers("committed", wanted))
        theirs = relations(answers, wanted, tuple(every))
        mine = {each: deployment_history.relation(deployment, each) for each in every}
        assert {k: v for k, v in mine.items() if theirs[k] != v} == {}
        assert deployment_history.relation(deployment, "f" * 40).order is Order.UNKNOWN
        assert deployment_history.relation(deployment, "--upload-pack=x").order is Order.UNKNOWN


@pytest.mark.slow
def test_a_chart_names_its_commit_by_twelve_digits(history):
    deployment = Deployment("main", "checkout", "dev")
    with DeploymentHistory(git_repo(history.root), history.head()) as deployment_history:
        short = history.head()[:12]
        assert deployment_history.relation(deployment, short) == deployment_history.relation(deployment, history.head())
        assert deployment_history.behind(deployment, short) == 0


def test_behind_counts_the_deployments_own_commits_alone(history, git):
    """Of dev: the squashed bump and the base; the merge brought nothing for it. Of prod: the base alone."""
    merge = git("rev-list", "--first-parent", "--max-count=1", "--grep=^merge$", "main", cwd=history.root)
    with DeploymentHistory(git_repo(history.root), history.head()) as deployment_history:
        counts = [
            deployment_history.behind(Deployment("main", "checkout", name), merge)
            for name in ("dev", "staging", "prod")
        ]
        assert counts == [2, 1, 1]
        lonely = git("rev-parse", "lonely", cwd=history.root)
        assert deployment_history.behind(Deployment("main", "checkout", "dev"), lonely) is None
