"""What a pipeline calls after its build: the overlay's `images` entry changes, and nothing else."""

import pytest

from .conftest import state
from .rolling import World

DIGEST = "sha256:" + "0123456789abcdef" * 4
DEV = "apps/main/checkout/overlays/dev/kustomization.yaml"
PROD = "apps/main/checkout/overlays/prod/kustomization.yaml"
TWO = """\
      initContainers:
      - name: migrate
        image: checkout-migrate
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
      containers:
      - name: proxy
        image: envoy:1.30
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}
"""


def deploy(world, *args, service="checkout"):
    return world.run("deploy", service, *args, "-o", "json", "--repo", world.root)


def changed(world, before):
    """(removed, added) lines between `before` and HEAD, of all files."""
    lines = world.git("diff", "--unified=0", before, "HEAD").splitlines()
    pick = lambda sign: [line[1:].strip() for line in lines if line[:1] == sign and line[:3] != sign * 3]  # noqa: E731
    return pick("-"), pick("+")


@pytest.fixture
def crowded(deployed):
    """`checkout` with three containers: its own, one with an entry, and one that names its image below."""
    deployed.replace("apps/main/checkout/base/deployment.yaml", "      containers:\n", TWO)
    for path in (DEV, PROD):
        entry = "- {name: checkout-migrate, newName: registry.test/migrate, newTag: '1.0'}\nreplicas:"
        deployed.replace(path, "replicas:", entry)
    deployed.commit("more containers")
    return deployed


def test_the_entry_changes_and_nothing_else(deployed):
    before = deployed.head
    done = deploy(deployed, "--image", "registry.test/checkout:1.4.2")
    assert done.code == 0, done.out
    assert changed(deployed, before) == (
        ['- {name: checkout, newName: registry.test/checkout, newTag: "1.0"}'],
        ['- {name: checkout, newName: registry.test/checkout, newTag: "1.4.2"}'],
    )
    data = done.json["data"]
    assert data["environments"] == ["dev"]
    assert data["files"] == [DEV]
    assert data["images"] == [
        {
            "environment": "dev",
            "containers": ["checkout"],
            "from": "registry.test/checkout:1.0",
            "to": "registry.test/checkout:1.4.2",
        }
    ]
    assert data["written"]["commit"] == deployed.head


def test_the_commit_says_what_was_deployed(deployed):
    deploy(deployed, "--image", "registry.test/checkout:1.4.2")
    assert deployed.git("log", "-1", "--format=%s") == "Deploy main/checkout 1.4.2 to dev"
    said = deployed.git("log", "-1", "--format=%(trailers)").splitlines()
    assert said[:3] == [
        "Atmos-Service: main/checkout",
        "Atmos-Environment: dev",
        "Atmos-Image: registry.test/checkout:1.4.2",
    ]
    assert said[3].startswith("Atmos-Version: ")


def test_people_see_what_moves_and_what_is_next(deployed):
    done = deployed.run("deploy", "checkout", "--image", ":1.4.2", "--yes", "--repo", deployed.root)
    assert (
        "Deploy main/checkout to dev\n  checkout  registry.test/checkout:1.0 → registry.test/checkout:1.4.2\n"
        in done.out
    )
    assert "atmos verify main/checkout --env dev --commit " in done.out


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("given", "entry"),
    [
        (":2.0", 'newName: registry.test/checkout, newTag: "2.0"'),
        (f":2.0@{DIGEST}", f'newName: registry.test/checkout, newTag: "2.0", digest: "{DIGEST}"'),
        (f"@{DIGEST}", f'newName: registry.test/checkout, digest: "{DIGEST}"'),
        ("other.test:5000/shop/checkout:2.0", 'newName: "other.test:5000/shop/checkout", newTag: "2.0"'),
        ("checkout=other.test/checkout:2.0", 'newName: other.test/checkout, newTag: "2.0"'),
    ],
)
def test_name_tag_and_digest_are_one_field(deployed, given, entry):
    assert deploy(deployed, "--image", given).code == 0
    text = deployed.read(DEV).replace('"', "")
    assert f"- {{name: checkout, {entry}}}".replace('"', "") in text


@pytest.mark.slow
def test_a_digest_goes_when_none_is_given(deployed):
    assert deploy(deployed, "--image", f":2.0@{DIGEST}").code == 0
    assert deploy(deployed, "--image", ":2.1").code == 0
    assert "digest" not in deployed.read(DEV)
    assert 'newTag: "2.1"' in deployed.read(DEV)


