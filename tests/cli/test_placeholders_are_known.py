"""What atmos made up is a finding until somebody fills it in, whatever the registry, and is in the data of plans."""

import pytest

from tests.cli.filled import fill_in

DEV = "apps/main/shop/overlays/dev/kustomization.yaml"
SPEC = "apps/main/shop/service.yaml"
MADE_UP = "reg.acme.test/main/shop:0.1.0"
NO_COMMENT = "# Replace the names by groups of your forge. The last matching line counts.\n"


def edit(root, path, old, new):
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))


def found(root, atmos, code):
    done = atmos("validate", "--repo", root, "-o", "json")
    assert done.code == 0, done.out
    return [each for each in done.json["diagnostics"] if each["code"] == code]


def whats(data):
    return {(each["what"], each["value"]) for each in data["placeholders"]}


def made(root, atmos, *args, intent="node, port 80, called shop", url="https://git.acme.test/a/b.git"):
    done = atmos("init", root, "--yes", "--git-url", url, "--registry", "reg.acme.test", "-o", "json")
    assert done.code == 0, done.out
    service = atmos("new", "service", intent, *args, "--repo", root, "--yes", "-o", "json")
    assert service.code == 0, service.out
    return done.json["data"], service.json["data"]


@pytest.fixture
def own(tmp_path, atmos):
    """A repo with a registry of its own and a service without an image."""
    made(tmp_path / "own", atmos)
    fill_in(tmp_path / "own")
    return tmp_path / "own"


def test_a_made_up_image_of_ones_own_registry_is_one(own, atmos):
    said = found(own, atmos, "ATM332")
    assert sorted(each["environment"] for each in said) == ["dev", "prod", "staging"]
    assert all(MADE_UP in each["message"] for each in said)
    assert said[0]["where"]["path"] == DEV
    assert f"write `image: {MADE_UP}` into service.yaml" in said[0]["hint"]


def test_another_image_is_none(own, atmos):
    done = atmos("deploy", "shop", "--image", ":0.2.0", "--env", "dev", "--repo", own, "--yes")
    assert done.code == 0, done.out + done.err
    assert [each["environment"] for each in found(own, atmos, "ATM332")] == ["prod", "staging"]


def test_an_image_that_the_spec_names_is_none(own, atmos):
    edit(own, SPEC, "language: node\n", f"language: node\nimage: {MADE_UP}\n")
    assert found(own, atmos, "ATM332") == []


def test_an_image_that_the_spec_names_for_one_environment_is_none_there(own, atmos):
    edit(own, SPEC, "language: node\n", f"language: node\nenvironments:\n  dev:\n    image: {MADE_UP}\n")
    assert [each["environment"] for each in found(own, atmos, "ATM332")] == ["prod", "staging"]


