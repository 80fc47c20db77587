"""A new overlay begins with the images of the environment that it is like, or of the nearest where something was deployed."""

import pytest

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
