"""A version comes from one environment into the next: images and nothing else, when every gate is open."""

import pytest

from atmos_cli.adapters import zones
from atmos_cli.adapters.clock import SystemClock

from .conftest import state
from .rolling import make

DEV = "apps/main/checkout/overlays/dev/kustomization.yaml"
PROD = "apps/main/checkout/overlays/prod/kustomization.yaml"
FRIDAY_17_BERLIN = 1772812800.0  # 2026-03-06 17:00 in Berlin
IMAGE = "registry.test/checkout:2.0"


def promote(world, *args, service="checkout"):
    return world.run("promote", service, "--to", "prod", *args, "-o", "json", "--repo", world.root)


def told(done):
    return {each["code"]: each for each in done.json["diagnostics"]}


@pytest.fixture
def ahead(deployed):
    """`checkout` at 2.0 in dev, and at 1.0 in prod."""
    deployed.deploy("2.0", environment="dev")
    return deployed


@pytest.fixture
def gated(ahead):
    """Prod asks for something of what comes there; `gate` says what, `clock` what time it is."""

    def gate(text):
        ahead.replace("atmos-cli.yaml", "production: true}", f"production: true, promotion: {text}}}")
        return ahead.commit("gates")

    ahead.gate = gate
    return ahead


@pytest.fixture
def clock(monkeypatch):
    def at(now):
        monkeypatch.setattr(SystemClock, "now", lambda self: now)

    return at


def test_the_images_travel_and_nothing_else(ahead):
    ahead.replace(DEV, "count: 1", "count: 3")
    ahead.commit("three in dev")
    before = ahead.head
    done = promote(ahead)
    assert done.code == 0, done.out
    data = done.json["data"]
    assert (data["from"], data["to"], data["version"], data["files"]) == ("dev", "prod", "2.0", [PROD])
    assert data["images"] == [
        {"environment": "prod", "containers": ["checkout"], "from": "registry.test/checkout:1.0", "to": IMAGE}
    ]
    assert data["differs"] == ["replicas 3 → 1"]
    assert ahead.git("diff", "--name-only", before, "HEAD") == PROD
    assert ahead.git("diff", "--numstat", before, "HEAD").split()[:2] == ["1", "1"]
    assert ahead.tag() == "2.0"


@pytest.mark.slow
def test_the_commit_says_what_was_promoted(ahead):
    promote(ahead, "--from", "dev")
    assert ahead.git("log", "-1", "--format=%s") == "Promote main/checkout 2.0 from dev to prod"
    said = ahead.git("log", "-1", "--format=%(trailers)").splitlines()
    assert said[:3] == ["Atmos-Service: main/checkout", "Atmos-Environment: prod", f"Atmos-Image: {IMAGE}"]


def test_people_see_what_travels_and_what_stays(ahead):
    ahead.replace(DEV, "replicas:", PATCH + "replicas:")
    ahead.commit("settings of dev")
    done = ahead.run("promote", "checkout", "--to", "prod", "--dry-run", "--repo", ahead.root)
    assert done.code == 0, done.err
    assert "Promote main/checkout 2.0 from dev to prod" in done.out
    assert f"checkout  registry.test/checkout:1.0 → {IMAGE}" in done.out
    assert "Stays as it is in each (in dev → in prod)" in done.out
    assert "env LOG_LEVEL removed" in done.out
    assert "cpu request 20m → 10m" in done.out


PATCH = """\
patches:
- target: {kind: Deployment, name: checkout}
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: checkout}
    spec:
      template:
        spec:
          containers:
          - name: checkout
            env: [{name: LOG_LEVEL, value: debug}]
            resources: {requests: {cpu: 20m}}
"""


def test_what_runs_there_already_is_nothing_to_promote(deployed):
    before = state(deployed.root)
    done = promote(deployed)
    assert (done.code, done.json["data"]["images"], done.json["data"]["written"]) == (0, [], None)
    assert "nothing to promote" in deployed.run("promote", "checkout", "--to", "prod", "--repo", deployed.root).out
    assert state(deployed.root) == before


@pytest.mark.slow
def test_a_dry_run_and_an_answer_that_is_missing_write_nothing(ahead):
    before = state(ahead.root)
    assert promote(ahead, "--dry-run").json["data"]["images"][0]["to"] == IMAGE
    asked = ahead.run("promote", "checkout", "--to", "prod", "--repo", ahead.root)
    assert (asked.code, "ATM901" in asked.err) == (2, True)
    assert state(ahead.root) == before


def test_a_branch(ahead):
    done = promote(ahead, "--write", "branch")
    assert done.json["data"]["written"]["branch"] == "atmos/promote-checkout-prod-2.0"
    assert ahead.tag() == "1.0"


