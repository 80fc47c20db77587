"""A language, a framework, a type and an add-on are what the blueprints say; a company's are laid over the bundled."""

from __future__ import annotations

import jsonschema_rs
import pytest

from atmos_cli.adapters.bundle import bundled
from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.compose import compose
from atmos_cli.blueprint.layer import Layer
from atmos_cli.blueprint.nouns import alternatives, spec_schema, unknown_nouns, vocabulary
from atmos_cli.commands.blueprint import lint
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.config import read_config
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.engines.registry import ENGINES
from atmos_cli.ports import MemoryTree, SubTree
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.spec.shorthand import parse_intent, read_intent
from tests.blueprint.bundle import made, refused

ELIXIR = """\
languages:
  elixir: {title: Elixir, words: [elixir, phoenix], user: 1000, group: 1000, sizes: standard}
"""
PHOENIX = "frameworks: {liveview: {language: elixir, words: [liveview, live view]}}"
GATEWAY = "name: edge\nkind: addon\nversion: 1.0.0\nsummary: a test\nwords: [edge, cache]\n"


def own(**files: str) -> Catalogue:
    """The bundled blueprints, and over them `files` of `platform/blueprints` by path (`__` for `/`)."""
    texts = {f"platform/blueprints/{path.replace('__', '/')}.yaml": text.encode() for path, text in files.items()}
    return Catalogue((bundled(), Layer(SubTree(MemoryTree(texts), "platform/blueprints"))))


