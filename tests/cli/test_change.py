"""`atmos change` edits service.yaml and all that is made from it, in one plan; what it cannot do, it leaves alone."""

import json
import subprocess

import pytest

from .conftest import state

SPEC = "apps/main/checkout/service.yaml"


def rendered(atmos, repo, environment="prod"):
    done = atmos("render", "checkout", "--env", environment, "--repo", repo, "-o", "json")
    assert done.code == 0, done.out + done.err
    return done.out


def requested(atmos, repo, environment="prod"):
    """The memory that the service's own container asks for."""
    resources = json.loads(rendered(atmos, repo, environment))["data"]["resources"]
    (found,) = (each for each in resources if (each["kind"], each["metadata"]["name"]) == ("Deployment", "checkout"))
    return found["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["memory"]


@pytest.fixture
def kept(shop, git):
    """The shop with a service.yaml that a person wrote in, brought up to date and committed."""
    path = shop / SPEC
    text = path.read_text().replace("size: s\n", "size: s     # small\n\n# what it needs\n")
    path.write_text(text)
    git("commit", "-qam", "Comment", cwd=shop)
    return shop


def test_the_sentence_of_the_issue(kept, atmos, git):
    before = (kept / SPEC).read_text().splitlines()
    words = "add redis, size m in prod, 4 replicas, port 8080, without autoscaling"
    done = atmos("change", "checkout", words, "--repo", kept, "--yes")
    assert done.code == 0, done.out + done.err
    for row in (
        "addons.redis",
        "environments.prod.size",
        "replicas",
        "port",
        "is so already: no",
        "s ⇒ m",
        "80 ⇒ 8080",
    ):
        assert row in done.out
    assert "Budget of prod" in done.out
    after = (kept / SPEC).read_text().splitlines()
    assert [line for line in before if line not in after] == ["port: 80"]
    assert git("status", "--porcelain", cwd=kept) == ""
    subject = "Change checkout: with redis, environments.prod.size m, replicas 4, port 8080"
    assert git("log", "-1", "--format=%s", cwd=kept) == subject
    assert "Atmos-Service: main/checkout" in git("log", "-1", "--format=%b", cwd=kept)
    assert "checkout-redis" in rendered(atmos, kept)
    assert (requested(atmos, kept), requested(atmos, kept, "dev")) == ("512Mi", "256Mi")
    assert atmos("update", "--check", "--repo", kept).code == 0
    assert atmos("validate", "--repo", kept).code == 0


@pytest.mark.slow
def test_the_subject_of_the_commit_says_what_comes_and_what_goes(kept, atmos, git):
    for words, said in (("add redis, size m", "with redis, size m"), ("without redis", "without redis")):
        done = atmos("change", "checkout", words, "--repo", kept, "--yes")
        assert done.code == 0, done.out + done.err
        subject = git("log", "-1", "--format=%s", cwd=kept).removeprefix("Change checkout: ")
        assert sorted(subject.split(", ")) == sorted(said.split(", "))


@pytest.mark.slow
def test_what_is_so_already_is_said_and_nothing_is_written(kept, atmos):
    atmos("change", "checkout", "size m", "--repo", kept, "--yes")
    before = state(kept)
    done = atmos("change", "checkout", "size m, node, port 80, postgres, without redis", "--repo", kept)
    assert done.code == 0
    assert done.out.count("is so already") == 5
    assert "Nothing to change" in done.out
    assert state(kept) == before


@pytest.mark.slow
def test_a_change_and_back_leaves_the_files_as_they_were(kept, atmos):
    before = {path: data for path, data in state(kept)[0].items() if path.startswith("apps/")}
    assert atmos("change", "checkout", "add redis, port 9090, size l", "--repo", kept, "--yes").code == 0
    assert atmos("change", "checkout", "remove redis, port 80, size s", "--repo", kept, "--yes").code == 0
    assert {path: data for path, data in state(kept)[0].items() if path.startswith("apps/")} == before


@pytest.mark.sample
@pytest.mark.parametrize("flags", [("--dry-run",), ("--dry-run", "--diff"), ("--dry-run", "--write", "branch")])
def test_a_dry_run_writes_nothing(kept, atmos, flags):
    before = state(kept)
    done = atmos("change", "checkout", "add redis", "--repo", kept, *flags)
    assert done.code == 0
    assert "addons.redis" in done.out
    assert ("+  redis: {}" in done.out) == ("--diff" in flags)
    assert state(kept) == before


@pytest.mark.slow
def test_nobody_is_asked_where_nobody_can_answer(kept, atmos):
    before = state(kept)
    done = atmos("change", "checkout", "add redis", "--repo", kept)
    assert done.code == 2
    assert "ATM901" in done.err
    assert state(kept) == before


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("foo", "ATM101", "`foo` (word 1) is not a word"),
        ("redis, no redis", "ATM102", "contradict each other"),
        ("image a/b:1", "ATM103", "atmos deploy checkout --image a/b:1"),
        ("min 9, max 3", "ATM104", "`max` (3) must not be below `min` (9)"),
        ("env 1A=b", "ATM104", "gives a variable no value"),
        ("env DB_PASSWORD=hunter2", "ATM333", "secret"),
        ("env PORT=80", "ATM207", "sets the variable PORT"),
        ("port 99999", "ATM106", "not a port number"),
        ("", "ATM107", "says nothing"),
        ("size m in qa", "ATM702", "is not an environment that checkout is in"),
        ("postgres instances 99", "ATM104", "which is not 9 or less"),
        ("postgres version 9", "ATM104", "write `postgres 16` or `postgres 17` or `postgres 18`"),
        ("autoscaling, 4 replicas", "ATM102", "which autoscaling leaves open"),
        ("2 to 6 replicas in prod", "ATM102", "has no autoscaling in any environment"),
        ("x" * 2001, "ATM109", "characters"),
    ],
)
def test_bad_words_are_one_sentence_each_and_nothing_is_written(kept, atmos, words, code, said):
    before = state(kept)
    done = atmos("change", "checkout", words, "--repo", kept, "--yes", "-o", "json")
    assert done.code in (1, 2)
    found = done.json["diagnostics"]
    assert code in [each["code"] for each in found]
    assert said in json.dumps(found, ensure_ascii=False)
    assert "hunter2" not in done.out
    assert all(each["hint"] for each in found if each["code"] != "ATM104")
    assert state(kept) == before