@pytest.mark.slow
def test_into_the_environments_that_are_named_in_one_commit(deployed):
    before = deployed.head
    done = deploy(deployed, "--image", ":2.0", "--env", "prod", "--env", "dev")
    assert done.code == 0, done.out
    assert done.json["data"]["files"] == [DEV, PROD]
    assert int(deployed.git("rev-list", "--count", f"{before}..HEAD")) == 1
    assert deployed.git("log", "-1", "--format=%s") == "Deploy main/checkout 2.0 to dev, prod"


def test_what_runs_already_is_no_change(deployed):
    before = state(deployed.root)
    done = deploy(deployed, "--image", ":1.0")
    assert (done.code, done.json["data"]["images"], done.json["data"]["written"]) == (0, [], None)
    assert state(deployed.root) == before
    said = deployed.run("deploy", "checkout", "--image", ":1.0", "--repo", deployed.root)
    assert (said.code, "nothing to deploy" in said.out) == (0, True)


def test_a_dry_run_writes_nothing(deployed):
    before = state(deployed.root)
    done = deploy(deployed, "--image", ":2.0", "--dry-run")
    assert (done.code, done.json["data"]["written"]) == (0, None)
    assert done.json["data"]["images"][0]["to"] == "registry.test/checkout:2.0"
    assert state(deployed.root) == before


def test_nobody_is_asked_off_a_terminal(deployed):
    before = state(deployed.root)
    done = deployed.run("deploy", "checkout", "--image", ":2.0", "--repo", deployed.root)
    assert (done.code, "ATM901" in done.err) == (2, True)
    assert state(deployed.root) == before


def test_a_branch_leaves_the_checkout_alone(deployed):
    head, text = deployed.head, deployed.read(DEV)
    done = deploy(deployed, "--image", ":2.0", "--write", "branch")
    assert done.json["data"]["written"]["branch"] == "atmos/deploy-checkout-dev-2.0"
    assert (deployed.head, deployed.read(DEV)) == (head, text)
    assert 'newTag: "2.0"' in deployed.git("show", f"atmos/deploy-checkout-dev-2.0:{DEV}")


def test_files_alone(deployed):
    head = deployed.head
    assert deploy(deployed, "--image", ":2.0", "--write", "files").code == 0
    assert (deployed.head, deployed.git("status", "--porcelain").strip()) == (head, f"M {DEV}")


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "text",
    [
        # as Flux's automation marks it, re-indented, with quotes and comments
        (
            "# ours\nresources:\n  - ../../base\nnamespace: main-dev   # fixed\nimages:\n"
            '  # what runs\n  - name: checkout\n    newName: registry.test/checkout   # {"$imagepolicy": "flux:x:name"}\n'
            '    newTag: \'1.0\' # {"$imagepolicy": "flux:x:tag"}\n  # - name: old\nreplicas:\n  - {name: checkout, count: 1}\n'
        ),
        (
            'resources: [../../base]\r\nnamespace: main-dev\r\nimages:\r\n- newTag: "1.0"   # tag\r\n'
            "  newName: registry.test/checkout\r\n  name: checkout\r\n"
        ),
        "{resources: [../../base], namespace: main-dev, images: [{name: checkout, newName: registry.test/checkout, newTag: '1.0'}]}",
    ],
    ids=["comments", "crlf", "flow"],
)
def test_every_other_byte_stays(deployed, text):
    (deployed.root / DEV).write_bytes(text.encode())
    deployed.commit("as a person wrote it")
    assert deploy(deployed, "--image", ":1.1").code == 0
    after = (deployed.root / DEV).read_bytes().decode()
    assert after in {text.replace("1.0", "1.1"), text.replace("'1.0'", '"1.1"')}


@pytest.mark.slow
def test_several_images_at_once_by_container(crowded):
    before = crowded.head
    images = [":2.0", "migrate=registry.test/migrate:2.1", "proxy=envoy:1.31"]
    done = deploy(crowded, *(word for image in images for word in ("--image", image)))
    assert done.code == 0, done.out
    removed, added = changed(crowded, before)
    assert len(removed) == 2
    assert added[2:] == ["- name: envoy", 'newTag: "1.31"']
    assert [each["to"] for each in done.json["data"]["images"]] == [
        "registry.test/checkout:2.0",
        "registry.test/migrate:2.1",
        "envoy:1.31",
    ]
    shown = crowded.run("render", "checkout", "--env", "dev", "--repo", crowded.root).out
    assert {"envoy:1.31", "registry.test/migrate:2.1", "registry.test/checkout:2.0"} <= set(
        shown.replace('"', "").split()
    )
    assert crowded.git("log", "-1", "--format=%s") == "Deploy main/checkout 2.0, 2.1, 1.31 to dev"


