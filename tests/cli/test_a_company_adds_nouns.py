"""A company adds a language, a framework, an add-on with settings and a type without a port: all of it data."""

from __future__ import annotations

import json

import pytest

LANGUAGES = """\
languages:
  elixir:
    title: Elixir
    words: [elixir, phoenix]
    user: 1000
    group: 1000
    sizes: light
    env: {MIX_ENV: prod}
"""
FRAMEWORKS = "frameworks: {oban: {language: elixir, words: [oban, oban jobs]}}\n"
QUEUE = """\
name: queue
kind: addon
version: 1.0.0
summary: the company's queue
words: [queue, work queue]
settings:
  address: {type: string, default: "amqp://localhost", summary: where it is}
  consumers: {type: integer, default: 1, minimum: 1, maximum: 5, summary: how many at once}
contributes:
  - into: {kind: Deployment}
    tree:
      spec:
        template:
          spec:
            containers:
              - name: ${{ svc.name }}
                env:
                  - {name: QUEUE_URL, value: "${{ env.queue.address }}?consumers=${{ env.queue.consumers }}"}
connections:
  - {variable: QUEUE_URL, summary: the queue}
"""


@pytest.fixture
def company(repo, atmos):
    """The repo, with all four in `platform/blueprints` and the address of the queue in production."""
    own = repo / "platform" / "blueprints"
    assert atmos("blueprint", "new", "consumer", cwd=repo).code == 0
    (own / "languages.yaml").write_text(LANGUAGES)
    (own / "frameworks.yaml").write_text(FRAMEWORKS)
    (own / "queue").mkdir()
    (own / "queue" / "blueprint.yaml").write_text(QUEUE)
    config = repo / "atmos-cli.yaml"
    settings = "    queue: {address: 'amqp://prod', consumers: 3}\n"
    config.write_text(config.read_text().rstrip("\n") + f"\n{settings}")
    return repo


def new(atmos, company, *words):
    return atmos("new", "service", *words, "--repo", company, "--yes", "-o", "json")


@pytest.mark.slow
def test_from_the_words_to_what_runs(company, atmos, git):
    done = new(atmos, company, "oban jobs consumer called billing, work queue")
    assert done.code == 0, done.out
    assert atmos("validate", cwd=company).code == 0
    rendered = atmos("render", "billing", "--env", "prod", cwd=company).out
    assert "amqp://prod?consumers=3" in rendered
    assert "name: MIX_ENV" in rendered
    (budget,) = atmos("budget", "show", "dev", "-o", "json", cwd=company).json["data"]["environments"]
    assert budget["limits"]["pods"]["used"] == "2", "the surge of a rollout is counted"
    assert atmos("blueprint", "lint", cwd=company).code == 0


@pytest.mark.slow
def test_a_type_without_a_port_has_none_anywhere(company, atmos, git):
    done = new(atmos, company, "elixir consumer called billing, queue")
    data = done.json["data"]
    assert {row["field"] for row in data["plan"]} & {"port", "probes", "hosts"} == set()
    assert "reach" not in {step["topic"] for step in data["next"]}
    assert "port" not in (company / "apps" / "main" / "billing" / "service.yaml").read_text()
    assert "port" not in git("log", "-1", "--format=%B", cwd=company)
    rendered = atmos("render", "billing", "--env", "dev", cwd=company).out
    for word in ("ports:\n    - name", "Probe:", "name: PORT", "kind: Service\n", "lifecycle"):
        assert word not in rendered


@pytest.mark.parametrize(
    ("words", "flags", "said"),
    [
        ("elixir consumer, port 80", (), "`port 80` (word 3) cannot go with `consumer`"),
        ("elixir consumer", ("--port", "80"), "flag --port cannot go with the type `consumer`"),
        ("elixir consumer", ("--host", "a.example.com"), "flag --host cannot go with the type `consumer`"),
        ("elixir consumer", ("--with", "http"), "flag --with cannot go with the type `consumer`"),
        ("elixir consumer", ("--health-path", "/up"), "cannot go with the type `consumer`"),
    ],
)
def test_what_asks_for_connections_contradicts_a_type_that_serves_nothing(company, atmos, words, flags, said):
    done = new(atmos, company, words, *flags)
    assert (done.code, done.codes) == (2, ["ATM102"])
    assert said in done.json["diagnostics"][0]["message"]


