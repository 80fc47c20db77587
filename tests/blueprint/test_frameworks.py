"""A framework is a row of data: what its pod needs, how it finds its add-ons, and what cannot work is said."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from atmos_cli.adapters.bundle import bundled
from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.compose import Composition, compose
from atmos_cli.blueprint.layer import Layer
from atmos_cli.blueprint.nouns import spec_schema, unknown_nouns, vocabulary
from atmos_cli.blueprint.profiles import Memory
from atmos_cli.blueprint.runtime import heap_share
from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.layout.kustomize import lay_out
from atmos_cli.ports import MemoryTree, SubTree
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.spec.shorthand import parse_intent
from tests.blueprint.matrix import CATALOGUE, CONFIG, ROOT, TEAM

FRAMEWORKS = {name: row for name, row in CATALOGUE.frameworks.items() if row.says_something}
# php-fpm serves no HTTP, and the databases of WordPress are not PostgreSQL.
NEVER, NOT_POSTGRES = {"php-fpm"}, {"wordpress"}


def service(framework: str | None, language: str = "", **fields: Any) -> ServiceSpec:
    language = language or CATALOGUE.frameworks[framework or ""].language
    named = {"framework": framework} if framework else {}
    return ServiceSpec.model_validate({"name": "shop", "language": language, **named, **fields})


def made(spec: ServiceSpec, environment: str = "dev", catalogue: Catalogue = CATALOGUE) -> Composition:
    return compose(spec, team=TEAM, environment=environment, config=CONFIG, catalogue=catalogue)


def container(composition: Composition) -> dict[str, Any]:
    (found,) = (each.resource for each in composition.resources if each.file == "deployment.yaml")
    inner: dict[str, Any] = found["spec"]["template"]["spec"]["containers"][0]
    return inner


def pod(composition: Composition) -> dict[str, Any]:
    (found,) = (each.resource for each in composition.resources if each.file == "deployment.yaml")
    inner: dict[str, Any] = found["spec"]["template"]["spec"]
    return inner


def variables(composition: Composition) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container(composition)["env"]}


def refused(spec: ServiceSpec) -> Any:
    with pytest.raises(AtmosError) as raised:
        made(spec)
    (found,) = raised.value.diagnostics
    return found


# Every row


@pytest.mark.parametrize("name", sorted(FRAMEWORKS))
def test_every_row_says_how_it_is_known(name):
    row = FRAMEWORKS[name]
    assert row.title
    assert row.read or row.ran
    assert all(url.startswith("https://") for url in row.read)


@pytest.mark.parametrize("name", sorted(FRAMEWORKS.keys() - NEVER))
def test_every_row_composes_in_every_mode_and_no_variable_names_a_later_one(name):
    addons = {"redis": {}, "http": {}, **({} if name in NOT_POSTGRES else {"postgres": {}})}
    spec = service(name, addons=addons, size="m")
    compositions = {environment: made(spec, environment) for environment in CONFIG.environments}
    lay_out(compositions, namespaces={each: namespace(TEAM, each) for each in compositions})
    for composition in compositions.values():
        known: set[str] = set()
        for each in container(composition)["env"]:
            assert each["name"] not in known, "Kubernetes refuses a name that is there twice"
            assert set(re.findall(r"\$\((\w+)\)", each.get("value", ""))) <= known, each
            known.add(each["name"])


@pytest.mark.parametrize("name", sorted(FRAMEWORKS.keys() - NEVER - NOT_POSTGRES))
def test_a_database_needs_only_keys_that_every_mode_has(name):
    keys = {"uri", "host", "port", "dbname", "username", "password"}
    for environment in CONFIG.environments:
        for link in made(service(name, addons={"postgres": {}}), environment).links:
            assert not link.key or link.key in keys


@pytest.mark.parametrize("name", sorted({**FRAMEWORKS, **CATALOGUE.languages.languages}))
def test_what_is_written_is_a_leaf(name):
    """A directory over one with content would hide it."""
    rows: dict[str, Any] = {**CATALOGUE.languages.languages, **FRAMEWORKS}
    paths = [path for path in rows[name].writable if path != "/tmp"]
    assert not any(other != path and other.startswith(f"{path}/") for path in paths for other in paths)
    assert not {"/run", "/var", "/app", "/var/www/html", "/usr/local/tomcat", "/rails"} & set(paths)


# The ten most harmful mistakes


def test_a_probe_asks_django_for_a_host_that_it_allows():
    spec = service("django", addons={"http": {}}, hosts=["shop.example.com"])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        headers = {each["name"]: each["value"] for each in container(made(spec))[probe]["httpGet"]["httpHeaders"]}
        assert headers == {"Host": "shop.example.com", "X-Forwarded-Proto": "https"}
    inside = made(service("django"))
    assert container(inside)["startupProbe"]["httpGet"]["httpHeaders"][0]["value"] == "shop.shop-dev"
    assert any("ALLOWED_HOSTS" in note and "shop.shop-dev" in note for note in inside.notes)


@pytest.mark.parametrize(
    ("framework", "size", "percent"),
    [("spring", "s", 55), ("spring", "m", 75), ("quarkus", "xs", 50), ("quarkus", "l", 75)],
)
def test_a_heap_leaves_what_the_process_needs_beside_it(framework, size, percent):
    assert f"-XX:MaxRAMPercentage={percent} " in variables(made(service(framework, size=size)))["JAVA_TOOL_OPTIONS"]


@pytest.mark.parametrize(("size", "old_space"), [("xs", 96), ("s", 192), ("m", 384), ("l", 768), ("xl", 1536)])
def test_v8_keeps_below_its_container(size, old_space):
    found = variables(made(service(None, "node", size=size)))
    assert found["NODE_OPTIONS"] == f"--max-old-space-size={old_space}"


@pytest.mark.parametrize(("size", "limit"), [("xs", 28), ("s", 57), ("m", 115), ("l", 230), ("xl", 921)])
def test_go_keeps_below_its_container(size, limit):
    assert variables(made(service(None, "go", size=size)))["GOMEMLIMIT"] == f"{limit}MiB"


def test_a_heap_follows_an_exact_size():
    spec = service(None, "node", size={"cpu": "500m", "memory": "200Mi", "memoryLimit": "400Mi"})
    assert variables(made(spec))["NODE_OPTIONS"] == "--max-old-space-size=300"
    assert heap_share(Memory(beside="1Gi"), "512Mi") == 10


@pytest.mark.parametrize(
    ("framework", "variable"),
    [
        ("spring", "SERVER_PORT"),
        ("quarkus", "QUARKUS_HTTP_PORT"),
        ("micronaut", "MICRONAUT_SERVER_PORT"),
        ("fastapi", "UVICORN_PORT"),
        ("flask", "FLASK_RUN_PORT"),
        ("streamlit", "STREAMLIT_SERVER_PORT"),
        ("rails", "HTTP_PORT"),
        ("nuxt", "NITRO_PORT"),
        ("rocket", "ROCKET_PORT"),
        ("aspnet", "ASPNETCORE_HTTP_PORTS"),
    ],
)
def test_the_port_stands_in_the_variable_that_is_read(framework, variable):
    assert variables(made(service(framework, port=8123)))[variable] == "8123"


@pytest.mark.parametrize(
    ("framework", "variable"),
    [
        ("nextjs", "HOSTNAME"),
        ("fastapi", "UVICORN_HOST"),
        ("flask", "FLASK_RUN_HOST"),
        ("rocket", "ROCKET_ADDRESS"),
        ("nuxt", "NITRO_HOST"),
        ("streamlit", "STREAMLIT_SERVER_ADDRESS"),
    ],
)
def test_nothing_listens_on_the_loopback_address_alone(framework, variable):
    assert variables(made(service(framework)))[variable] == ".".join("0000")


@pytest.mark.parametrize("framework", ["spring", "quarkus", "micronaut"])
def test_liveness_asks_nothing_that_asks_the_database(framework):
    probes = container(made(service(framework)))
    assert "live" in probes["livenessProbe"]["httpGet"]["path"]
    assert (
        "ready" in probes["readinessProbe"]["httpGet"]["path"]
        or "readiness" in probes["readinessProbe"]["httpGet"]["path"]
    )


@pytest.mark.parametrize("framework", ["caddy", "frankenphp"])
def test_an_image_that_cannot_start_is_said_with_one_that_can(framework):
    assert any("file capability" in text and "setcap -r" in text for text in made(service(framework)).warnings)


def test_ruby_gets_a_directory_for_temporary_files_that_it_takes():
    (tmp,) = (each for each in pod(made(service("rails")))["volumes"] if each["name"] == "writable-tmp")
    assert tmp["emptyDir"]["medium"] == "Memory"
    assert "medium" not in pod(made(service("django")))["volumes"][0]["emptyDir"]


def test_java_and_dotnet_and_laravel_read_their_own_form():
    spring = variables(made(service("spring", addons={"postgres": {}}), "stage"))
    assert spring["SPRING_DATASOURCE_URL"] == "jdbc:postgresql://$(DB_HOST):$(DB_PORT)/$(DB_NAME)"
    assert "DATABASE_URL" not in spring
    dotnet = variables(made(service("aspnet", addons={"postgres": {}})))
    assert dotnet["ConnectionStrings__Default"].startswith("Host=$(DB_HOST);Port=$(DB_PORT);")
    laravel = made(service("laravel", addons={"postgres": {}}))
    assert {link.variable: link.key for link in laravel.links}["DB_DATABASE"] == "dbname"


@pytest.mark.parametrize(
    ("framework", "size", "count"),
    [("django", "s", "2"), ("django", "xl", "8"), ("rails", "s", "0"), ("rails", "l", "2")],
)
def test_workers_are_counted_by_size_and_not_by_the_node(framework, size, count):
    assert variables(made(service(framework, size=size)))["WEB_CONCURRENCY"] == count


def test_cores_are_counted_by_the_request():
    assert "-XX:ActiveProcessorCount=2 " in variables(made(service("spring", size="l")))["JAVA_TOOL_OPTIONS"]
    assert variables(made(service("gin", size="xl")))["GOMAXPROCS"] == "2"


def test_a_process_with_id_1_that_ignores_sigterm_does_not_have_it():
    assert pod(made(service("express")))["shareProcessNamespace"] is True
    assert "shareProcessNamespace" not in pod(made(service("nextjs")))
    assert "shareProcessNamespace" not in pod(made(service("django")))


def test_options_of_a_spec_come_after_those_of_the_runtime():
    found = variables(made(service("spring", env={"JAVA_TOOL_OPTIONS": "-Dx=y -XX:MaxRAMPercentage=40"})))
    ours, theirs = found["JAVA_TOOL_OPTIONS"].split(" -Dx=y ")
    assert "ExitOnOutOfMemoryError" in ours
    assert theirs == "-XX:MaxRAMPercentage=40"
    assert variables(made(service("spring", env={"SERVER_PORT": "9"})))["SERVER_PORT"] == "9"


# What cannot work


def test_a_size_that_is_too_small_is_said():
    (said,) = made(service("spring", size="xs")).warnings
    assert said.startswith("256Mi of memory is less than the 512Mi that Spring Boot needs")
    assert not made(service("spring", size="s")).warnings


def test_a_port_that_no_variable_moves_is_said():
    (said,) = made(service("tomcat", port=80)).warnings
    assert "listens on 8080, the pod expects 80; write `80:8080`" in said
    assert not made(service("tomcat", port={"service": 80, "container": 8080})).warnings


def test_fastcgi_on_a_port_for_http_is_refused():
    found = refused(service("php-fpm"))
    assert (found.code, "FastCGI" in found.message) == (Code.BLUEPRINT_REFUSED, True)


def test_wordpress_does_not_speak_to_postgresql():
    assert "MySQL" in refused(service("wordpress", addons={"postgres": {}})).message


@pytest.mark.parametrize(
    ("language", "framework", "message", "hint"),
    [
        ("python", "rails", "is of the language `ruby`, not `python`", "write `language: ruby`"),
        ("python", "djngo", "`framework`: should be", "did you mean `django`?"),
    ],
)
def test_a_framework_of_another_language_or_of_none_is_refused(language, framework, message, hint):
    spec = service(framework, language)
    ((field, found),) = unknown_nouns(spec, CATALOGUE)
    assert (field, found.code) == ("framework", Code.SPEC_INVALID)
    assert message in found.message
    assert hint in found.hint
    assert refused(spec) == found


# Words


@pytest.mark.parametrize(
    ("text", "language", "framework"),
    [
        ("spring boot, port 8080", "java", "spring"),
        ("spring boot, tomcat", "java", "spring"),
        ("tomcat", "java", "tomcat"),
        ("nestjs with express", "node", "nestjs"),
        ("express, typescript", "node", "express"),
        ("django 5", "python", "django"),
        ("next.js 16", "node", "nextjs"),
        ("react, vite, nginx", "static", "nginx"),
        ("php apache", "php", "php-apache"),
        ("static site, apache", "static", None),
        ("react, vite", "static", None),
        ("node", "node", None),
        ("deno", "deno", None),
        ("phoenix", "elixir", "phoenix"),
    ],
)
def test_words_name_a_framework(text, language, framework):
    intent = parse_intent(text, vocabulary(CATALOGUE))
    assert intent.language.value == language
    assert (intent.framework and intent.framework.value) == framework


@pytest.mark.parametrize("text", ["django, flask", "spring boot, quarkus", "spring boot, python", "rails, node"])
def test_two_frameworks_or_another_language_are_a_contradiction(text):
    with pytest.raises(AtmosError) as raised:
        parse_intent(text, vocabulary(CATALOGUE))
    assert {each.code for each in raised.value.diagnostics} == {Code.INTENT_CONTRADICTION}


# A company's own


def own(text: str) -> Catalogue:
    tree = MemoryTree({"platform/blueprints/frameworks.yaml": text.encode()})
    return Catalogue((bundled(), Layer(SubTree(tree, "platform/blueprints"))))


LITESTAR = """\
frameworks:
  litestar:
    language: python
    title: Litestar
    words: [litestar]
    usualPort: 8000
    portVariables: [LITESTAR_PORT]
    env: {LITESTAR_HOST: 0.0.0.0, WORKERS: "${{ svc.cores | string }}"}
    bySize: {POOL: {s: "2", m: "4"}}
    health: /alive
    writable: [/app/cache]
    memory: {least: 1Gi}
    connections:
      postgres: [{name: DSN, key: uri}]
    notes: [{when: "'redis' not in svc.addons", message: "${{ svc.name }} has no cache"}]
    refuse: [{when: svc.port.container == 9999, message: not there}]