@pytest.mark.slow
def test_containers_of_one_entry_move_together(deployed):
    deployed.replace(
        "apps/main/checkout/base/deployment.yaml",
        "      containers:\n",
        TWO.replace("checkout-migrate", "checkout").replace("envoy:1.30", "checkout"),
    )
    deployed.commit("one image, three containers")
    done = deploy(deployed, "--image", "proxy=registry.test/checkout:2.0")
    assert done.code == 0, done.out
    (moved,) = done.json["data"]["images"]
    assert sorted(moved["containers"]) == ["checkout", "migrate", "proxy"]
    two = deploy(deployed, "--image", ":3.0", "--image", "proxy=:3.1")
    assert (two.code, two.codes) == (2, ["ATM901"])


@pytest.mark.slow
def test_an_entry_of_images_can_be_named_too(crowded):
    assert deploy(crowded, "--image", "checkout-migrate=:3.0").json["data"]["images"][0]["containers"] == ["migrate"]


@pytest.mark.sample(6)
@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["--image", "registry.test/checkout"], "ATM331", "no tag"),
        (["--image", "registry.test/checkout:latest"], "ATM331", "latest"),
        (["--image", "registry.test/Checkout:1"], "ATM337", "capitals"),
        (["--image", "registry.test/checkout@sha256:12"], "ATM337", "digest"),
        (["--image", "registry.test/checkout:1@sha256:" + "G" * 64], "ATM337", "digest"),
        (["--image", "https://registry.test/checkout:1"], "ATM337", "scheme"),
        (["--image", "registry.test/checkout:-1"], "ATM337", "tag"),
        (["--image", "registry.test/check out:1"], "ATM337", "does not name"),
        (["--image", ""], "ATM337", "does not name"),
        (["--image", "woker=registry.test/x:1"], "ATM512", "woker"),
        (["--image", ":2", "--env", "moon"], "ATM702", "moon"),
        (["--image", ":2", "--verify"], "ATM901", "--verify"),
        ([], "ATM901", "--image"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(deployed, args, code, says):
    before = state(deployed.root)
    done = deploy(deployed, *args, "--yes")
    assert (done.code, done.codes) == (2, [code])
    (found,) = done.json["diagnostics"]
    assert says in found["message"]
    assert found["hint"]
    assert state(deployed.root) == before


@pytest.mark.parametrize(
    "image",
    ["user:hunter2@registry.test/checkout:1", "user:hunter2@registry.test", "https://user:hunter2@registry.test/x:1"],
)
def test_credentials_are_never_repeated(deployed, image):
    done = deploy(deployed, "--image", image)
    assert (done.code, done.codes) == (2, ["ATM337"])
    assert "hunter2" not in done.out + done.err


@pytest.mark.slow
def test_an_unknown_service_and_an_environment_that_it_is_not_in(deployed):
    done = deploy(deployed, "--image", ":2", service="chekout")
    assert (done.code, done.codes, done.json["diagnostics"][0]["hint"]) == (2, ["ATM511"], "did you mean `checkout`?")
    deployed.git("rm", "-rq", "apps/main/checkout/overlays/dev")
    deployed.commit("only in prod")
    done = deploy(deployed, "--image", ":2", "--env", "dev")
    assert (done.code, done.codes, done.json["diagnostics"][0]["hint"]) == (2, ["ATM702"], "it is in: prod")
    assert deploy(deployed, "--image", ":2").json["data"]["environments"] == ["prod"]


def test_the_containers_are_listed(crowded):
    done = deploy(crowded, "--image", "nobody=registry.test/x:1")
    assert done.codes == ["ATM512"]
    for name in ("checkout", "migrate", "proxy"):
        assert f"--image {name}=" in done.json["diagnostics"][0]["hint"]


def test_images_that_a_person_moved_elsewhere(deployed):
    entry = '{name: checkout, newName: registry.test/checkout, newTag: "1.0"}'
    deployed.replace(DEV, f"images:\n- {entry}\n", "components: [../../image]\n")
    deployed.write(
        "apps/main/checkout/image/kustomization.yaml",
        f"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages:\n- {entry}\n",
    )
    deployed.commit("a component says the image")
    before = state(deployed.root)
    done = deploy(deployed, "--image", ":2.0", "--yes")
    assert (done.code, done.codes) == (2, ["ATM513"])
    assert "has no `images`" in done.json["diagnostics"][0]["message"]
    assert state(deployed.root) == before


def test_images_behind_an_alias_are_for_a_person(deployed):
    text = deployed.read(DEV).replace("- {name: checkout, newName", "- &image {name: checkout, newName")
    (deployed.root / DEV).write_text(text.replace("replicas:", "- *image\nreplicas:"))
    deployed.commit("an alias")
    done = deploy(deployed, "--image", ":2.0")
    assert (done.code, done.codes) == (2, ["ATM304"])
    assert done.json["diagnostics"][0]["where"]["path"] == DEV


def test_an_entry_that_takes_the_new_name_further_is_found_out(deployed):
    deployed.replace(DEV, "replicas:", "- {name: registry.test/next, newName: registry.test/other}\nreplicas:")
    deployed.commit("a chain of names")
    before = state(deployed.root)
    done = deploy(deployed, "--image", "registry.test/next:2.0")
    assert (done.code, done.codes) == (2, ["ATM513"])
    assert "would run registry.test/other:2.0" in done.json["diagnostics"][0]["message"]
    assert state(deployed.root) == before


def test_without_git_files_can_be_written(deployed):
    (deployed.root / ".git").rename(deployed.root.parent / "elsewhere")
    assert deploy(deployed, "--image", ":2.0", "--write", "files").code == 0
    assert deployed.tag(environment="dev") == "2.0"


def test_an_overlay_of_an_overlay(deployed):
    text = deployed.read(DEV)
    deployed.write("apps/main/checkout/inner/kustomization.yaml", text.replace("../../base", "../base"))
    deployed.write(DEV, "namespace: main-dev\nresources: [../../inner]\nimages: []\n")
    deployed.commit("an overlay of an overlay")
    done = deploy(deployed, "--image", ":2.0")
    assert done.code == 0, done.out
    assert (
        "registry.test/checkout:2.0" in deployed.run("render", "checkout", "--env", "dev", "--repo", deployed.root).out
    )


def test_what_the_checks_refuse_is_not_written(deployed):
    deployed.replace("apps/main/checkout/base/deployment.yaml", "runAsNonRoot: true, ", "runAsNonRoot: false, ")
    deployed.commit("as root")
    before = state(deployed.root)
    done = deploy(deployed, "--image", ":2.0", "--force")
    assert (done.code, "ATM330" in done.codes, done.json["status"]) == (1, True, "refused")
    assert state(deployed.root) == before


@pytest.mark.slow
def test_an_image_that_was_rolled_back_is_refused_with_the_reason(deployed):
    deployed.deploy("2.0", environment="prod")
    done = deployed.rollback("--reason", "every tenth request failed", "--yes")
    assert done.code == 0, done.out
    before = state(deployed.root)
    done = deploy(deployed, "--image", ":2.0", "--env", "prod")
    assert (done.code, done.codes) == (1, ["ATM830"])
    found = done.json["diagnostics"][0]
    assert "every tenth request failed" in found["message"]
    assert "--force" in found["hint"]
    assert state(deployed.root) == before
    assert deploy(deployed, "--image", ":2.0", "--env", "dev").code == 0, "only there is it known to be bad"
    assert deploy(deployed, "--image", f":2.0@{DIGEST}", "--env", "prod").codes == ["ATM830"], "the same tag"


@pytest.mark.slow
def test_force_passes_the_quarantine_and_names_who_did_it(deployed):
    deployed.deploy("2.0", environment="prod")
    deployed.rollback("--reason", "slow", "--yes")
    done = deploy(deployed, "--image", ":2.0", "--env", "prod", "--force")
    assert (done.code, done.codes) == (0, ["ATM830"])
    assert "Atmos-Forced-By: Dev <dev@example.test>" in deployed.git("log", "-1", "--format=%(trailers)")
    deploy(deployed, "--image", ":2.1", "--env", "prod", "--force")
    assert "Forced-By" not in deployed.git("log", "-1", "--format=%(trailers)"), "nothing was forced"


@pytest.mark.slow
def test_a_service_as_atmos_makes_it(shop, atmos, git):
    done = atmos("deploy", "checkout", "--image", "registry.shop.test/checkout:1.2.3", "--repo", shop, "-o", "json")
    assert done.code == 0, done.out
    assert git("diff", "--name-only", "HEAD~1", cwd=shop) == DEV
    assert git("diff", "--numstat", "HEAD~1", cwd=shop).split()[:2] == ["2", "2"]
    assert atmos("validate", "--repo", shop, "-o", "json").code == 0


@pytest.mark.slow
def test_on_from_where_others_pushed(deployed):
    bare = deployed.share()
    mine, theirs = (deployed.clone_of(bare, name) for name in ("mine", "theirs"))
    assert deploy(theirs, "--image", ":2.0", "--push").code == 0
    done = deploy(mine, "--image", ":2.0", "--env", "prod", "--push")
    assert done.code == 0, done.out
    mine.git("fetch", "-q", "origin")
    assert mine.head == mine.git("rev-parse", "origin/main")
    assert isinstance(mine, World)
    assert (World.tag(mine, environment="dev"), World.tag(mine, environment="prod")) == ("2.0", "2.0")