def test_an_unknown_service_is_asked_about(kept, atmos):
    done = atmos("change", "chekout", "add redis", "--repo", kept)
    assert (done.code, "did you mean `checkout`?" in done.err) == (2, True)


def test_over_the_budget_nothing_is_written(kept, atmos):
    before = state(kept)
    done = atmos("change", "checkout", "200 replicas, size xl", "--repo", kept, "--yes")
    assert done.code == 1
    assert "ATM40" in done.err
    assert "Nothing was written" in done.out
    assert state(kept) == before


@pytest.mark.slow
def test_flags_need_no_grammar(kept, atmos):
    flags = ("--size", "l", "--port", "81:3000", "--set-env", "A=b, c", "--with", "metrics", "--scale", "2..4")
    done = atmos("change", "checkout", "metrics", *flags, "--repo", kept, "--dry-run", "-o", "json")
    assert done.code == 0, done.out
    rows = {row["field"]: (row["before"], row["after"], row["source"]) for row in done.json["data"]["values"]}
    assert rows == {
        "addons.metrics": ("nothing", "yes", "flag --with"),
        "addons.autoscaling": ("nothing", "yes", "flag --scale"),
        "size": ("s", "l", "flag --size"),
        "scaling": ("nothing", "2 to 4", "flag --scale"),
        "port": ("80", "81 → 3000", "flag --port"),
        "env.A": ("nothing", "b, c", "flag --set-env"),
    }
    told = atmos("change", "checkout", "size m", "--size", "l", "--repo", kept, "--dry-run", "-o", "json")
    assert (told.code, told.json["diagnostics"][0]["hint"]) == (2, "keep one of them"), told.out


@pytest.mark.slow
def test_flags_for_one_environment(kept, atmos):
    done = atmos(
        "change", "checkout", "2 replicas", "--size", "l", "-e", "prod", "--repo", kept, "--dry-run", "-o", "json"
    )
    fields = {row["field"] for row in done.json["data"]["values"]}
    assert fields == {"environments.prod.size", "environments.prod.replicas"}
    for wrong in (("--with", "redis"), ("--port", "90")):
        done = atmos("change", "checkout", *wrong, "-e", "prod", "--repo", kept, "--dry-run")
        assert (done.code, "cannot be for prod alone" in done.err) == (2, True)
    done = atmos("change", "checkout", "--size", "l", "-e", "qa", "--repo", kept, "--dry-run")
    assert (done.code, "ATM702" in done.err) == (2, True)


@pytest.mark.parametrize(
    "args",
    [
        ("without redis", "--with", "redis"),
        ("", "--with", "redis", "--without", "redis"),
        ("env A=1", "--unset-env", "A"),
    ],
)
def test_flags_that_contradict_are_refused(kept, atmos, args):
    done = atmos("change", "checkout", *args, "--repo", kept, "--dry-run")
    assert (done.code, "ATM102" in done.err) == (2, True)


