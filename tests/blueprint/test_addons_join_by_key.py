"""Add-ons add to the workload: lists are joined by key, nothing is overwritten, nothing misses its target in silence."""

from __future__ import annotations

import pytest

from atmos_cli.diagnostics import Code
from tests.blueprint.bundle import WEB, addon, bundle, made, refused


def contributes(tree: str, *, into: str = "{kind: Deployment}", more: str = "") -> str:
    return f"contributes:\n  - into: {into}\n    {more}\n    tree: {tree}\n"


def container(fields: str) -> str:
    return "{spec: {template: {spec: {containers: [{name: main, " + fields + "}]}}}}"


def deployment(catalogue, **fields):
    (item,) = [item for item in made(catalogue, **fields).resources if item.resource["kind"] == "Deployment"]
    return item.resource


def test_lists_join_by_key():
    catalogue = bundle(
        **addon("a", contributes(container("env: [{name: B, value: b}], ports: [{containerPort: 90, protocol: TCP}]"))),
        **addon("b", contributes(container("env: [{name: C, value: '${{ svc.name }}'}]"))),
        **addon("c", contributes("{spec: {template: {spec: {containers: [{name: side, image: y}]}}}}")),
    )
    spec = deployment(catalogue, addons={"a": {}, "b": {}, "c": {}})["spec"]["template"]["spec"]
    assert [c["name"] for c in spec["containers"]] == ["main", "side"]
    assert [v["name"] for v in spec["containers"][0]["env"]] == ["A", "B", "C"]
    assert [p["containerPort"] for p in spec["containers"][0]["ports"]] == [80, 90]


def test_agreement_is_no_conflict():
    same = contributes(container("env: [{name: B, value: b}], image: 'x:1'"))
    catalogue = bundle(**addon("a", same), **addon("b", same))
    main = deployment(catalogue, addons={"a": {}, "b": {}})["spec"]["template"]["spec"]["containers"][0]
    assert main["env"] == [{"name": "A", "value": "a"}, {"name": "B", "value": "b"}]


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (
            container("image: z"),
            "a@1.0.0 sets `spec.template.spec.containers.main.image` to `z`, but it is `x:1` already",
        ),
        (container("env: [{name: A, value: b}]"), "a@1.0.0 sets the variable A, but it is set already"),
        (container("env: [{name: A, valueFrom: {fieldRef: {fieldPath: f}}}]"), "sets the variable A, but"),
        ("{spec: {replicas: '1'}}", "a@1.0.0 sets `spec.replicas` to `1`, but it is `1` already"),
        ("{spec: {replicas: true}}", "sets `spec.replicas` to `True`"),
        ("{spec: {replicas: {a: 1}}}", "sets `spec.replicas`"),
    ],
)
def test_disagreement_is_located(tree, message):
    (found,) = refused(bundle(**addon("a", contributes(tree))), addons={"a": {}})
    assert found.code is Code.BLUEPRINT_CONFLICT
    assert message in found.message
    assert (found.where.path, found.where.line) == ("a/blueprint.yaml", 8)


def test_two_addons_that_disagree():
    first, second = (contributes(container(f"env: [{{name: B, value: {value}}}]")) for value in "xy")
    (found,) = refused(bundle(**addon("a", first), **addon("b", second)), addons={"a": {}, "b": {}})
    assert (found.code, found.where.path) == (Code.BLUEPRINT_CONFLICT, "b/blueprint.yaml")


@pytest.mark.parametrize(
    "into", ["{kind: Service}", "{kind: Deployment, name: other}", "{kind: Deployment, name: '${{ svc.name }}-x'}"]
)
def test_a_missing_target_is_located(into):
    (found,) = refused(bundle(**addon("a", contributes("{}", into=into))), addons={"a": {}})
    assert found.code is Code.BLUEPRINT_NO_TARGET
    assert "which nothing makes" in found.message
    assert (found.where.path, found.where.line) == ("a/blueprint.yaml", 6)


def test_when_and_delete():
    catalogue = bundle(
        **addon("a", contributes("{spec: {replicas: 9}}", more="when: svc.name == 'nobody'")),
        **addon("b", contributes("{}", more="delete: [spec.replicas]")),
    )
    assert "replicas" not in deployment(catalogue, addons={"a": {}, "b": {}})["spec"]
    assert (
        deployment(bundle(**addon("a", contributes("{}", more="when: false"))), addons={"a": {}})["spec"]["replicas"]
        == 1
    )


@pytest.mark.parametrize("path", ["spec.nope", "nope", "spec.replicas.x", "spec.template.spec.containers.main"])
def test_deleting_what_is_not_there_is_located(path):
    (found,) = refused(bundle(**addon("a", contributes("{}", more=f"delete: [{path}]"))), addons={"a": {}})
    assert (found.code, found.where.line) == (Code.BLUEPRINT_NO_TARGET, 7)


def test_a_conflict_never_reaches_the_next_service():
    """Contributions are merged into copies: composing again starts afresh."""
    catalogue = bundle(**addon("a", contributes(container("env: [{name: B, value: b}]"))))
    assert deployment(catalogue, addons={"a": {}}) == deployment(catalogue, addons={"a": {}})
    assert len(deployment(catalogue)["spec"]["template"]["spec"]["containers"][0]["env"]) == 1


def test_refusals_come_all_at_once():
    say = 'refuse:\n  - {when: true, message: "%s of ${{ svc.name }}", hint: "not in ${{ env.name }}"}\n  - {when: false, message: never}\n'
    catalogue = bundle(web__blueprint=WEB + say % "web", **addon("a", say % "a"))
    found = refused(catalogue, addons={"a": {}})
    assert [(d.code, d.message, d.hint, d.environment) for d in found] == [
        (Code.BLUEPRINT_REFUSED, "web of cart", "not in dev", "dev"),
        (Code.BLUEPRINT_REFUSED, "a of cart", "not in dev", "dev"),
    ]


def test_links_needs_and_notes():
    text = """\
connections: [{variable: URL, secret: "${{ svc.name }}-x", key: k}, {variable: NOT, when: false}]
requires: [{group: g, kind: K, provider: p}, {group: g, kind: K, provider: p}, {group: h, kind: K, provider: p, when: false}]
notes: [{message: "see ${{ env.name }}"}, {message: never, when: false}]
"""
    composition = made(bundle(**addon("a", text)), addons={"a": {}})
    assert [(link.variable, link.secret, link.key) for link in composition.links] == [("URL", "cart-x", "k")]
    assert len(composition.needs) == 1
    assert composition.notes == ("see dev",)