def test_validate_names_what_the_catalogue_does_not_have(company, atmos):
    assert new(atmos, company, "elixir consumer called billing").code == 0
    spec = company / "apps" / "main" / "billing" / "service.yaml"
    spec.write_text(spec.read_text().replace("elixir", "elixr").replace("consumer", "consumr"))
    found = [
        each for each in atmos("validate", "-o", "json", cwd=company).json["diagnostics"] if each["code"] == "ATM104"
    ]
    assert [each["hint"] for each in found] == ["did you mean `consumer`?", "did you mean `elixir`?"]
    assert {each["where"]["path"] for each in found} == {"apps/main/billing/service.yaml"}


def test_init_completes_the_schema_for_editors(company, atmos):
    assert atmos("init", company, "--yes").code == 0
    schema = json.loads((company / "platform" / "schemas" / "service.json").read_text())
    assert schema["properties"]["type"]["enum"] == ["consumer", "web"]
    assert "oban" in schema["properties"]["framework"]["enum"]
    assert "queue" in schema["properties"]["addons"]["properties"]


@pytest.mark.sample
@pytest.mark.parametrize("kind", ["workload", "addon"])
@pytest.mark.parametrize("where", ["repo", "directory"])
def test_a_blueprint_that_was_begun_passes_lint_and_test(repo, tmp_path, atmos, kind, where):
    place = ("--from", tmp_path / "own") if where == "directory" else ("--repo", repo)
    (tmp_path / "own").mkdir()
    done = atmos("blueprint", "new", "feature-flags", "--kind", kind, *place)
    assert done.code == 0, done.err
    assert atmos("blueprint", "lint", "feature-flags", *place).out == "feature-flags: no findings\n"
    assert atmos("blueprint", "test", "feature-flags", *place).out == "1 cases, 0 failed\n"


@pytest.mark.parametrize("name", ["web", "Edge", "../edge", "cluster", ""])
def test_a_name_that_cannot_be_a_blueprints_starts_none(repo, atmos, name):
    done = atmos("blueprint", "new", name, "--repo", repo, "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM901"])
    assert not (repo / "platform" / "blueprints").exists()


@pytest.mark.slow
def test_a_copy_of_web_under_another_name_is_no_bug_of_atmos(repo, atmos):
    from shutil import copytree

    from atmos_cli.adapters.bundle import bundled_place

    own = copytree(bundled_place()[0] / "web", repo / "platform" / "blueprints" / "edge")
    manifest = own / "blueprint.yaml"
    manifest.write_text(manifest.read_text().replace("name: web", "name: edge", 1))
    assert atmos("blueprint", "lint", "edge", cwd=repo).code == 0
    assert atmos("blueprint", "show", "edge", cwd=repo).code == 0
    assert new(atmos, repo, "python edge").code == 0


def test_an_update_of_golden_files_writes_those_of_the_repo_only(company, atmos):
    expected = company / "platform" / "blueprints" / "consumer" / "tests" / "first" / "expected" / "dev.yaml"
    expected.write_text("")
    before = bundled_bytes()
    assert atmos("blueprint", "test", "--update", cwd=company).code == 0
    assert "kind: Deployment" in expected.read_text()
    assert bundled_bytes() == before


def bundled_bytes():
    from atmos_cli.adapters.bundle import bundled_place

    return {path: path.read_bytes() for path in sorted(bundled_place()[0].rglob("*.yaml"))}


def test_what_atmos_brings_itself_has_no_findings(repo, atmos):
    done = atmos("blueprint", "lint", cwd=repo)
    assert (done.code, done.out.rsplit(":", 1)[1]) == (0, " no findings\n")
