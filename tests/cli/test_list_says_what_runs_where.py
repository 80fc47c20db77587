"""`atmos list`: services by environment with image, replicas and blueprints, and what `update` has something for."""

import shutil

import pytest

from tests.cli.conftest import state


@pytest.fixture
def two(shop, atmos):
    """The shop, with a second service that scales, in dev and prod only."""
    made = "go, port 80, autoscaling 2 to 5, called cart"
    assert atmos("new", "service", made, "--env", "dev", "--env", "prod", "--repo", shop, "--yes").code == 0
    return shop


def listed(root, atmos, *args):
    done = atmos("list", *args, "--repo", root, "-o", "json")
    assert done.code == 0, done.out
    return {each["service"]: each for each in done.json["data"]["services"]}


def test_every_service_in_every_environment(two, atmos):
    before = state(two)
    found = listed(two, atmos)
    assert list(found) == ["cart", "checkout"]
    cart, checkout = found["cart"], found["checkout"]
    assert [each["environment"] for each in cart["environments"]] == ["dev", "prod"]
    assert cart["environments"][0] == {
        "environment": "dev",
        "images": ["registry.example.com/main/cart:0.1.0"],
        "minReplicas": 2,
        "maxReplicas": 5,
        "problem": None,
    }
    assert [each["maxReplicas"] for each in checkout["environments"]] == [1, 2, 2]
    assert checkout["blueprints"] == ["web@1.0.0", "postgres@1.0.0"]
    assert {each["update"] for each in found.values()} == {"current"}
    assert state(two) == before


def test_a_table_for_people(two, atmos):
    done = atmos("list", "--env", "prod", "--repo", two)
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["SERVICE", "ENVIRONMENT", "IMAGE", "REPLICAS", "BLUEPRINTS", "UPDATE"]
    assert lines[1][:4] == ["main/cart", "prod", "registry.example.com/main/cart:0.1.0", "2..5"]
    assert len(lines) == 3


def test_what_a_person_wrote_is_what_runs(two, atmos):
    path = two / "apps/main/checkout/overlays/prod/kustomization.yaml"
    text = path.read_text().replace("count: 2", "count: 7").replace('newTag: "0.1.0"', "digest: sha256:" + "a" * 64)
    path.write_text(text)
    (running,) = listed(two, atmos, "checkout", "--env", "prod")["checkout"]["environments"]
    assert running["images"] == ["registry.example.com/main/checkout@sha256:" + "a" * 64]
    assert running["maxReplicas"] == 7


def test_where_the_overlay_does_not_say_it_what_builds_is_asked(two, atmos):
    path = two / "apps/main/checkout/overlays/dev/kustomization.yaml"
    text = path.read_text()
    start, end = text.index("images:"), text.index("patches:")
    path.write_text(text[:start] + text[end:])
    (running,) = listed(two, atmos, "checkout", "--env", "dev")["checkout"]["environments"]
    assert running["images"] == ["checkout"]


@pytest.mark.slow
def test_an_edited_spec_is_to_be_updated_and_an_edited_file_is_not(two, atmos):
    overlay = two / "apps/main/cart/overlays/prod/kustomization.yaml"
    overlay.write_text(overlay.read_text() + "# mine\n")
    spec = two / "apps/main/checkout/service.yaml"
    spec.write_text(spec.read_text().replace("size: s", "size: m"))
    found = listed(two, atmos)
    assert (found["checkout"]["update"], found["cart"]["update"]) == ("pending", "current")
    assert "to update" in atmos("list", "--repo", two).out
    assert atmos("update", "--repo", two, "--write", "files", "--yes").code == 0
    assert listed(two, atmos)["checkout"]["update"] == "current"