@pytest.mark.slow
def test_an_override_is_told_and_reached_by_name(kept, atmos):
    assert atmos("change", "checkout", "size l in prod", "--repo", kept, "--yes").code == 0
    done = atmos("change", "checkout", "size m", "--repo", kept, "--dry-run")
    assert "in prod it stays l (`environments.prod.size`)" in done.out


@pytest.mark.slow
def test_the_first_host_says_what_it_replaces(kept, atmos):
    done = atmos("change", "checkout", "host a.example.com in prod, public", "--repo", kept, "--dry-run", "-o", "json")
    (row,) = (row for row in done.json["data"]["values"] if row["field"] == "environments.prod.hosts")
    assert "instead of checkout.acme.test" in row["note"]


@pytest.mark.slow
def test_hand_edits_stay_and_a_field_that_both_changed_is_a_conflict(kept, atmos, git):
    overlay = kept / "apps/main/checkout/overlays/prod/kustomization.yaml"
    overlay.write_text("# ours\n" + overlay.read_text().replace("cpu: 100m", "cpu: 120m"))
    git("commit", "-qam", "By hand", cwd=kept)
    before = state(kept)
    done = atmos("change", "checkout", "size m in prod", "--repo", kept, "--yes")
    assert done.code == 1
    assert "ATM622" in done.err
    path = "apps/main/checkout/overlays/prod/kustomization.yaml"
    assert f"add `--ours {path}` to keep yours, or `--theirs {path}` to take the new one" in done.err
    assert state(kept) == before
    done = atmos("change", "checkout", "size m in prod", "--repo", kept, "--yes", "--ours", path)
    assert done.code == 0, done.err
    text = overlay.read_text()
    assert text.startswith("# ours\n")
    assert "cpu: 120m" in text
    assert "memory: 512Mi" in text


@pytest.mark.slow
def test_windows_line_ends_stay(kept, atmos, git):
    path = kept / SPEC
    (kept / ".gitattributes").write_text("* -text\n")  # else Git takes them away
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    git("commit", "-qam", "Windows", cwd=kept)
    assert atmos("change", "checkout", "size m, add redis", "--repo", kept, "--yes").code == 0
    data = path.read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert b"size: m     # small\r\n" in data


@pytest.mark.parametrize(
    ("text", "code"), [("size: [\n", "ATM301"), ("kind: Service\n", "ATM104"), ("a: 1\n---\nb: 1\n", "ATM303")]
)
def test_a_spec_that_cannot_be_read_is_left_alone(kept, atmos, text, code):
    (kept / SPEC).write_text(text)
    before = state(kept)
    done = atmos("change", "checkout", "size m", "--repo", kept, "--yes", "-o", "json")
    assert done.code == 2
    found = done.json["diagnostics"]
    assert found[0]["code"].startswith("ATM"), found
    assert found[0]["where"]["path"] == SPEC, (code, found)
    assert state(kept) == before


def test_what_is_not_editable_in_place_is_said_with_its_place(kept, atmos):
    path = kept / SPEC
    path.write_text(
        path.read_text().replace("postgres: {}", "postgres: &pg {}")
        + "environments: {dev: {addons: {postgres: *pg}}}\n"
    )
    before = state(kept)
    done = atmos("change", "checkout", "postgres storage 2Gi in dev", "--repo", kept, "--yes", "-o", "json")
    assert done.code == 2
    (found,) = done.json["diagnostics"]
    assert (found["code"], found["where"]["path"], found["where"]["line"]) == ("ATM304", SPEC, 14)
    assert "`environments.dev.addons.postgres.storage`" in found["hint"]
    assert state(kept) == before


@pytest.mark.slow
def test_a_branch_starts_from_the_base_and_leaves_the_checkout_alone(kept, atmos, git):
    before = state(kept)[:3]
    done = atmos("change", "checkout", "add redis", "--repo", kept, "--yes", "--write", "branch")
    assert done.code == 0, done.err
    assert state(kept)[:3] == before
    changed = git("diff", "--name-only", "main", "atmos/change-checkout", cwd=kept).splitlines()
    assert SPEC in changed
    assert "redis: {}" in git("show", f"atmos/change-checkout:{SPEC}", cwd=kept)


@pytest.mark.slow
def test_a_branch_does_not_take_back_what_is_newer_on_the_base(kept, atmos, git):
    """The checkout is on an older commit: its spec is not an edit, so the base's newer one is what is changed."""
    git("checkout", "-qb", "older", cwd=kept)
    git("checkout", "-q", "main", cwd=kept)
    assert atmos("change", "checkout", "size l", "--repo", kept, "--yes").code == 0
    git("checkout", "-q", "older", cwd=kept)
    done = atmos("change", "checkout", "add redis", "--repo", kept, "--yes", "--write", "branch")
    assert done.code == 0, done.err
    spec = git("show", f"atmos/change-checkout:{SPEC}", cwd=kept)
    assert "redis: {}" in spec
    assert "size: l" in spec