@pytest.mark.slow
def test_a_digest_travels_and_goes(ahead):
    digest = "sha256:" + "ab" * 32
    ahead.run("deploy", "checkout", "--image", f":2.0@{digest}", "--yes", "--repo", ahead.root)
    assert promote(ahead).json["data"]["images"][0]["to"] == f"{IMAGE}@{digest}"
    ahead.run("deploy", "checkout", "--image", ":2.1", "--yes", "--repo", ahead.root)
    promote(ahead)
    assert "digest" not in ahead.read(PROD)


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["--from", "moon"], "ATM702", "moon"),
        (["--to", "moon"], "ATM702", "moon"),
        (["--from", "prod"], "ATM901", "itself"),
        (["--to", "dev"], "ATM901", "first environment"),
        (["--from", ""], None, ""),
    ],
)
def test_ends_that_make_no_sense(ahead, args, code, says):
    before = state(ahead.root)
    done = promote(ahead, *args, "--dry-run")
    assert (done.code, done.codes) == ((2, [code]) if code else (0, []))
    assert all(says in each["message"] and each["hint"] for each in done.json["diagnostics"])
    assert state(ahead.root) == before


def test_from_where_it_is_not_and_to_where_it_is_not(ahead):
    ahead.git("rm", "-rq", "apps/main/checkout/overlays/dev", "apps/main/cart/overlays/prod")
    ahead.commit("checkout only in prod, cart only in dev")
    done = promote(ahead)
    assert (done.code, done.codes) == (2, ["ATM702"])
    found = done.json["diagnostics"][0]
    assert ("not in dev, so there is nothing to promote" in found["message"], found["hint"]) == (True, "it is in: prod")
    assert promote(ahead, service="cart").codes == ["ATM702"]
    assert promote(ahead, service="crat").json["diagnostics"][0]["hint"] == "did you mean `cart`?"


def test_a_placeholder_never_ran(ahead):
    ahead.replace(DEV, "registry.test/checkout", "registry.example.com/main/checkout")
    ahead.commit("a new service")
    done = promote(ahead)
    assert (done.code, done.codes) == (2, ["ATM332"])
    assert "atmos deploy main/checkout --env dev" in done.json["diagnostics"][0]["hint"]


@pytest.mark.slow
def test_across_engines(tmp_path, atmos):
    world = make(tmp_path / "repo", atmos, engine="flux")
    world.replace("atmos-cli.yaml", "dev: {engine: flux", "dev: {engine: argocd")
    world.commit("dev by Argo CD")
    world.deploy("2.0", environment="dev")
    done = promote(world)
    assert done.code == 0, done.out
    assert world.tag() == "2.0"


def test_without_gates_no_verdict_is_asked_for(ahead):
    assert promote(ahead).code == 0


@pytest.mark.slow
def test_a_verdict_is_asked_for(gated):
    gated.gate("{}")
    before = state(gated.root)
    done = promote(gated)
    assert (done.code, done.codes) == (1, ["ATM831"])
    assert "has no verdict in dev" in done.json["diagnostics"][0]["message"]
    assert done.json["diagnostics"][0]["hint"] == "atmos verify main/checkout --env dev"
    assert state(gated.root) == before
    gated.verified(gated.head, environment="dev", images=[IMAGE])
    assert promote(gated).code == 0


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("outcome", "asked", "passes"),
    [
        ("pass", "pass", True),
        ("warn", "pass", False),
        ("warn", "warn", True),
        ("fail", "warn", False),
        ("inconclusive", "warn", False),
    ],
)
def test_how_good_a_verdict_must_be(gated, outcome, asked, passes):
    commit = gated.gate(f"{{verdict: {asked}}}")
    gated.verified(commit, outcome, environment="dev")
    done = promote(gated)
    assert (done.code, done.codes) == ((0, []) if passes else (1, ["ATM831"]))


@pytest.mark.slow
def test_the_last_word_counts(gated):
    commit = gated.gate("{}")
    gated.verified(commit, "pass", at=1000.0, environment="dev")
    gated.verified(commit, "fail", at=2000.0, environment="dev")
    assert promote(gated).codes == ["ATM831"]
    gated.verified(commit, "inconclusive", at=3000.0, environment="dev")
    assert promote(gated).codes == ["ATM831"]
    gated.verified(commit, "pass", at=4000.0, environment="dev")
    assert promote(gated).code == 0