def test_it_is_not_promoted_either(own, atmos):
    done = atmos("promote", "shop", "--to", "staging", "--repo", own, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM332"])


def test_a_git_url_of_an_example_is_found_where_it_stands(tmp_path, atmos):
    made(tmp_path / "r", atmos, url="git@gitops.example.org:a/b.git")
    (said,) = [each for each in found(tmp_path / "r", atmos, "ATM707") if each["severity"] == "warning"]
    assert (said["where"]["path"], said["where"]["field"]) == ("atmos-cli.yaml", "git.url")
    assert "ssh://git@gitops.example.org/a/b.git" in said["message"]


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("git.example.com", True),
        ("example.net", True),
        ("GIT.EXAMPLE", True),
        ("git.invalid", True),
        ("git.myexample.com", False),
        ("git.example.com.acme.test", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_names_that_are_kept_for_examples(host, kept):
    from atmos_cli.gitops.placeholders import is_reserved

    assert is_reserved(host) == kept


def test_a_domain_counts_once_for_each_environment_and_only_where_something_is_reached(tmp_path, atmos):
    root = tmp_path / "r"
    made(root, atmos)
    fields = lambda: [each["where"]["field"] for each in found(root, atmos, "ATM707") if each["environment"]]  # noqa: E731
    assert fields() == []
    for name in ("api", "blog"):
        done = atmos("new", "service", f"node, public, called {name}", "--env", "dev", "--repo", root, "--yes")
        assert done.code == 0, done.out + done.err
    assert fields() == ["environments.dev.http.domain"]
    edit(root, "atmos-cli.yaml", "dev.example.com", "dev.acme.test")
    assert atmos("update", "--repo", root, "--yes").code == 0
    assert fields() == []


def test_a_host_of_a_service_is_found_where_it_is_said(own, atmos):
    words = "node, called web, public at web.example.com"
    assert atmos("new", "service", words, "--env", "dev", "--repo", own, "--yes").code == 0
    (said,) = found(own, atmos, "ATM707")
    assert said["where"]["path"].startswith("apps/main/web/")
    assert (said["severity"], "web.example.com" in said["message"]) == ("warning", True)


def test_owners_are_a_note_and_a_warning_where_approvers_rely_on_them(tmp_path, atmos):
    root = tmp_path / "r"
    made(root, atmos)
    (said,) = found(root, atmos, "ATM707")
    assert (said["severity"], said["where"]["path"], said["where"]["line"]) == ("info", "CODEOWNERS", 2)
    assert "@platform, @main" in said["message"]
    (root / "platform/approvers.yaml").write_text("version: 1\npeople: {}\n")
    done = atmos("validate", "--repo", root, "-o", "json")
    (said,) = [each for each in done.json["diagnostics"] if each["code"] == "ATM707"]
    assert (said["severity"], "platform/approvers.yaml" in said["message"]) == ("warning", True)
    edit(root, "CODEOWNERS", NO_COMMENT, "")
    assert "ATM707" not in atmos("validate", "--repo", root, "-o", "json").codes, "groups with just these names"


def test_owners_that_are_filled_in_stay_when_a_team_comes(own, atmos):
    done = atmos("new", "team", "abc", "--repo", own, "--yes")
    assert done.code == 0, done.out + done.err
    assert (own / "CODEOWNERS").read_text().splitlines()[1:] == [
        "* @acme/platform",
        "/apps/abc/ @abc",
        "/apps/main/ @acme/main",
    ]
    (said,) = found(own, atmos, "ATM707")
    assert (said["where"]["line"], said["message"].endswith(": @abc")) == (3, True)


def test_init_new_and_change_have_them_in_their_data(tmp_path, atmos):
    root = tmp_path / "r"
    first, service = made(root, atmos, intent="node, public, called shop", url="https://git.example.com/a.git")
    git, owners = ("git", "https://git.example.com/a.git"), {("owner", "@platform"), ("owner", "@main")}
    domains = {("domain", each) for each in ("dev.example.com", "staging.example.com", "example.com")}
    assert whats(first) == {git, *domains, *owners}
    assert whats(service) == {git, ("image", MADE_UP), *domains, *owners}
    assert {each["path"] for each in service["placeholders"] if each["what"] == "image"} == {
        DEV.replace("dev", name) for name in ("dev", "staging", "prod")
    }
    done = atmos("change", "shop", "size m in dev", "--repo", root, "--dry-run", "-o", "json")
    assert whats(done.json["data"]) == whats(service)


def test_a_filled_repo_has_none(own, atmos):
    args = ("--image", "reg.acme.test/web:1.0.0", "--repo", own, "--yes", "-o", "json")
    done = atmos("new", "service", "node, public, called web", *args)
    assert done.json["data"]["placeholders"] == []
    assert not [each for each in done.json["data"]["next"] if each["topic"] == "fill in"]
    done = atmos("init", own, "--yes", "-o", "json")
    assert done.json["data"]["placeholders"] == []


def test_a_plan_names_them_one_line_for_each_kind(tmp_path, atmos):
    done = atmos("new", "service", "node, port 80, public", "--init", tmp_path / "demo", "--yes", "-o", "json")
    assert done.code == 0
    lines = [each["step"] for each in done.json["data"]["next"] if each["topic"] == "fill in"]
    assert lines == [
        "git.url in atmos-cli.yaml, now https://git.example.com/platform/gitops.git",
        "the image in apps/main/node-web/overlays/*/kustomization.yaml, now registry.example.com/main/node-web:0.1.0",
        "environments.*.http.domain in atmos-cli.yaml, now dev.example.com, staging.example.com, example.com",
        "the owners in CODEOWNERS, now @platform, @main",
    ]
    shown = atmos("init", tmp_path / "demo")
    assert "fill in: git.url in atmos-cli.yaml" in shown.out


def test_many_of_a_kind_are_one_line_to_people(own, atmos):
    assert atmos("new", "service", "go, called api", "--repo", own, "--yes").code == 0
    text = atmos("validate", "--repo", own).out
    assert text.count("ATM332") == 1
    assert "[dev, prod, staging]" in text
    assert ", and 5 more like it" in text
    assert ": 6 warnings" in text
    assert len(found(own, atmos, "ATM332")) == 6, "programs get all"
