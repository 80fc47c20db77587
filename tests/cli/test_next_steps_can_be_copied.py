"""What is left to do is said in commands that work where they are typed, as they are printed."""

import subprocess

import pytest

WORDS = "node, port 80"


def steps(done, topic=None):
    data = done.json["data"]
    left = [*data["written"]["next"], *data.get("next", ())]
    return [each["step"] for each in left if topic in (None, each["topic"])]


def test_no_step_is_broken_into_lines(tmp_path, atmos):
    args = ("init", tmp_path / "x", "--engine", "flux", "--yes")
    left = atmos(*args, "--dry-run", "-o", "json").json["data"]["next"]
    lines = atmos(*args).out.splitlines()
    assert max(len(each) for each in left) > 200
    assert [f"  {each}" for each in left if each.startswith("close ")] == [
        each for each in lines if each.startswith("  close ")
    ]


def typed(command, where):
    subprocess.run(["bash", "-c", command], cwd=where, check=True, capture_output=True)


@pytest.mark.parametrize("inside", [False, True])
def test_the_first_step_leads_into_the_repo(tmp_path, atmos, inside):
    root = tmp_path / "my repo"
    args = ("new", "service", WORDS, "--init", root, "--yes", "-o", "json")
    if inside:
        root.mkdir()
    done = atmos(*args, cwd=root if inside else tmp_path)
    assert steps(done, "first") == ([] if inside else ["cd 'my repo'"])


def test_a_push_names_the_remote_that_is_not_there_yet(shop, atmos, git):
    args = ("deploy", "checkout", "--repo", shop, "--yes", "-o", "json", "--image")
    (push,) = steps(atmos(*args, "r.test/x:1"), "push")
    assert push == "git remote add origin https://git.example.test/shop/gitops.git && git push -u origin main"
    bare = shop.parent / "bare"
    git("init", "-q", "--bare", str(bare), cwd=shop)
    typed(push.replace("https://git.example.test/shop/gitops.git", str(bare)), shop)
    (push,) = steps(atmos(*args, "r.test/x:2"), "push")
    assert push == "git push origin main"
    typed(push, shop)


def test_nothing_is_said_twice_of_a_service_and_its_new_repo(tmp_path, atmos):
    said = steps(atmos("new", "service", WORDS, "--init", tmp_path / "x", "--yes", "-o", "json"))
    plain = [each.removeprefix("fill in: ") for each in said]
    assert len(set(plain)) == len(plain)
    assert sum("git push" in each for each in said) == 1


def test_what_is_filled_in_is_taken_into_services_by_the_step_that_says_so(tmp_path, atmos, git):
    root = tmp_path / "x"
    done = atmos("new", "service", f"{WORDS}, public", "--init", root, "--yes", "-o", "json")
    (then,) = (each for each in steps(done) if "takes what is filled in" in each)
    command = then.split("`")[1].split()
    config = root / "atmos-cli.yaml"
    config.write_text(config.read_text().replace("dev.example.com", "dev.acme.test"))
    assert atmos(*command[1:], "--yes", cwd=root).code == 0
    assert "node-web.dev.acme.test" in (root / "apps/main/node-web/overlays/dev/http-httproute.yaml").read_text()
