"""The pipelines and the hook that `init` writes run on the day they are written, on the branch that the repo has."""

import hashlib
import importlib.util
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from atmos_cli import __version__
from atmos_cli.output.markdown import BUDGET_MARK
from atmos_cli.yamlio.load import load
from tests.cli.fake_gitlab import ME, SOMEBODY, TOKEN, gitlab
from tests.cli.pipelines import GITHUB, GITLAB, HOOKS, ROOT, checked_out, program, shell, steps

COMMIT = "git+https://git.example.test/acme/atmos.git@" + "c" * 40
WHEEL = f"platform/tools/atmos_cli-{__version__}-py3-none-any.whl"
PINNED = f"atmos-cli=={__version__} --hash=sha256:{'a' * 64}"


def install_from(root, atmos, install, **more):
    """Say where atmos comes from, as a person does: edit atmos-cli.yaml, then update."""
    lines = [f"  install: {install}", *(f"  {key}: {value}" for key, value in more.items())]
    config = root / "atmos-cli.yaml"
    text = re.sub(r"(?m)^tool:\n(  .*\n)+", "", config.read_text())
    config.write_text(text.replace("forge:", "tool:\n" + "\n".join(lines) + "\nforge:", 1))
    done = atmos("update", "--repo", root, "--yes")
    assert done.code == 0, done.err
    return root


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Packs the checkout as a wheel; by hand, since an environment for tests has no builder."""
    path = tmp_path_factory.mktemp("wheel") / f"atmos_cli-{__version__}-py3-none-any.whl"
    about = f"atmos_cli-{__version__}.dist-info"
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: atmos-cli\nVersion: {__version__}\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as packed:
        names = [
            each for each in sorted(ROOT.glob("atmos_cli/**/*")) if each.is_file() and "__pycache__" not in each.parts
        ]
        for each in names:
            packed.write(each, each.relative_to(ROOT))
        for name, text in texts.items():
            packed.writestr(f"{about}/{name}", text)
        listed = [*(str(each.relative_to(ROOT)) for each in names), *(f"{about}/{each}" for each in (*texts, "RECORD"))]
        packed.writestr(f"{about}/RECORD", "".join(f"{each},,\n" for each in listed))
    return path


def with_pip(directory):
    """A `python` that has pip: the one of an environment may have none, its base has."""
    own = importlib.util.find_spec("pip") is not None
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return program(directory, "python", f'exec {sys.executable if own else base} "$@"')


@pytest.fixture
def trunk(tmp_path, atmos, git, made_once):
    """A repo whose branch is `trunk`, as the CI of a pull request sees it."""
    runner = tmp_path / "runner"
    runner.mkdir()
    made_once("trunk", runner, lambda: make_trunk(tmp_path, runner, atmos, git))
    return runner


def make_trunk(tmp_path, runner, atmos, git):
    root = tmp_path / "trunk"
    root.mkdir()
    git("init", "-q", "-b", "trunk", cwd=root)
    assert atmos("init", root, "--yes", "--git-url", "https://git.example.test/a.git").code == 0
    origin = tmp_path / "origin.git"
    git("clone", "-q", "--bare", str(root), str(origin), cwd=tmp_path)
    git("switch", "-qc", "change", cwd=root)
    assert atmos("new", "service", "node, port 80, called cart", "--repo", root, "--yes").code == 0
    git("push", "-q", str(origin), "change", cwd=root)
    checked_out(git, origin, runner, ref="origin/change")


def test_what_is_checked_out_is_the_branch_everywhere(trunk):
    assert load((trunk / "atmos-cli.yaml").read_bytes())["git"]["branch"] == "trunk"
    assert "branches: ['trunk']" in (trunk / GITHUB).read_text()
    for path in [trunk / GITHUB, *(trunk / "argocd").rglob("*.yaml")]:
        assert not re.search(r"(targetRevision|revision|origin/|branch): ?main\b|origin/main", path.read_text()), path


def test_a_clone_follows_the_default_of_origin_not_what_is_checked_out(tmp_path, atmos, git):
    origin, root = tmp_path / "origin", tmp_path / "clone"
    git("init", "-q", "-b", "stable", str(origin), cwd=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "first", cwd=origin)
    git("clone", "-q", str(origin), str(root), cwd=tmp_path)
    git("switch", "-qc", "work", cwd=root)
    (root / "README").write_text("ours")
    assert atmos("init", root, "--yes").code == 0
    assert load((root / "atmos-cli.yaml").read_bytes())["git"]["branch"] == "stable"


def test_every_step_of_a_pull_request_passes(trunk):
    for condition, script in steps(trunk, "validate")[1:]:
        assert condition in ("", "github.event_name != 'push'")
        done = shell(script, cwd=trunk)
        assert done.returncode == 0, script + done.stdout + done.stderr


def test_a_push_is_audited(trunk, git):
    git("checkout", "-q", "--detach", "origin/trunk", cwd=trunk)
    for _, script in [*steps(trunk, "validate")[1:2], *steps(trunk, "audit")[1:]]:
        done = shell(script, cwd=trunk)
        assert done.returncode == 0, script + done.stdout + done.stderr


@pytest.mark.parametrize("there", ["", "4711"])
def test_the_comment_is_one_that_is_edited(trunk, tmp_path, there):
    log = tmp_path / "gh.log"
    fake = f'printf \'%s\\n\' "$@" >> {log}; case "$*" in *paginate*) echo {there};; *) cat "${{6#body=@}}" "${{4#body=@}}" 2>/dev/null; true;; esac'
    gh = program(tmp_path / "programs", "gh", fake)
    ((_, script),) = steps(trunk, "comment")[1:]
    done = shell(
        script,
        cwd=trunk,
        path=[gh],
        RUNNER_TEMP=str(tmp_path),
        GITHUB_REPOSITORY="acme/gitops",
        NUMBER="7",
        GH_TOKEN="x",
    )
    assert done.returncode == 0, done.stderr
    said = log.read_text()
    assert BUDGET_MARK in said
    assert ("repos/acme/gitops/issues/comments/4711" in said) is bool(there)
    assert (tmp_path / "budget.md").read_text().startswith(BUDGET_MARK)
    assert "pods" in (tmp_path / "budget.md").read_text()


def test_only_the_comment_may_write(trunk):
    workflow = load((trunk / GITHUB).read_bytes())
    assert workflow["permissions"] == {"contents": "read"}
    rights = {name: job.get("permissions") for name, job in workflow["jobs"].items()}
    assert rights == {"validate": None, "audit": None, "comment": {"contents": "read", "pull-requests": "write"}}


def test_without_a_place_to_install_from_nothing_is_installed_and_it_is_said(trunk, repo):
    for job in ("validate", "audit", "comment"):
        done = shell(steps(trunk, job)[0][1], cwd=trunk)
        assert done.returncode == 1
        assert "`tool.install` in atmos-cli.yaml does not say" in done.stderr
    assert "pip" not in (trunk / GITHUB).read_text()


@pytest.mark.parametrize(
    ("install", "more", "says"),
    [
        (PINNED, {}, "--require-hashes"),
        (PINNED, {"index": "https://pypi.acme.test/simple"}, "--index-url https://pypi.acme.test/simple"),
        (WHEEL, {}, f"./{WHEEL}"),
        (COMMIT, {}, f"atmos-cli @ {COMMIT}"),
    ],
)
def test_what_is_installed_is_what_the_file_says(repo, atmos, tmp_path, install, more, says):
    install_from(repo, atmos, install, **more)
    log = tmp_path / "pip.log"
    fake = program(tmp_path / "programs", "python", f'echo "$@" >> {log}')
    for job in ("validate", "audit", "comment"):
        done = shell(steps(repo, job)[0][1], cwd=repo, path=[fake])
        assert done.returncode == 0, done.stderr
    assert log.read_text().count(says) >= 3
    assert "install atmos-cli\n" not in log.read_text()


@pytest.mark.parametrize("form", ["index", "wheel"])
def test_real_pip_installs_it_and_refuses_another_file(repo, atmos, git, tmp_path, wheel, form):
    mark = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (repo / "platform/tools").mkdir()
    shutil.copy(wheel, repo / "platform/tools")
    install_from(repo, atmos, WHEEL if form == "wheel" else f"atmos-cli=={__version__} --hash=sha256:{mark}")
    target = tmp_path / "installed"
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_TARGET": str(target), "PIP_FIND_LINKS": str(wheel.parent)}
    offline |= {"PIP_CONSTRAINT": "", "PIP_BUILD_CONSTRAINT": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    python = [with_pip(tmp_path / "pip")]
    script = steps(repo, "validate")[0][1]
    done = shell(script, cwd=repo, path=python, **offline)
    assert done.returncode == 0, done.stderr
    done = shell("atmos --version", cwd=repo, PYTHONPATH=str(target))
    assert f"atmos-cli {__version__} " in done.stdout, done.stderr
    if form == "index":
        done = shell(script.replace(mark, "0" * 64), cwd=repo, path=python, **offline)
        assert done.returncode == 1
        assert "DO NOT MATCH THE HASHES" in done.stderr


@pytest.mark.parametrize(
    "install",
    [
        "atmos-cli",
        "atmos-cli==0.1.0",
        "atmos==0.1.0 --hash=sha256:" + "a" * 64,
        "git+https://git.example.test/a.git@main",
        "git+https://me:hunter2@git.example.test/a.git@" + "c" * 40,
        "../atmos_cli-0.1.0-py3-none-any.whl",
        "x'; curl evil'/atmos_cli-0.1.0-py3-none-any.whl",
    ],
)
def test_what_could_be_another_atmos_tomorrow_is_refused(repo, atmos, install):
    config = repo / "atmos-cli.yaml"
    config.write_text(config.read_text() + f'tool: {{install: "{install}"}}\n')
    done = atmos("update", "--repo", repo, "--yes")
    assert done.code == 2
    assert "ATM701" in done.err
    assert "always gives the same atmos" in done.err


def hook(root):
    return load((root / HOOKS).read_bytes())["repos"][0]["hooks"][0]


def test_the_hook_is_installed_by_version_or_commit_else_it_checks_the_version(repo, atmos):
    assert hook(repo)["language"] == "system"
    assert hook(repo)["entry"] == f"atmos validate --require-version {__version__}"
    for install, wanted in {PINNED: f"atmos-cli=={__version__}", COMMIT: f"atmos-cli @ {COMMIT}"}.items():
        made = hook(install_from(repo, atmos, install))
        assert (made["language"], made["entry"]) == ("python", "atmos validate")
        assert made["additional_dependencies"] == [wanted]
    assert hook(install_from(repo, atmos, WHEEL))["entry"].endswith(f"--require-version {__version__}")


def test_the_hook_runs(repo, git):
    """By pre-commit itself, where that is installed."""
    found = shutil.which("pre-commit")
    done = shell(f"{found} run --all-files" if found else hook(repo)["entry"], cwd=repo)
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_version_than_the_hook_wants_is_refused(repo, atmos):
    done = atmos("validate", "--repo", repo, "--require-version", "0.0.1")
    assert done.code == 2
    assert "ATM902" in done.err
    assert atmos("validate", "--repo", repo, "--require-version", __version__).code == 0


def of_the_tool(ran):
    return [each for each in ran.json["diagnostics"] if (each["where"] or {}).get("field") == "tool.install"]


@pytest.mark.parametrize(
    ("install", "others"),
    [
        (f"atmos-cli==9.9.9 --hash=sha256:{'a' * 64}", "atmos 9.9.9"),
        ("tools/atmos_cli-9.9.9-py3-none-any.whl", "atmos 9.9.9"),
        (COMMIT.replace("a", "b"), None),
    ],
)
def test_whoever_has_another_atmos_than_the_pipelines_is_told_once(repo, atmos, install, others):
    """First that the pipelines are not those of the setting, then that what runs here is not what they install."""
    install_from(repo, atmos, PINNED)
    text = (repo / "atmos-cli.yaml").read_text().replace(PINNED, install)
    (repo / "atmos-cli.yaml").write_text(text)
    (found,) = of_the_tool(atmos("validate", "--repo", repo, "-o", "json"))
    assert (found["code"], found["severity"], found["hint"]) == ("ATM623", "warning", "run `atmos update`")
    assert f"still has atmos {__version__}" in found["message"]
    assert [
        e["severity"] for e in of_the_tool(atmos("validate", "--repo", repo, "--check-generated", "-o", "json"))
    ] == ["error"]
    assert atmos("update", "--repo", repo, "--yes").code == 0
    for command in (("validate",), ("update", "--check")):
        ran = atmos(*command, "--repo", repo, "-o", "json")
        assert ran.code == 0
        said = [(each["code"], each["severity"]) for each in of_the_tool(ran)]
        assert said == ([("ATM902", "warning")] if others else [])
        assert not others or others in of_the_tool(ran)[0]["message"]


def test_a_setting_that_no_pipeline_has_yet_is_said(repo, atmos):
    with (repo / "atmos-cli.yaml").open("a") as file:
        file.write(f"tool:\n  install: {PINNED}\n")
    (found,) = of_the_tool(atmos("validate", "--repo", repo, "-o", "json"))
    assert found["message"].endswith("`.github/workflows/atmos.yaml` still has none")


# --- GitLab


@pytest.fixture
def lab(tmp_path, atmos, git):
    root = tmp_path / "lab"
    assert atmos("init", root, "--yes", "--git-url", "git@gitlab.acme.test:shop/gitops.git").code == 0
    return root


def test_gitlab_is_known_by_its_name_and_kept(lab, atmos, git):
    assert load((lab / "atmos-cli.yaml").read_bytes())["forge"] == "gitlab"
    assert (lab / GITLAB).is_file()
    assert load((lab / ".gitlab-ci.yml").read_bytes()) == {"include": [{"local": GITLAB}]}
    assert not (lab / ".github").exists()
    config = lab / "atmos-cli.yaml"
    config.write_text(config.read_text().replace("forge: gitlab", "forge: github"))
    assert atmos("update", "--repo", lab, "--yes").code == 0
    assert (lab / GITHUB).is_file()
    assert not (lab / GITLAB).exists()
    assert not (lab / ".gitlab-ci.yml").exists()


def test_the_flag_wins_over_the_name(tmp_path, atmos):
    flags = ["--git-url", "https://gitlab.acme.test/a.git", "--forge", "github", "--yes"]
    assert atmos("init", tmp_path / "a", *flags).code == 0
    assert (tmp_path / "a" / GITHUB).is_file()
    done = atmos("init", tmp_path / "b", "--forge", "gitea", "--yes")
    assert done.code == 2
    assert "forges are: github, gitlab" in done.err


def test_every_job_of_gitlab_passes(lab, atmos, git, tmp_path):
    origin = tmp_path / "lab.git"
    git("clone", "-q", "--bare", str(lab), str(origin), cwd=tmp_path)
    base = git("rev-parse", "HEAD", cwd=lab)
    git("switch", "-qc", "change", cwd=lab)
    assert atmos("new", "service", "node, port 80, called cart", "--repo", lab, "--yes").code == 0
    git("push", "-q", str(origin), "change", cwd=lab)
    runner = checked_out(git, origin, tmp_path / "runner", ref="origin/change")
    jobs = load((runner / GITLAB).read_bytes())
    fetch, install = jobs.pop(".atmos")["before_script"]
    assert shell(fetch, cwd=runner).returncode == 0
    assert "`tool.install`" in shell(install, cwd=runner).stderr
    assert set(jobs) == {"atmos validate", "atmos budget check", "atmos budget note", "atmos budget audit"}
    for job in [job for name, job in jobs.items() if name != "atmos budget note"]:
        for script in job["script"]:
            done = shell(script, cwd=runner, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
            assert done.returncode == 0, script + done.stdout + done.stderr
    assert (runner / "budget.md").read_text().startswith(BUDGET_MARK)


@pytest.mark.parametrize("there", ["none", "own", "own on a later page", "somebody's"])
def test_the_note_on_gitlab_is_one_that_is_edited(lab, git, there):
    job = load((lab / GITLAB).read_bytes())["atmos budget note"]
    base = git("rev-parse", "HEAD", cwd=lab)
    with gitlab() as server:
        for _ in range(130 if "later" in there else 0):
            server.note(SOMEBODY, "fine")
        if there != "none":
            server.note(SOMEBODY if "somebody" in there else ME, f"{BUDGET_MARK}\nold")
        before = [each["body"] for each in server.notes]
        given = {"CI_API_V4_URL": server.api, "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3"}
        for script in job["script"]:
            done = shell(script, cwd=lab, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, ATMOS_GITLAB_TOKEN=TOKEN, **given)
            assert done.returncode == 0, done.stderr
        bodies = [each["body"] for each in server.notes]
    new = (lab / "budget.md").read_text()
    assert new.startswith(BUDGET_MARK)
    assert bodies == ([*before[:-1], new] if there.startswith("own") else [*before, new])
    assert [method for method, _ in server.asked if method != "GET"] == ["PUT" if there.startswith("own") else "POST"]


def test_the_note_on_gitlab_is_for_whoever_gives_a_token_and_keeps_it_to_itself(lab):
    text = (lab / GITLAB).read_text()
    job = load(text.encode())["atmos budget note"]
    (rule,) = job["rules"]
    assert rule["if"].split(" && ") == [
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "$ATMOS_GITLAB_TOKEN",
        "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID",
    ]
    assert job["allow_failure"] is True
    # The shell never sees it: it is read from the environment by what runs on standard input.
    assert text.count("ATMOS_GITLAB_TOKEN") == 2
    assert 'os.environ["ATMOS_GITLAB_TOKEN"]' in job["script"][1]
    assert job["script"][1].startswith("python - <<'EOF'\n")


def test_a_note_that_gitlab_refuses_is_said(lab, git):
    job = load((lab / GITLAB).read_bytes())["atmos budget note"]
    (lab / "budget.md").write_text(BUDGET_MARK)
    with gitlab() as server:
        given = {"CI_API_V4_URL": server.api, "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3"}
        done = shell(job["script"][1], cwd=lab, ATMOS_GITLAB_TOKEN="of-nobody", **given)
    assert done.returncode == 1
    assert "401" in done.stderr
    assert "of-nobody" not in done.stdout + done.stderr


# --- Line ends


def test_a_checkout_with_the_line_ends_of_windows_is_unchanged(repo, atmos, git, tmp_path):
    clone = tmp_path / "clone"
    git("clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", str(repo), str(clone), cwd=tmp_path)
    assert b"\r" not in (clone / "atmos-cli.yaml").read_bytes()
    done = atmos("init", clone, "--yes", "-o", "json")
    assert done.code == 0
    assert done.json["data"]["kept"] == atmos("init", repo, "-o", "json").json["data"]["kept"]
    assert done.json["data"]["files"] == {"added": [], "modified": []}
    assert git("status", "--porcelain", cwd=clone) == ""