def test_broken_files_are_said_and_the_rest_is_listed(two, atmos):
    (two / "apps/main/checkout/overlays/dev/kustomization.yaml").write_text("resources: [\n")
    (two / "apps/main/checkout/service.lock").write_text("nothing of atmos\n")
    found = listed(two, atmos)
    assert found["checkout"]["environments"][0]["problem"]
    assert found["checkout"]["environments"][1]["images"]
    assert (found["checkout"]["update"], found["cart"]["update"]) == ("unreadable", "current")
    assert "no lock of atmos" in found["checkout"]["note"]
    assert "cannot be built" in atmos("list", "--repo", two).out


@pytest.mark.slow
def test_what_has_no_spec_is_listed_too(two, atmos):
    (two / "apps/main/cart/service.yaml").unlink()
    assert listed(two, atmos)["cart"]["update"] == "noSpec"
    done = atmos("list", "cart", "--repo", two)
    assert done.code == 0
    assert "no service.yaml" in done.out
    assert "cart:0.1.0" in done.out
    refused = atmos("update", "cart", "--repo", two)
    assert "`main/cart` has overlays, but no service.yaml" in refused.err
    assert "git log -- apps/main/cart/service.yaml" in refused.err


def test_a_missing_lock_is_said_as_that(two, atmos):
    (two / "apps/main/cart/service.lock").unlink()
    assert listed(two, atmos)["cart"]["update"] == "noLock"
    assert "no service.lock" in atmos("list", "cart", "--repo", two).out


@pytest.mark.parametrize("content", ["a: [", "name: cart\nsize: huge\n", "\ufffe"])
def test_a_spec_that_cannot_be_read_is_no_missing_lock(two, atmos, content):
    (two / "apps/main/cart/service.yaml").write_text(content, "utf-16" if content == "\ufffe" else "utf-8")
    found = listed(two, atmos)["cart"]
    assert found["update"] == "unreadable"
    assert found["note"].startswith("apps/main/cart/service.yaml:")
    text = atmos("list", "cart", "--repo", two).out
    assert "cannot be read" in text
    assert found["note"] in text


def test_a_service_that_is_not_in_an_environment(two, atmos):
    found = listed(two, atmos, "cart", "--env", "staging")["cart"]
    assert (found["environments"], found["notIn"]) == ([], ["staging"])
    text = atmos("list", "cart", "--env", "staging", "--repo", two).out
    assert "main/cart is not in staging: `atmos update main/cart --env staging` brings it there" in text
    assert list(listed(two, atmos, "--env", "staging")) == ["checkout"]


def test_an_environment_without_services(repo, atmos):
    assert "there is no service in staging" in atmos("list", "--env", "staging", "--repo", repo).out


def test_a_linked_overlay_is_said_as_that(two, atmos, tmp_path):
    overlays = two / "apps/main/checkout/overlays"
    (overlays / "dev").rename(overlays.parent / "own")
    (overlays / "dev").symlink_to("../own")
    (overlays / "prod").rename(tmp_path / "prod")
    (overlays / "prod").symlink_to(tmp_path / "prod")
    dev, staging, prod = listed(two, atmos)["checkout"]["environments"]
    assert "symbolic link" in dev["problem"]
    assert "leaves the repository" in prod["problem"]
    assert staging["problem"] is None


def test_an_overlay_that_was_deleted_is_said_as_that(two, atmos):
    shutil.rmtree(two / "apps/main/checkout/overlays/dev")
    dev = listed(two, atmos)["checkout"]["environments"][0]
    assert dev["problem"] == "there is no `apps/main/checkout/overlays/dev/kustomization.yaml`, which was generated"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("chekout",), "ATM511", "did you mean `checkout`?"),
        (("--env", "prd"), "ATM702", "did you mean `prod`?"),
    ],
)
def test_unknown_names_are_refused(two, atmos, args, code, says):
    done = atmos("list", *args, "--repo", two, "-o", "json")
    assert (done.code, done.codes) == (2, [code])
    assert says in done.out


def test_a_repo_without_services(repo, atmos):
    assert listed(repo, atmos) == {}
    assert "atmos new service" in atmos("list", "--repo", repo).out
