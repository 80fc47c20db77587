"""A plan is the smallest change that brings a state back, and says everything that speaks against it."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.kube.resource import identity
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.rollback import Allowed, RollbackView, plan
from atmos_cli.verify.rollback_files import pointer, restored
from atmos_cli.verify.rollback_loss import losses
from atmos_cli.yamlio.load import load_all

FILES = st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=3), max_size=6)


def objects(*items):
    return {identity(each): each for each in items}


def deployment(image="a:1", name="web"):
    spec = {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "n"}, "spec": spec}


OLD, NEW = objects(deployment("a:1")), objects(deployment("a:2"))


def view(**more):
    base = RollbackView(
        "prod", "c" * 40, "1" * 40, "verified", {"o": b"1"}, {}, now=NEW, then=OLD, partly=OLD, wholly=OLD
    )
    return dataclasses.replace(base, **more)


def codes(made):
    return [each.code for each in made.reasons]


@given(FILES, FILES)
def test_restored_files_are_exactly_those_of_then(now, then):
    changes = restored(now, then)
    after = {path: data for path, data in {**now, **changes}.items() if data is not None}
    assert after == then
    assert all(now.get(path) != data for path, data in changes.items())


def documents(**timeouts):
    return "---\n".join(
        f"# {name}\nmetadata: {{name: web, namespace: {name}}}\nspec: {{timeout: {timeout}}}\n"
        for name, timeout in timeouts.items()
    ).encode()


NAMESPACES = st.dictionaries(st.sampled_from(["dev", "prod", "stage"]), st.sampled_from(["1m", "2m"]))


@given(NAMESPACES, NAMESPACES)
def test_a_pointer_changes_for_one_namespace_only(now, then):
    made = pointer(documents(**now), documents(**then), namespace="prod", path="p.yaml")
    found = {d.value["metadata"]["namespace"]: d.value["spec"]["timeout"] for d in load_all(made or b"")}
    others = {name: timeout for name, timeout in now.items() if name != "prod"}
    assert found == others | ({"prod": then["prod"]} if "prod" in then else {})


def test_comments_of_a_pointer_stay_where_nothing_else_changed():
    then = documents(dev="1m", prod="1m")
    assert pointer(documents(dev="1m", prod="2m"), then, namespace="prod", path="p") == then


def test_the_overlay_alone_is_enough_when_it_gives_what_ran():
    made = plan(view(shared={"b": b"1"}, others=("dev",)), allowed=Allowed())
    assert (made.files, made.exact, made.environments, made.reasons) == ({"o": b"1"}, True, (), ())
    assert made.images == ("a:2",)


def test_shared_files_come_back_only_where_they_matter_and_are_allowed():
    mixed = objects(deployment("a:3"))
    seen = view(shared={"b": b"1"}, others=("dev",), partly=mixed)
    assert codes(plan(seen, allowed=Allowed())) == ["shared-files"]
    assert plan(seen, allowed=Allowed(all_environments=True)).environments == ("dev",)
    only = plan(seen, allowed=Allowed(overlay_only=True))
    assert (only.files, only.exact, only.reasons) == ({"o": b"1"}, False, ())
    alone = plan(dataclasses.replace(seen, others=()), allowed=Allowed())
    assert (alone.files, alone.reasons) == ({"o": b"1", "b": b"1"}, ())


def test_the_same_objects_are_nothing_to_restore():
    assert plan(view(now=OLD), allowed=Allowed()).nothing


def test_a_newer_commit_is_superseded_and_no_word_allows_it():
    everything = Allowed(*([True] * len(dataclasses.fields(Allowed))))
    (reason,) = plan(view(newer=("d" * 40,)), allowed=everything).reasons
    assert (reason.outcome, reason.code) == (Outcome.SUPERSEDED, "newer-commit")


def test_each_reason_has_its_own_word_and_no_other():
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "d", "namespace": "n"}}
    suspect = Reason(Outcome.WARN, "migration-suspect", "the migration ran")
    bad = view(now={**NEW, **objects(claim)}, migration=suspect, quarantined=("a:1",))
    words = {"migrations": "migration", "data_loss": "data-loss", "quarantined": "quarantined"}
    assert codes(plan(bad, allowed=Allowed())) == list(words.values())
    for word, code in words.items():
        left = codes(plan(bad, allowed=Allowed(**{word: True})))
        assert left == [each for each in words.values() if each != code]


def test_a_state_that_cannot_be_built_is_no_state_to_restore():
    assert codes(plan(view(then=None, partly=None), allowed=Allowed())) == ["unbuildable"]
    assert codes(plan(view(now=None), allowed=Allowed())) == []


def test_a_rollback_puts_no_image_into_quarantine_when_it_is_taken_back():
    made = plan(view(undoes="e" * 40), allowed=Allowed())
    assert (codes(made), made.images) == (["is-rollback"], ())
    assert codes(plan(view(undoes="e" * 40, chosen="named"), allowed=Allowed())) == []


def test_losses_are_named():
    def resource(version, kind, **spec):
        return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "n"}, "spec": spec}

    claims = [{"metadata": {"name": "data"}}, {"metadata": {"name": "logs"}}]
    now = objects(
        resource("v1", "Namespace"),
        resource("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        resource("postgresql.cnpg.io/v1", "Cluster", storage={"size": "2Gi"}),
        resource("apps/v1", "StatefulSet", volumeClaimTemplates=claims),
        resource("v1", "PersistentVolumeClaim", resources={"requests": {"storage": "2048Mi"}}),
        resource("v1", "ConfigMap"),
    )
    assert losses(now, now) == ()
    assert len(losses(now, {})) == 5
    after = objects(
        resource("v1", "Namespace"),
        resource("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        resource("postgresql.cnpg.io/v1", "Cluster", storage={"size": "1Gi"}),
        resource("apps/v1", "StatefulSet", volumeClaimTemplates=claims[:1]),
        resource("v1", "PersistentVolumeClaim", resources={"requests": {"storage": "2Gi"}}),
    )
    assert losses(now, after) == (
        "Cluster/x would shrink (storage.size 2Gi to 1Gi)",
        "claims of StatefulSet/x: logs",
    )


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["spec", "storage", "size", "template", "containers"]), inner)
        ),
        max_leaves=8,
    )
)
def test_hostile_objects_give_no_traceback(value):
    key = identity({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "x"}})
    pod = identity(deployment())
    found = {key: {"spec": value}, pod: {"apiVersion": "apps/v1", "kind": "Deployment", "spec": value}}
    plan(view(now=found, then=OLD, partly=found), allowed=Allowed())
