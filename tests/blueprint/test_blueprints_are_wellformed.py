"""A blueprint that cannot work is refused when it is read, with the place and what to do."""

from __future__ import annotations

import pytest

from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.layer import Layer
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.ports import MemoryTree
from tests.blueprint.bundle import DEPLOYMENT, LANGUAGES, ROWS, WEB, addon, bundle, made, refused


def only(found):
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("kind: workload", "kind: thing", 2, "`kind`"),
        ("version: 1.0.0", "version: one", 3, "`version`"),
        ("summary: a test", "summary: a test\nsumary: x", 5, "unknown field `sumary`"),
        ("summary: a test\n", "", 1, "`summary` is required"),
        ("name: web", "name: wob", 1, "calls itself `wob`"),
        ("file: deployment.yaml", "file: ../x.yaml", 6, "`resources[0].file`"),
        ("file: deployment.yaml", "file: other.yaml", 6, "there is no `web/resources/other.yaml`"),
        ("file: deployment.yaml", "file: deployment.yaml\n    owner: me", 7, "`resources[0].owner`"),
        ("file: deployment.yaml", "file: deployment.yaml\n    when: 5", 7, "`resources[0].when`"),
    ],
)
def test_manifest(old, new, line, message):
    found = only(refused(bundle(web__blueprint=WEB.replace(old, new))))
    assert found.code is Code.BLUEPRINT_INVALID
    assert message in found.message
    assert (found.where.path, found.where.line) == ("web/blueprint.yaml", line)


@pytest.mark.parametrize("text", ["", "[]", "5", "a", f"{DEPLOYMENT}---\n{DEPLOYMENT}"])
def test_a_resource_file_holds_one_object(text):
    found = only(refused(bundle(web__resources__deployment=text)))
    assert found.code is Code.BLUEPRINT_INVALID
    assert "exactly one object" in found.message
    assert found.where.path == "web/resources/deployment.yaml"


def test_every_missing_file_is_told():
    found = refused(bundle(web__blueprint=WEB.replace("deployment.yaml", "a.yaml") + "  - file: b.yaml\n"))
    assert [(d.where.line, d.where.column) for d in found] == [(6, 5), (7, 5)]


def test_bad_yaml_is_located():
    assert only(refused(bundle(web__resources__deployment="a: b: c"))).where.path == "web/resources/deployment.yaml"


def test_unknown_names_say_what_is_near():
    catalogue = bundle(**addon("postgres", ""), **addon("redis", ""))
    found = only(refused(catalogue, addons={"postgress": {}}))
    assert (found.code, found.message, found.hint) == (
        Code.BLUEPRINT_UNKNOWN,
        "there is no add-on `postgress`",
        "did you mean `postgres`?",
    )
    assert only(refused(catalogue, addons={"zzz": {}})).hint == "there are: postgres, redis"
    assert only(refused(catalogue, addons={"web": {}})).message == "`web` is a type of service, not an add-on"
    assert only(refused(catalogue, type="worker")).message == "there is no type of service `worker`"
    assert len(refused(catalogue, addons={"a": {}, "b": {}})) == 2


@pytest.mark.parametrize("name", ["../web", "web/../web", "", "Web", "a" * 5000, "web\n"])
def test_a_name_is_no_path(name):
    with pytest.raises(AtmosError) as raised:
        bundle().get(name)
    assert raised.value.diagnostics[0].code is Code.BLUEPRINT_UNKNOWN


def test_the_last_layer_wins():
    own = MemoryTree(
        {
            "web/blueprint.yaml": WEB.replace("1.0.0", "9.0.0").encode(),
            "web/resources/deployment.yaml": DEPLOYMENT.encode(),
        }
    )
    texts = {**ROWS, "web/blueprint.yaml": WEB, "languages.yaml": LANGUAGES}
    bundled = MemoryTree({path: text.encode() for path, text in texts.items()})
    catalogue = Catalogue((Layer(bundled), Layer(own)))
    assert catalogue.get("web").tag == "web@9.0.0"
    assert made(catalogue).blueprints == ("web@9.0.0",)


def test_without_languages():
    with pytest.raises(AtmosError) as raised:
        _ = Catalogue((Layer(MemoryTree({})),)).languages
    assert raised.value.diagnostics[0].code is Code.BLUEPRINT_UNKNOWN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$if: true\n$then: [1]", "does not give an object"),
        ("apiVersion: v1\nkind: Service\nmetadata: []", "does not give an object"),
        ("apiVersion: v1\nmetadata: {name: a}", "does not give an object"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: ../../x}", "`../../x` is no name for a Secret"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: '${{ 5 }}'}", "`5` is no name"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: 1a}", "`1a` is no name for a Service"),
        ("apiVersion: v1\nkind: Service\nmetadata: {}", "`None` is no name"),
    ],
)
def test_what_is_made_is_an_object(text, message):
    found = only(refused(bundle(web__resources__deployment=text)))
    assert (found.code, found.where.path) == (Code.BLUEPRINT_INVALID, "web/resources/deployment.yaml")
    assert message in found.message


def test_nothing_is_made_twice():
    twice = WEB + "  - file: copy.yaml\n"
    found = only(refused(bundle(web__blueprint=twice, web__resources__copy=DEPLOYMENT)))
    assert (found.code, found.message) == (Code.BLUEPRINT_CONFLICT, "Deployment/cart is made twice, by web@1.0.0")
    same = WEB + "  - file: deployment.yaml\n"
    assert only(refused(bundle(web__blueprint=same))).code is Code.BLUEPRINT_CONFLICT


def test_loops_make_objects_and_end():
    text = WEB + "    for: n in values.names\nvalues: {names: \"${{ ['a', 'b'] }}\"}\n"
    resource = DEPLOYMENT.replace("${{ svc.name }}", "cart-${{ n }}")
    found = made(bundle(web__blueprint=text, web__resources__deployment=resource)).resources
    assert [item.file for item in found] == ["deployment-cart-a.yaml", "deployment-cart-b.yaml"]
    bad = WEB + "    for: n in nope\n"
    assert only(refused(bundle(web__blueprint=bad))).where.line == 7
