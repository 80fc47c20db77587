"""Whatever is wrong: one clear sentence with the next step, the right exit status, and the repo exactly as before."""

import os
import subprocess

import pytest

from tests.cli.conftest import state

INTENT = "node, port 80, postgres"


def refused(done, code, *, exit_code=2):
    """The one way a refusal may look, as text and without a traceback."""
    text = done.err + done.out
    assert done.code == exit_code, text
    assert code in text
    assert "Traceback" not in text
    return text


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    ("intent", "code"),
    [
        ("node, port 80, postgers", "ATM101"),
        ("cron port 80", "ATM10"),
        ("node, port 80, port 81", "ATM102"),
        ("node, port 0", "ATM106"),
        ("node, port 70000", "ATM106"),
        ("node, port http", "ATM106"),
        ("node called Shop.Web, port 80", "ATM105"),
        (f"node called {'a' * 64}, port 80", "ATM105"),
        ("worker, python", "ATM103"),
        ("node, kafka", "ATM103"),
        ("", "ATM107"),
        ("port 80", "ATM107"),
    ],
)
def test_intents_that_cannot_be(repo, atmos, intent, code):
    before = state(repo)
    done = atmos("new", "service", intent, "--repo", repo, "--yes")
    text = refused(done, code)
    assert "hint:" in text
    assert state(repo) == before


@pytest.mark.sample(5)
@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--name", "Big.Name"], "ATM105"),
        (["--name", "a" * 64], "ATM105"),
        (["--port", "http"], "ATM106"),
        (["--port", "0"], "ATM106"),
        (["--port", "70000"], "ATM106"),
        (["--team", "nobody"], "ATM703"),
        (["--env", "moon"], "ATM702"),
        (["--scale", "many"], "ATM901"),
        (["--scale", "9..2"], "ATM104"),
        (["--set-env", "NOVALUE"], "ATM901"),
        (["--set-env", "9=x"], "ATM104"),
        (["--with", "mongo"], "ATM201"),
        (["--with", "web"], "ATM201"),
        (["--host", "not a host"], "ATM104"),
        (["--size", "huge"], "ATM901"),
        (["--nonsense"], "ATM901"),
        (["--push"], "ATM606"),
        (["--write", "files", "--push"], "ATM901"),
    ],
)
def test_flags_that_cannot_be(repo, atmos, flags, code):
    before = state(repo)
    refused(atmos("new", "service", INTENT, "--repo", repo, "--yes", *flags), code)
    assert state(repo) == before


def test_no_repo(tmp_path, atmos):
    text = refused(atmos("new", "service", INTENT, "--repo", tmp_path, "--yes"), "ATM601")
    assert "atmos init" in text
    refused(atmos("validate", "--repo", tmp_path), "ATM601")


@pytest.mark.slow
def test_no_terminal_and_no_yes(repo, atmos):
    before = state(repo)
    text = refused(atmos("new", "service", INTENT, "--repo", repo), "ATM901")
    assert "--yes" in text
    assert state(repo) == before


@pytest.mark.slow
def test_a_service_that_exists(shop, atmos):
    before = state(shop)
    refused(atmos("new", "service", "go, called checkout", "--repo", shop, "--yes"), "ATM510")
    assert state(shop) == before


@pytest.mark.slow
def test_a_name_whose_objects_another_service_makes_already(shop, atmos):
    before = state(shop)
    text = refused(atmos("new", "service", "go, called checkout-db", "--repo", shop, "--yes"), "ATM334", exit_code=1)
    assert "main/checkout" in text
    assert state(shop) == before


@pytest.mark.slow
def test_detached_head(shop, atmos, git):
    git("checkout", "-q", "--detach", cwd=shop)
    before = state(shop)
    text = refused(atmos("new", "service", "go, called cart", "--repo", shop, "--yes"), "ATM604")
    assert "--write branch" in text
    assert state(shop) == before
    assert atmos("new", "service", "go, called cart", "--repo", shop, "--yes", "--write", "branch").code == 0


