"""A new overlay begins with the images of the environment that it is like, or of the nearest where something was deployed."""

import pytest

from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.history.verified import quarantine
from atmos_cli.yamlio.load import load

SPEC = "apps/main/checkout/service.yaml"
IMAGE = "registry.acme.test/checkout"


def overlay(root, environment):
    return root / f"apps/main/checkout/overlays/{environment}/kustomization.yaml"


def image(root, environment):
    (entry,) = load(overlay(root, environment).read_bytes())["images"]
    return entry


@pytest.fixture
def deploy(shop, atmos):
    def run(environment, version):
        done = atmos(
            "deploy", "checkout", "--image", f"{IMAGE}:{version}", "--env", environment, "--repo", shop, "--yes"
        )
        assert done.code == 0, done.out + done.err

    return run


def new(root, atmos, *args):
    done = atmos("new", "environment", *args, "--repo", root, "--yes", "-o", "json")
    assert done.code == 0, done.out
    (service,) = (each for each in done.json["data"]["services"] if each["service"])
    return service["firstImages"]


def test_the_images_of_the_environment_that_it_is_like(shop, atmos, deploy):
    deploy("dev", "1.5.0")
    deploy("staging", "1.4.2")
    text = atmos("new", "environment", "qa", "--like", "staging", "--repo", shop, "--dry-run").out
    assert f"qa begins with the images of staging: {IMAGE}:1.4.2" in text
    assert new(shop, atmos, "qa", "--like", "staging") == [
        {"environment": "qa", "from": "staging", "images": [f"{IMAGE}:1.4.2"]}
    ]
    assert image(shop, "qa") == image(shop, "staging")
    assert atmos("update", "--check", "--repo", shop).code == 0


def test_the_nearest_one_where_something_was_deployed(shop, atmos, deploy):
    deploy("dev", "1.5.0")
    assert new(shop, atmos, "qa", "--like", "staging")[0]["from"] == "dev"
    assert image(shop, "qa")["newTag"] == "1.5.0"


def test_the_first_image_where_nothing_was(shop, atmos):
    assert new(shop, atmos, "qa", "--like", "staging") == []
    assert image(shop, "qa") == image(shop, "staging")


def test_an_environment_that_came_into_the_config(shop, atmos, deploy):
    deploy("prod", "1.1.0")
    deploy("dev", "1.5.0")
    config = shop / "atmos-cli.yaml"
    text = config.read_text()
    config.write_text(
        text.replace("  prod:\n    cluster: prod\n", "  edge:\n    cluster: prod\n  prod:\n    cluster: prod\n")
    )
    assert config.read_text() != text
    done = atmos("update", "--repo", shop, "--yes")
    assert done.code == 0, done.out + done.err
    assert "edge begins with the images of dev" in done.out
    assert image(shop, "edge")["newTag"] == "1.5.0"


def test_the_images_own_spec_for_an_environment_stands(shop, atmos, deploy, git):
    deploy("staging", "1.4.2")
    spec = shop / SPEC
    assert atmos("remove", "service", "checkout", "--env", "dev", "--repo", shop, "--yes", "--write", "files").code == 0
    spec.write_text(spec.read_text() + "environments:\n  dev:\n    image: registry.acme.test/checkout:9.0.0\n")
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Out of dev", cwd=shop)
    done = atmos("update", "checkout", "--env", "dev", "--repo", shop, "--yes")
    assert done.code == 0, done.out + done.err
    assert image(shop, "dev")["newTag"] == "9.0.0"


def rolled_back(root, git, version, environment):
    """What `atmos rollback` notes."""
    names = {"team": "main", "service": "checkout", "environment": environment}
    quarantine(
        open_repo(root), commit=git("rev-parse", "HEAD", cwd=root), images=[f"{IMAGE}:{version}"], at=1e9, **names
    )


def test_an_image_that_was_rolled_back_where_it_runs_is_avoided_with_the_reason(shop, atmos, deploy, git):
    deploy("staging", "1.4.2")
    deploy("dev", "1.5.0")
    rolled_back(shop, git, "1.4.2", "staging")
    done = atmos("new", "environment", "qa", "--like", "staging", "--repo", shop, "--dry-run", "-o", "json")
    assert done.code == 0, done.out
    (said,) = (each for each in done.json["diagnostics"] if each["code"] == "ATM830")
    assert said["severity"] == "warning"
    assert (
        f"qa does not begin with the images of staging: `{IMAGE}:1.4.2` was rolled back in staging" in said["message"]
    )
    assert "atmos deploy main/checkout --env qa --image" in said["hint"]
    assert new(shop, atmos, "qa", "--like", "staging")[0]["from"] == "dev"
    assert image(shop, "qa")["newTag"] == "1.5.0"


def test_forced_a_new_overlay_begins_with_it_and_the_commit_says_so(shop, atmos, deploy, git):
    deploy("dev", "1.4.2")
    assert atmos("remove", "service", "checkout", "--env", "prod", "--repo", shop, "--yes").code == 0
    rolled_back(shop, git, "1.4.2", "prod")
    done = atmos("update", "checkout", "--env", "prod", "--repo", shop, "--dry-run")
    assert "prod does not begin with the images of dev" in done.out + done.err
    assert "begins with the images" not in done.out
    done = atmos("update", "checkout", "--env", "prod", "--force", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert "ATM830" in done.codes
    assert image(shop, "prod")["newTag"] == "1.4.2"
    assert "Atmos-Forced-By: " in git("log", "-1", "--format=%(trailers)", cwd=shop)


def test_the_image_that_the_spec_itself_names_is_refused(shop, atmos, git):
    rolled_back(shop, git, "9.0.0", "dev")
    assert atmos("remove", "service", "checkout", "--env", "dev", "--repo", shop, "--yes").code == 0
    with (shop / SPEC).open("a") as spec:
        spec.write(f"environments:\n  dev:\n    image: {IMAGE}:9.0.0\n")
    done = atmos("update", "checkout", "--env", "dev", "--repo", shop, "--yes", "-o", "json")
    assert (done.code, "ATM830" in done.codes) == (1, True)
    done = atmos("change", "checkout", "size m", "--repo", shop, "--yes", "-o", "json")
    assert "ATM830" not in done.codes, "which brings it into no environment"


def test_a_new_service_of_a_name_that_there_was(repo, atmos, git):
    rolled_back(repo, git, "1.4.2", "prod")
    words = (
        "new",
        "service",
        "node, port 80, called checkout",
        "--image",
        f"{IMAGE}:1.4.2",
        "--repo",
        repo,
        "-o",
        "json",
    )
    done = atmos(*words, "--yes")
    assert (done.code, [each for each in done.codes if each == "ATM830"]) == (1, ["ATM830"])
    assert "was rolled back in prod" in done.out
    done = atmos(*words, "--yes", "--force")
    assert done.code == 0, done.out
    assert "Atmos-Forced-By: " in git("log", "-1", "--format=%(trailers)", cwd=repo)