@pytest.mark.slow
def test_a_verdict_on_another_image_or_another_time_is_none(gated):
    first = gated.gate("{}")
    gated.verified(first, environment="dev")
    gated.deploy("3.0", environment="dev")
    assert promote(gated).codes == ["ATM831"], "it was on 2.0"
    gated.deploy("2.0", environment="dev")
    assert promote(gated).codes == ["ATM831"], "it was before 3.0 came and went"
    gated.verified(gated.head, environment="dev", images=["registry.test/other:1"])
    assert promote(gated).codes == ["ATM831"], "it saw another image"
    gated.verified(gated.head, environment="prod")
    assert promote(gated).codes == ["ATM831"], "it was on prod"
    gated.verified(gated.head, environment="dev", images=[IMAGE])
    assert promote(gated).code == 0


@pytest.mark.slow
def test_a_verdict_on_a_later_change_of_the_same_image_counts(gated):
    first = gated.gate("{}")
    gated.verified(first, at=1000.0, environment="dev")
    gated.replace(DEV, "count: 1", "count: 3")
    last = gated.commit("three in dev")
    assert promote(gated, "--dry-run").code == 0
    gated.verified(last, "fail", at=2000.0, environment="dev")
    assert promote(gated).codes == ["ATM831"]


def test_what_is_not_committed_was_never_verified(gated):
    commit = gated.gate("{}")
    gated.verified(commit, environment="dev")
    gated.replace(DEV, '"2.0"', '"2.1"')
    assert promote(gated).codes == ["ATM831"]


@pytest.mark.slow
def test_the_soak_time(gated, clock):
    commit = gated.gate("{soak: 30m}")
    gated.verified(commit, at=1_000_000.0, environment="dev")
    clock(1_000_000.0 + 12 * 60)
    done = promote(gated)
    assert (done.code, done.codes) == (1, ["ATM832"])
    found = done.json["diagnostics"][0]
    assert "for 12 min, and prod asks for 30m" in found["message"]
    assert found["hint"] == "try again from 1970-01-12 14:16 UTC on (in 18 min)"
    gated.verified(commit, at=1_000_000.0 + 11 * 60, environment="dev")
    clock(1_000_000.0 + 30 * 60)
    assert promote(gated).code == 0, "another look does not start it anew"


@pytest.mark.slow
def test_a_freeze(gated, clock):
    gated.gate('{freeze: [{days: [fri, sat], from: "16:00", to: "08:00", zone: Europe/Berlin}]}')
    gated.verified(gated.head, environment="dev")
    clock(FRIDAY_17_BERLIN)
    done = promote(gated)
    assert (done.code, done.codes) == (1, ["ATM833"])
    assert done.json["diagnostics"][0]["hint"] == "try again from Sat 2026-03-07 08:00 Europe/Berlin on (in 15 h 0 min)"
    clock(FRIDAY_17_BERLIN - 3601)
    assert promote(gated).code == 0


@pytest.mark.slow
def test_every_gate_is_told_at_once_and_force_passes_them_by_name(gated, clock):
    commit = gated.gate('{soak: 2d, freeze: [{from: "00:00", to: "23:00"}]}')
    gated.verified(commit, at=1_000_000.0, environment="dev")
    gated.deploy("2.0", environment="prod")
    gated.rollback("--reason", "slow", "--yes")
    clock(1_000_000.0)
    done = promote(gated)
    assert (done.code, sorted(done.codes)) == (1, ["ATM830", "ATM832", "ATM833"])
    assert all(each["hint"] for each in done.json["diagnostics"])
    done = promote(gated, "--force")
    assert (done.code, sorted(done.codes)) == (0, ["ATM830", "ATM832", "ATM833"])
    assert {each["severity"] for each in done.json["diagnostics"]} == {"warning"}
    assert "Atmos-Forced-By: Dev <dev@example.test>" in gated.git("log", "-1", "--format=%(trailers)")
    assert gated.tag() == "2.0"


def test_force_passes_neither_checks_nor_budgets(gated):
    gated.gate("{}")
    gated.write(
        "platform/budgets/prod.yaml",
        "version: 1\nenvironment: prod\ncount: steady\nlimits:\n  pods: {limit: '1', ceiling: '1'}\n",
    )
    gated.commit("a small budget")
    gated.replace("atmos-cli.yaml", "promotion: {}", "promotion: {carry: [images, replicas]}")
    gated.replace(DEV, "count: 1", "count: 9")
    gated.commit("nine in dev")
    done = promote(gated, "--force")
    assert done.code == 1
    assert told(done)["ATM831"]["severity"] == "warning"
    assert "ATM402" in done.codes
    assert gated.tag() == "1.0"


@pytest.mark.slow
def test_replicas_travel_where_the_config_carries_them(gated):
    gated.gate("{carry: [images, replicas]}")
    gated.replace(DEV, "count: 1", "count: 3")
    gated.verified(gated.commit("three in dev"), environment="dev")
    done = promote(gated)
    assert done.code == 0, done.out
    assert done.json["data"]["replicas"] == [{"name": "checkout", "from": 1, "to": 3}]
    assert done.json["data"]["differs"] == []
    assert "count: 3" in gated.read(PROD)