@pytest.mark.slow
def test_no_git_identity(shop, atmos, own_git):
    own_git.write_text("")
    for name in ("EMAIL", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        os.environ.pop(name, None)
    before = state(shop)
    text = refused(atmos("new", "service", "go, called cart", "--repo", shop, "--yes"), "ATM605")
    assert "git config" in text
    assert state(shop) == before


@pytest.mark.slow
def test_a_branch_that_exists(shop, atmos, git):
    git("branch", "atmos/new-cart", cwd=shop)
    before = state(shop)
    text = refused(atmos("new", "service", "go, called cart", "--repo", shop, "--yes", "--write", "branch"), "ATM607")
    assert "--branch" in text
    assert state(shop) == before


@pytest.mark.slow
def test_invalid_yaml_anywhere(shop, atmos):
    broken = shop / "apps/main/checkout/base/service.yaml"
    broken.write_text("kind: [Service\n")
    done = atmos("validate", "--repo", shop, "-o", "json")
    assert done.code == 1
    found = [d for d in done.json["diagnostics"] if d["code"] == "ATM301"]
    assert found
    assert found[0]["where"]["path"] == "apps/main/checkout/base/service.yaml"
    assert found[0]["where"]["line"]
    # Another service can still be made, and is told that the sums are incomplete.
    added = atmos("new", "service", "go, called cart", "--repo", shop, "--yes", "--write", "files", "-o", "json")
    assert added.code == 0, added.out
    assert "ATM407" in added.codes


@pytest.mark.parametrize(
    "text", ["version: 1\n", "version: 2\nclusters: {}\nenvironments: {}\n", "[]", "a: b: c", "\x00", ""]
)
def test_a_broken_configuration(shop, atmos, text):
    (shop / "atmos-cli.yaml").write_text(text)
    for command in (["validate"], ["new", "service", INTENT, "--yes"], ["render", "checkout"], ["diff"]):
        done = atmos(*command, "--repo", shop)
        assert done.code == 2, (command, done.out, done.err)
        assert "ATM701" in done.err or "ATM30" in done.err
        assert "Traceback" not in done.err


def test_a_symlink_out_of_the_repo(shop, tmp_path, atmos):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("password: x\n")
    (shop / "apps/main/checkout/base/linked.yaml").symlink_to(outside / "secret.yaml")
    done = atmos("validate", "--repo", shop)
    assert "ATM614" in done.out + done.err
    assert "password" not in done.out + done.err
    (shop / "apps/other").symlink_to(outside)


def test_a_symlinked_directory_is_never_written_through(repo, tmp_path, atmos):
    outside = tmp_path / "outside"
    outside.mkdir()
    (repo / "apps").symlink_to(outside)
    done = atmos("new", "service", INTENT, "--repo", repo, "--yes", "--write", "files")
    assert done.code == 2, done.out + done.err
    assert not list(outside.iterdir())


def test_a_dirty_path(repo, atmos, git):
    target = repo / "apps/main/node-web"
    target.mkdir(parents=True)
    (target / "mine.txt").write_text("mine")
    refused(atmos("new", "service", INTENT, "--repo", repo, "--yes"), "ATM510")
    assert (target / "mine.txt").read_text() == "mine"


def test_over_budget_nothing_is_written(shop, atmos, git):
    before = state(shop)
    done = atmos("new", "service", "java, called big, size xl, 20 replicas", "--repo", shop, "--yes")
    text = refused(done, "ATM40", exit_code=1)
    assert "Nothing was written" in text
    assert state(shop) == before


@pytest.mark.slow
def test_over_the_limit_says_the_sentence_and_asks_for_approval(shop, atmos, git):
    budget = shop / "platform/budgets/staging.yaml"
    budget.write_text("version: 1\nenvironment: staging\nlimits:\n  requests.cpu: {limit: 600m}\n")
    git("commit", "-qam", "tight", cwd=shop)
    intent = ["new", "service", "node, port 80, called cart, 3 replicas", "--repo", str(shop), "--yes"]
    before = state(shop)
    text = refused(atmos(*intent), "ATM401", exit_code=1)
    assert "This deployment exceeds the budget for the 'staging' environment. Approval required." in text
    assert state(shop) == before
    asked = atmos(*intent, "--request-approval", "-o", "json")
    assert asked.code == 0, asked.out
    assert "ATM401" in asked.codes
    assert asked.json["data"]["written"]["mode"] == "branch"
    assert state(shop)[:3] == before[:3]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nenvironment: dev\nlimits: {requests.cpu: {limit: -1}}\n",
        "version: 1\nenvironment: dev\nlimits: {requests.cpu: {limit: 1e99999}}\n",
        "version: 1\nenvironment: dev\nlimits: {cpus: {limit: 1}}\n",
        "version: 1\nenvironment: prod\nlimits: {requests.cpu: {limit: 1}}\n",
        "version: 1\nenvironment: dev\nlimits: {}\n",
    ],
)
def test_a_budget_that_cannot_be_read_is_never_unlimited(shop, atmos, text):
    (shop / "platform/budgets/dev.yaml").write_text(text)
    assert atmos("validate", "--repo", shop, "-o", "json").code == 1
    assert atmos("new", "service", "go, called cart", "--repo", shop, "--yes").code == 1