"""


def test_a_company_adds_a_framework_by_data_alone():
    catalogue = own(LITESTAR)
    intent = parse_intent("litestar, postgres", vocabulary(catalogue))
    assert (intent.language.value, intent.framework.value) == ("python", "litestar")
    spec = ServiceSpec.model_validate({"name": "shop", **intent.fields()})
    composition = made(spec, catalogue=catalogue)
    found = variables(composition)
    assert found["LITESTAR_PORT"] == "8080"
    assert (found["WORKERS"], found["POOL"]) == ("1", "2")
    assert (found["PYTHONUNBUFFERED"], "DATABASE_URL" in found, "DSN" in found) == ("1", False, True)
    assert container(composition)["readinessProbe"]["httpGet"]["path"] == "/alive"
    assert {"/tmp", "/app/cache"} == {each["mountPath"] for each in container(composition)["volumeMounts"]}
    assert "shop has no cache" in composition.notes
    assert "less than the 1Gi that Litestar needs" in composition.warnings[0]
    assert "litestar" in spec_schema(catalogue)["properties"]["framework"]["enum"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("health: /alive", "health: alive", "health"),
        ("{name: DSN, key: uri}", "{name: DSN}", "wants a `key` or a `value`"),
        ("least: 1Gi", "least: much", "least"),
        ("language: python", "language: pyton", "pyton"),
        ("usualPort: 8000", "usualPort: 80000", "usualPort"),
        ("writable: [/app/cache]", "writable: [cache]", "writable"),
        ("title: Litestar", "titel: Litestar", "titel"),
        ('{s: "2", m: "4"}', '{huge: "2"}', "huge"),
        ("svc.cores | string", "svc.coers | string", "coers"),
        ("svc.cores | string", "nothing", "nothing"),
    ],
)
def test_a_row_that_is_wrong_is_said_with_its_place(old, new, said):
    catalogue = own(LITESTAR.replace(old, new))
    with pytest.raises(AtmosError) as raised:
        made(service("litestar", "python"), catalogue=catalogue)
    (found,) = raised.value.diagnostics
    assert found.where.path == "platform/blueprints/frameworks.yaml"
    assert found.where.line > 1
    assert said in found.message


def test_the_page_has_what_the_rows_say(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    page = ROOT / "docs" / "frameworks.md"
    made_now = importlib.import_module("frameworks_page").renewed(page.read_text(), CATALOGUE)
    assert page.read_text() == made_now, "run `python scripts/frameworks_page.py`"
