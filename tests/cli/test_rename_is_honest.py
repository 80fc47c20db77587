"""`atmos rename`: another name is another service, made beside the old one where nothing is left behind, else refused."""

import shutil

import pytest

from atmos_cli.yamlio.load import load
from tests.cli.conftest import state


@pytest.fixture
def cart(repo, atmos, git):
    """A repo with `cart`, whose spec has a comment and whose prod runs a later image."""
    assert atmos("new", "service", "go, port 80, called cart", "--repo", repo, "--yes").code == 0
    spec = repo / "apps/main/cart/service.yaml"
    spec.write_text(spec.read_text().replace("port: 80", "port: 80  # as ever"))
    overlay = repo / "apps/main/cart/overlays/prod/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace('newTag: "0.1.0"', "newTag: v7"))
    git("commit", "-qam", "Run v7", cwd=repo)
    return repo


@pytest.mark.slow
def test_the_new_one_stands_beside_the_old_one(cart, atmos, git):
    old = {path: path.read_bytes() for path in (cart / "apps/main/cart").rglob("*") if path.is_file()}
    done = atmos("rename", "cart", "basket", "--repo", cart, "--yes", "-o", "json")
    assert done.code == 0, done.out
    assert {path: path.read_bytes() for path in old} == old
    spec = (cart / "apps/main/basket/service.yaml").read_text()
    assert spec == (cart / "apps/main/cart/service.yaml").read_text().replace("name: cart", "name: basket")
    assert "# as ever" in spec
    images = {
        name: load((cart / f"apps/main/basket/overlays/{name}/kustomization.yaml").read_bytes())["images"]
        for name in ("dev", "prod")
    }
    assert images["prod"] == [{"name": "basket", "newName": "registry.example.com/main/cart", "newTag": "v7"}]
    assert images["dev"][0]["newTag"] == "0.1.0"
    assert done.json["data"]["next"][-1].endswith("atmos remove service main/cart")
    assert any("cart.main-dev becomes basket.main-dev" in each for each in done.json["data"]["notes"])
    assert atmos("update", "--check", "--repo", cart).code == 0
    assert atmos("remove", "service", "main/cart", "--repo", cart, "--yes").code == 0
    assert atmos("validate", "--repo", cart).code == 0
    assert git("status", "--porcelain", cwd=cart) == ""


def test_what_people_made_is_named_and_stays(cart, atmos, git):
    (cart / "apps/main/cart/base/mine.yaml").write_text("a: 1\n")
    deployment = cart / "apps/main/cart/base/deployment.yaml"
    deployment.write_text(deployment.read_text().replace("revisionHistoryLimit: ", "revisionHistoryLimit: 1"))
    git("add", "-A", cwd=cart)
    git("commit", "-qm", "Mine", cwd=cart)
    done = atmos("rename", "cart", "basket", "--repo", cart, "--dry-run", "-o", "json")
    assert "apps/main/cart/base/mine.yaml" in done.json["data"]["left"]
    assert "apps/main/cart/overlays/prod/kustomization.yaml" not in done.json["data"]["left"]


@pytest.mark.slow
def test_a_name_that_was_edited_first_becomes_a_rename(cart, atmos, git):
    spec = cart / "apps/main/cart/service.yaml"
    before = spec.read_text()
    spec.write_text(before.replace("name: cart", "name: basket"))
    git("commit", "-qam", "Rename", cwd=cart)
    said = atmos("update", "cart", "--repo", cart, "--yes", "-o", "json")
    assert said.codes == ["ATM108"]
    command = said.json["diagnostics"][0]["hint"].split("`")[3]
    assert command == "atmos rename main/cart basket"
    assert atmos(*command.split()[1:], "--repo", cart, "--yes").code == 0
    assert spec.read_text() == before
    assert (cart / "apps/main/basket/service.yaml").is_file()