@pytest.mark.slow
def test_where_it_comes_from_is_in_the_config(gated):
    gated.replace("atmos-cli.yaml", "environments:\n", "environments:\n  qa: {cluster: dev}\n")
    text = gated.read("atmos-cli.yaml").replace("  qa: {cluster: dev}\n", "")
    gated.write("atmos-cli.yaml", text.replace("  prod: {cluster", "  qa: {cluster: dev}\n  prod: {cluster"))
    gated.commit("qa between them")
    assert promote(gated).codes == ["ATM702"], "it is not in qa"
    gated.gate("{from: dev}")
    gated.verified(gated.head, environment="dev")
    assert promote(gated).code == 0


def test_the_gates_are_those_of_the_base_branch(gated):
    gated.gate("{}")
    gated.share()
    gated.git("remote", "set-head", "origin", "main")
    gated.replace("atmos-cli.yaml", ", promotion: {}", "")
    gated.commit("open the gates")
    assert promote(gated).codes == ["ATM831"]


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ("{from: moon}", "environments.prod.promotion.from", "moon"),
        ("{from: prod}", "environments.prod.promotion.from", "itself"),
        ("{verdict: fail}", "environments.prod.promotion.verdict", "pass"),
        ("{soak: 30}", "environments.prod.promotion.soak", "span of time"),
        ("{soak: 0m}", "environments.prod.promotion.soak", "span of time"),
        ("{freeze: [{days: [friday]}]}", "environments.prod.promotion.freeze[0].days[0]", "no day"),
        ("{freeze: [{days: []}]}", "environments.prod.promotion.freeze[0].days", "empty"),
        ("{freeze: [{from: 4pm}]}", "environments.prod.promotion.freeze[0].from", "time of day"),
        ('{freeze: [{to: "24:30"}]}', "environments.prod.promotion.freeze[0].to", "time of day"),
        ("{freeze: [{zone: Europe/Berln}]}", "environments.prod.promotion.freeze[0].zone", "Europe/Berln"),
        ("{freeze: [{zone: ../../etc/passwd}]}", "environments.prod.promotion.freeze[0].zone", "pattern"),
        ("{freeze: [{zone: Europe}]}", "environments.prod.promotion.freeze[0].zone", "no time zone"),
        ("{carry: [replicas]}", "environments.prod.promotion.carry", "always travel"),
        ("{carry: [hosts]}", "environments.prod.promotion.carry[0]", "images"),
        ("{sook: 30m}", "environments.prod.promotion.sook", "unknown field"),
    ],
)
def test_a_mistake_in_the_config_has_a_place(gated, text, field, says):
    gated.gate(text)
    done = gated.run("validate", "-o", "json", "--repo", gated.root)
    found = [each for each in done.json["diagnostics"] if each["code"] == "ATM701"]
    assert done.code in (1, 2)
    assert [(each["where"]["path"], each["where"]["field"]) for each in found] == [("atmos-cli.yaml", field)]
    assert found[0]["where"]["line"]
    assert says in found[0]["message"]


def test_a_zone_that_is_misspelt_has_a_suggestion(gated):
    gated.gate("{freeze: [{zone: europe/berlin}]}")
    assert promote(gated).json["diagnostics"][0]["hint"] == "did you mean `Europe/Berlin`?"


@pytest.mark.slow
def test_a_machine_without_time_zones_says_so(gated, monkeypatch):
    gated.gate("{freeze: [{zone: Europe/Berlin}]}")
    gated.verified(gated.head, environment="dev")

    def none(name):
        raise zones.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zones, "ZoneInfo", none)
    assert gated.run("validate", "-o", "json", "--repo", gated.root).code == 0, "that is no fault of the repo"
    done = promote(gated)
    assert (done.code, done.codes) == (1, ["ATM833"])
    assert "tzdata" in done.json["diagnostics"][0]["hint"]
    assert promote(gated, "--force").code == 0


def test_one_entry_for_what_is_two_elsewhere(ahead):
    base = "apps/main/checkout/base/deployment.yaml"
    second = (
        "        image: NAME\n        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}\n"
    )
    rest = "        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 16Mi}}\n"
    ahead.write(base, ahead.read(base) + "      - name: proxy\n" + second.replace("NAME", "checkout") + rest)
    ahead.replace(
        DEV,
        "replicas:",
        PATCH.replace("env: [{name: LOG_LEVEL, value: debug}]", "image: other.test/checkout:9").replace(
            "- name: checkout\n            image", "- name: proxy\n            image"
        )
        + "replicas:",
    )
    ahead.commit("proxy runs something else in dev")
    done = promote(ahead)
    assert (done.code, done.codes) == (2, ["ATM513"])