def test_a_companys_language_and_framework_are_understood_and_composed():
    catalogue = own(languages=ELIXIR, frameworks=PHOENIX)
    for said in ("elixir", "phoenix", "live view"):
        assert parse_intent(said, vocabulary(catalogue)).language.value == "elixir"
    assert parse_intent("python", vocabulary(catalogue)).language.value == "python"
    pod = made(catalogue, language="elixir").resources[0].resource["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 1000


def test_what_is_there_is_counted_and_never_remembered():
    _, (problem,) = read_intent("haskell", vocabulary(own(languages=ELIXIR.replace("elixir", "gleam"))))
    assert "elixir, gleam; for any other" in problem.hint
    _, (problem,) = read_intent("node, mysql", vocabulary(own(edge__blueprint=GATEWAY)))
    assert "edge, egress" in problem.hint


def test_a_companys_file_replaces_only_the_rows_that_it_has():
    row = "{title: Node, user: 7, group: 7, sizes: tiny}"
    catalogue = own(languages=f"sizes: {{tiny: {{s: {{cpu: 1m, memory: 1Mi}}}}}}\nlanguages: {{node: {row}}}")
    assert catalogue.languages.languages["node"].user == 7
    assert catalogue.languages.languages["python"].user == 10001
    assert parse_intent("express", vocabulary(catalogue)).language.value == "node"
    container = made(catalogue).resources[0].resource["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["requests"] == {"cpu": "1m", "memory": "1Mi"}


def test_a_companys_word_wins_and_bundled_words_stay():
    said = vocabulary(own(edge__blueprint=GATEWAY))
    assert [a.value for a in parse_intent("cache, valkey", said).addons] == ["edge", "redis"]


def test_a_name_is_never_taken_by_the_word_of_another():
    said = vocabulary(own(edge__blueprint=GATEWAY.replace("cache", "postgres, python")))
    intent = parse_intent("python, postgres", said)
    assert (intent.language.value, [a.value for a in intent.addons]) == ("python", ["postgres"])


def test_a_framework_of_no_language_is_said_with_its_place():
    with pytest.raises(AtmosError) as raised:
        vocabulary(own(frameworks=PHOENIX.replace("elixir", "gleam")))
    (found,) = raised.value.diagnostics
    assert (found.code, found.where.path, found.where.line) == (
        Code.BLUEPRINT_INVALID,
        "platform/blueprints/frameworks.yaml",
        1,
    )


@pytest.mark.parametrize(
    ("fields", "field", "hint"),
    [
        ({"language": "pyton"}, "language", "did you mean `python`?"),
        ({"language": "cobol"}, "language", ""),
        ({"type": "wep"}, "type", "did you mean `web`?"),
        ({"type": "redis"}, "type", ""),
    ],
)
def test_a_spec_names_what_is_there(fields, field, hint):
    spec = ServiceSpec.model_validate({"name": "cart", "language": "node", **fields})
    ((found_in, found),) = unknown_nouns(spec, own())
    assert (found_in, found.code, found.hint) == (field, Code.SPEC_INVALID, hint)


def test_a_language_that_is_not_there_composes_nothing():
    (found,) = refused(own(), language="nod")
    assert (found.code, found.hint) == (Code.SPEC_INVALID, "did you mean `node`?")


def test_the_schema_of_a_repo_lists_what_it_has():
    schema = jsonschema_rs.Draft202012Validator(spec_schema(own(languages=ELIXIR, edge__blueprint=GATEWAY)))
    good = {"name": "cart", "language": "elixir", "type": "web", "addons": {"edge": {}, "postgres": {"version": 17}}}
    assert schema.is_valid(good)
    for wrong in ({"language": "haskell"}, {"type": "edge"}, {"addons": {"edgy": {}}}, {"addons": {"edge": {"a": 1}}}):
        assert not schema.is_valid({**good, **wrong})


def test_alternatives_read_as_a_sentence():
    assert alternatives(["a"]) == "a"
    assert alternatives(["a", "b", "c"]) == "a, b or c"


SETTABLE = """\
name: search-box
kind: addon
version: 1.0.0
summary: a test
settings:
  mode: {type: string, default: small, values: [small, large], summary: how large}
  copies: {type: integer, default: 1, minimum: 1, maximum: 3, production: 2, summary: how many}
  diskSize: {type: quantity, default: 1Gi, summary: of each}
  schema: {type: name, default: a, summary: a name that models have of their own}
  strict: {type: boolean, default: false, summary: whether}
notes:
  - message: ${{ [env.search_box.mode, env.search_box.copies, env.search_box.disk_size, env.search_box.schema] | join(' ') }}
"""
REPO = """\
clusters: {c: {}}
environments:
  dev: {cluster: c}
  prod:
    cluster: c
    search-box: {mode: large, copies: 3}
"""


def config(text=REPO, settable=SETTABLE):
    catalogue = own(**{"search-box__blueprint": settable})
    return catalogue, read_config(text.encode(), catalogue, engines=ENGINES)


def notes(environment):
    catalogue, where = config()
    spec = ServiceSpec.model_validate({"name": "cart", "language": "node", "addons": {"search-box": {}}})
    return compose(spec, team="shop", environment=environment, config=where, catalogue=catalogue).notes


def test_settings_of_a_companys_addon_have_their_defaults_and_what_the_environment_says():
    assert "small 1 1Gi a" in notes("dev")
    assert "large 3 1Gi a" in notes("prod")


@pytest.mark.parametrize(
    ("wrong", "field", "hint"),
    [
        ("{mode: huge}", "environments.prod.search-box.mode", ""),
        ("{copies: 4}", "environments.prod.search-box.copies", ""),
        ("{copies: many}", "environments.prod.search-box.copies", ""),
        ("{diskSize: 5 GB}", "environments.prod.search-box.diskSize", ""),
        ("{disk_size: 5Gi}", "environments.prod.search-box.disk_size", "did you mean `diskSize`?"),
        ("{schema: A_b}", "environments.prod.search-box.schema", ""),
        ("{strict: 7}", "environments.prod.search-box.strict", ""),
        ("[]", "environments.prod.search-box", ""),
    ],
)
def test_a_setting_that_is_not_allowed_is_said_with_its_place(wrong, field, hint):
    with pytest.raises(AtmosError) as raised:
        config(REPO.replace("{mode: large, copies: 3}", wrong))
    (found,) = raised.value.diagnostics
    assert (found.code, found.where.line, found.where.field, found.hint) == (Code.CONFIG_INVALID, 6, field, hint)


@pytest.mark.parametrize(
    ("right", "wrong", "field"),
    [
        ("default: small", "default: huge", "settings.mode.default"),
        ("default: 1Gi", "default: 0", "settings.diskSize.default"),
        ("production: 2", "production: 9", "settings.copies.production"),
    ],
)
def test_a_default_that_its_own_declaration_forbids_is_an_error_of_the_blueprint(right, wrong, field):
    with pytest.raises(AtmosError) as raised:
        config(settable=SETTABLE.replace(right, wrong))
    (found,) = raised.value.diagnostics
    assert (found.code, found.where.path) == (
        Code.BLUEPRINT_INVALID,
        "platform/blueprints/search-box/blueprint.yaml",
    )
    assert field in found.message


def test_a_new_production_environment_sets_what_the_blueprint_says():
    made_of = new_config(InitOptions(), catalogue=config()[0])
    assert made_of.environments["prod"].settings == {
        "postgres": {"instances": 3, "storage": "10Gi"},
        "search-box": {"copies": 2},
    }
    assert made_of.environments["dev"].settings == {}


@pytest.mark.parametrize("name", ["cluster", "replicas", "monitoring", "prometheus", "engine"])
def test_lint_refuses_an_addon_named_like_a_key_of_the_environment(name):
    (found,) = lint(own(**{f"{name}__blueprint": SETTABLE.replace("search-box", name).split("notes:")[0]}), name)
    assert (found.code, found.where.line) == (Code.BLUEPRINT_INVALID, 1)
    assert f"`{name}` is a key of the environments" in found.message


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("languages", "languages: {elixir: {title: 5}}"),
        ("languages", "languages: [elixir]"),
        ("languages", "languages: {Elixir: {}}"),
        ("languages", "a: [b"),
        ("frameworks", "frameworks: {rails: {language: rubby}}"),
        ("frameworks", "frameworks: 5"),
    ],
)
def test_a_broken_file_of_nouns_is_a_finding_of_lint(file, text):
    found = lint(own(**{file: text}), "web")
    assert found
    assert {each.where.path for each in found} == {f"platform/blueprints/{file}.yaml"}


def test_no_word_means_two_of_the_bundled_nouns():
    layer = bundled()
    rows = {f"language {name}": row.words for name, row in layer.languages.languages.items()}
    rows |= {f"framework {name}": row.words for name, row in layer.frameworks.frameworks.items()}
    rows |= {f"blueprint {name}": layer.manifest(name)[0].words for name in layer.names}
    rows |= {f"type {name}": row.words for name, row in layer.unavailable.types.items()}
    rows |= {f"add-on {name}": row.words for name, row in layer.unavailable.addons.items()}
    rows |= {f"other {name}": row.words for name, row in layer.unavailable.others.items()}
    rows |= {f"remark {name}": row.words for name, row in layer.unavailable.remarks.items()}
    rows |= {f"unknown {word}": (word,) for word in layer.unavailable.languages}
    said = [word for words in rows.values() for word in words]
    assert sorted(said) == sorted(set(said))