def test_data_is_never_left_behind(shop, atmos, git):
    before = state(shop)
    done = atmos("rename", "checkout", "till", "--repo", shop, "--yes", "-o", "json")
    assert (done.code, done.codes) == (1, ["ATM625"])
    assert state(shop) == before
    (found,) = done.json["diagnostics"]
    assert "Cluster/checkout-db in prod" in found["message"]
    # the way that it names works
    copied, update = found["hint"].split("; ")[0], found["hint"].split("`")[3]
    old, new = copied.removeprefix("(1) copy ").split(",")[0].split(" to ")
    (shop / new).parent.mkdir()
    shutil.copy(shop / old, shop / new)
    (shop / new).write_text((shop / new).read_text().replace("name: checkout", "name: till"))
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Copy", cwd=shop)
    done = atmos(*update.split()[1:], "--repo", shop, "--yes")
    assert done.code == 0, done.out + done.err
    assert len(list(shop.glob("apps/main/till/overlays/*/kustomization.yaml"))) == 3
    assert atmos("remove", "service", "main/checkout", "--repo", shop, "--yes").code == 0


@pytest.mark.slow
def test_callers_are_named_with_their_lines(cart, atmos, git):
    assert atmos("new", "service", "go, called shop", "--repo", cart, "--yes").code == 0
    spec = cart / "apps/main/shop/service.yaml"
    spec.write_text(spec.read_text() + "dependencies:\n- service: cart\n")
    git("commit", "-qam", "Call", cwd=cart)
    done = atmos("rename", "cart", "basket", "--repo", cart, "--yes", "-o", "json")
    assert (done.code, done.codes) == (1, ["ATM625"])
    assert done.json["diagnostics"][0]["where"]["path"] == "apps/main/shop/service.yaml"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("crat", "basket"), "ATM511", "did you mean `cart`?"),
        (("cart", "Basket"), "ATM105", "use `basket`"),
        (("cart", "cart"), "ATM901", "has that name already"),
        (("cart", "till"), "ATM510", "exists already"),
    ],
)
def test_names_that_do_not_fit_are_refused(cart, atmos, args, code, says):
    assert atmos("new", "service", "go, called till", "--repo", cart, "--yes").code == 0
    before = state(cart)
    done = atmos("rename", *args, "--repo", cart, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, [code])
    assert says in done.out
    assert state(cart) == before


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("command", [("rename", "cart", "basket"), ("rename", "basket", "cart"), ("update", "basket")])
def test_a_directory_moved_by_hand_is_refused_with_the_way(repo, atmos, git, named, command):
    assert atmos("new", "service", "go, port 80, called cart", "--repo", repo, "--yes").code == 0
    git("mv", "apps/main/cart", "apps/main/basket", cwd=repo)
    spec = repo / "apps/main/basket/service.yaml"
    if named:
        spec.write_text(spec.read_text().replace("name: cart", "name: basket"))
    git("commit", "-qam", "Move it", cwd=repo)
    before = state(repo)
    done = atmos(*command, "--repo", repo, "--yes")
    assert "`apps/main/basket` is `main/cart`, moved by hand" in done.out + done.err
    assert "`git mv apps/main/basket apps/main/cart` and `name: cart` in it" in done.out + done.err
    assert "then `atmos rename main/cart basket`" in done.out + done.err
    assert state(repo) == before
    git("mv", "apps/main/basket", "apps/main/cart", cwd=repo)
    back = repo / "apps/main/cart/service.yaml"
    back.write_text(back.read_text().replace("name: basket", "name: cart"))
    git("commit", "-qam", "Move it back", cwd=repo)
    assert atmos("rename", "main/cart", "basket", "--repo", repo, "--yes").code == 0


def test_a_directory_moved_to_another_team_is_refused(repo, atmos, git):
    assert atmos("new", "service", "go, port 80, called cart", "--repo", repo, "--yes").code == 0
    (repo / "apps/shop").mkdir()
    git("mv", "apps/main/cart", "apps/shop/cart", cwd=repo)
    git("commit", "-qm", "Move it", cwd=repo)
    done = atmos("update", "cart", "--repo", repo, "--yes")
    assert "`apps/shop/cart` is `main/cart`, moved by hand" in done.out + done.err
    assert "git mv apps/shop/cart apps/main/cart" in done.out + done.err