@pytest.mark.slow
def test_an_edit_that_is_not_committed_is_never_mixed_into_a_commit(kept, atmos):
    path = kept / SPEC
    path.write_text(path.read_text() + "# mine, not done yet\n")
    before = state(kept)
    for flags in ((), ("--push",)):
        done = atmos("change", "checkout", "size m", "--repo", kept, "--yes", "--write", "commit", *flags)
        assert done.code == 2
        assert state(kept) == before
    assert "ATM603" in atmos("change", "checkout", "size m", "--repo", kept, "--yes", "--write", "commit").err


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["branch", "files"])
def test_an_edit_that_is_not_committed_is_told_where_it_comes_along(kept, atmos, git, mode):
    path = kept / SPEC
    path.write_text(path.read_text() + "# mine\n")
    done = atmos("change", "checkout", "size m", "--repo", kept, "--yes", "--write", mode)
    assert done.code == 0, done.err
    assert f"{SPEC} has edits that are not committed, which become part of this" in done.out
    assert path.read_text().endswith("# mine\n")
    made = git("show", f"atmos/change-checkout:{SPEC}", cwd=kept) if mode == "branch" else path.read_text().rstrip()
    assert made.endswith("# mine")


@pytest.mark.slow
def test_files_alone_are_not_committed(kept, atmos, git):
    head = git("rev-parse", "HEAD", cwd=kept)
    assert atmos("change", "checkout", "add redis", "--repo", kept, "--yes", "--write", "files").code == 0
    assert git("rev-parse", "HEAD", cwd=kept) == head
    assert SPEC in git("status", "--porcelain", cwd=kept)


@pytest.mark.slow
def test_the_answer_for_programs(kept, atmos):
    done = atmos("change", "checkout", "size m, node", "--repo", kept, "--yes", "-o", "json")
    data = done.json["data"]
    assert (data["service"], data["team"]) == ("checkout", "main")
    assert data["values"] == [
        {"field": "size", "before": "s", "after": "m", "source": "your words: size m", "note": None}
    ]
    assert [each["field"] for each in data["already"]] == ["language"]
    assert {each["service"] for each in data["update"]["services"]} == {"main/checkout"}
    assert data["written"]["mode"] == "commit"
    again = atmos("change", "checkout", "size m", "--repo", kept, "--yes", "-o", "json").json["data"]
    assert (again["update"], again["written"]) == (None, None)


@pytest.mark.slow
def test_others_push_first_and_both_changes_land(kept, tmp_path, atmos, git, monkeypatch):
    from atmos_cli.gitops import write

    bare = tmp_path / "bare.git"
    git("clone", "-q", "--bare", kept, bare, cwd=tmp_path)
    clones = [tmp_path / "first", tmp_path / "second"]
    for clone in clones:
        git("clone", "-q", bare, clone, cwd=tmp_path)
    monkeypatch.setattr(write, "pause", lambda *_: None)
    assert atmos("change", "checkout", "size m", "--repo", clones[0], "--yes", "--push").code == 0
    done = atmos("change", "checkout", "add redis", "--repo", clones[1], "--yes", "--push")
    assert done.code == 0, done.err
    spec = git("show", f"main:{SPEC}", cwd=bare)
    assert "redis: {}" in spec
    assert "size: m     # small" in spec
    assert git("rev-list", "--count", "main", cwd=bare) == str(int(git("rev-list", "--count", "main", cwd=kept)) + 2)
    same = atmos("change", "checkout", "size m", "--repo", clones[1], "--yes", "--push")
    assert "Nothing to change" in same.out


@pytest.mark.slow
def test_the_same_change_twice_at_once_is_no_fault_of_anyone(kept, tmp_path, atmos, git, monkeypatch):
    from atmos_cli.gitops import write

    bare = tmp_path / "bare.git"
    git("clone", "-q", "--bare", kept, bare, cwd=tmp_path)
    clones = [tmp_path / "first", tmp_path / "second"]
    for clone in clones:
        git("clone", "-q", bare, clone, cwd=tmp_path)
    git("config", "user.name", "Another", cwd=clones[1])  # else both make the very same commit within one second
    monkeypatch.setattr(write, "pause", lambda *_: None)
    assert atmos("change", "checkout", "size m", "--repo", clones[0], "--yes", "--push").code == 0
    done = atmos("change", "checkout", "size m", "--repo", clones[1], "--yes", "--push")
    assert done.code == 1
    assert "others pushed the same change of checkout first" in done.err
    assert (
        subprocess.run(
            ["git", "status", "--porcelain"], cwd=clones[1], capture_output=True, text=True, check=True
        ).stdout
        == ""
    )