def test_a_budget_that_is_missing(shop, atmos):
    (shop / "platform/budgets/dev.yaml").unlink()
    refused(atmos("validate", "--repo", shop), "ATM405", exit_code=1)


@pytest.mark.parametrize(
    "args",
    [
        ["render"],
        ["render", "nothing"],
        ["explain", "ATM000"],
        ["blueprint", "show", "nothing"],
        ["init", "--engine", "spinnaker"],
        ["init", "--env", "Dev"],
        ["init", "--cluster-engine", "x"],
        ["init", "--cluster-engine", "moon=flux"],
        ["nonsense"],
        ["validate", "--nonsense"],
        ["validate", "no/such/path"],
        ["diff", "--base", "no-such-branch"],
        ["diff", "--base", "--evil"],
    ],
)
def test_usage_is_explained(shop, tmp_path, atmos, args):
    where = tmp_path / "empty" if args[0] == "init" else shop
    where.mkdir(exist_ok=True)
    done = atmos(*args, cwd=where)
    assert done.code == 2, done.out + done.err
    assert "hint:" in done.err
    assert "Traceback" not in done.err


def test_a_service_that_is_not_there(shop, atmos):
    text = refused(atmos("render", "chekout", "--repo", shop), "ATM511")
    assert "did you mean `checkout`?" in text


def test_errors_are_json_when_json_is_asked_for(tmp_path, atmos):
    done = atmos("new", "service", INTENT, "--repo", tmp_path, "--yes", "--output", "json")
    assert done.code == 2
    assert done.json["status"] == "error"
    assert done.codes == ["ATM601"]


def test_a_bug_is_no_traceback(shop, atmos, monkeypatch):
    from atmos_cli.commands import render

    def broken(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr(render, "render", broken)
    done = atmos("render", "checkout", "--repo", shop)
    assert done.code == 3
    assert "ATM999" in done.err
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_two_runs_at_once_lose_nothing(shop):
    import sys

    def start(index):
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "atmos_cli",
                "new",
                "service",
                f"go, called svc{index}",
                "--repo",
                str(shop),
                "--yes",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    running = [start(index) for index in range(4)]
    answers = [(each.communicate(timeout=120), each.returncode) for each in running]
    done = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=shop, capture_output=True, text=True, check=True
    )
    for index, ((_, err), code) in enumerate(answers):
        committed = f"apps/main/svc{index}/service.yaml" in done.stdout
        assert committed == (code == 0), err
        assert "Traceback" not in err
    assert any(code == 0 for _, code in answers)
    clean = subprocess.run(["git", "status", "--porcelain"], cwd=shop, capture_output=True, text=True, check=True)
    assert clean.stdout == ""


@pytest.mark.parametrize("args", [[], ["new"], ["budget"], ["approve"], ["blueprint"], ["schema"]], ids=" ".join)
def test_a_command_that_is_missing_shows_the_help_and_no_error(atmos, args):
    done = atmos(*args)
    assert (done.code, done.err) == (2, "")
    assert " ".join(["Usage: atmos", *args]) in done.out


def test_the_version_is_told_without_a_command(atmos):
    done = atmos("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("atmos-cli ")
