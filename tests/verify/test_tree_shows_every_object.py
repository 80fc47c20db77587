"""A tree of recorded objects: who owns whom, what is folded, what is missing; and that no owner reference can harm it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.engines.registry import ENGINES, health_rules
from atmos_cli.verify.model import Target
from atmos_cli.verify.seen import Health, Status
from atmos_cli.verify.tree import DEEPEST, WIDEST, nodes, tree

from .snapshots import cond, obj, owned_by, recorded, snapshot

TARGET = Target("shop", "orders-api", "dev", "nonprod", "shop-dev", "argocd", "orders-api")
ARRIVED = Health(Status.CURRENT, "applied")


def grown(found, delivered=ARRIVED, *, engine="argocd"):
    target = replace(TARGET, engine=engine)
    pointers = ENGINES[engine].pointers
    return tree(found, target=target, delivered=delivered, pointers=pointers, rules=health_rules())


def lines(node, depth=0):
    """`  Kind/name status`, which is what a person compares."""
    mine = f"{'  ' * depth}{node.kind}/{node.name} {node.health.status.value}"
    return [mine, *(line for child in node.children for line in lines(child, depth + 1))]


def named(node, kind):
    return [each for each in nodes(node) if each.kind == kind]


def workload(name):
    objects = recorded(name)
    return objects, tuple(each for each in objects if each["kind"] == "Deployment")


@pytest.mark.parametrize("pointer", ["argo_app_crashloop_degraded", "flux_ks_crashloop_failed"])
def test_both_engines_have_the_same_tree_below_their_own_object(pointer):
    objects, wanted = workload("k8s_workload_crashloop")
    engine = "argocd" if pointer.startswith("argo") else "flux"
    root = grown(snapshot(recorded(pointer), wanted=wanted, objects=objects), engine=engine)
    assert root.kind == recorded(pointer)["kind"]
    assert lines(root)[1:] == [
        "  Deployment/orders-api failed",
        "    ReplicaSet/orders-api-5564cf5fcc in-progress",
        "      Pod/orders-api-5564cf5fcc-f6fcc failed",
        "        container/app failed",
        "    ReplicaSet/orders-api-67f677d5ff current",
        "      Pod/orders-api-67f677d5ff-s2rp7 current",
        "        container/app current",
    ]


def test_a_container_says_why_it_does_not_run():
    objects, wanted = workload("k8s_workload_imagepull")
    root = grown(snapshot(recorded("argo_app_imagepull_degraded"), wanted=wanted, objects=objects))
    bad = [each for each in named(root, "container") if each.health.status is Status.FAILED]
    assert bad
    assert all("image" in each.health.message.lower() for each in bad)


def test_a_quota_refusal_that_no_engine_names_stands_at_the_workload():
    objects, wanted = workload("k8s_workload_quota")
    root = grown(snapshot(recorded("argo_app_quota_progressing_forever"), wanted=wanted, objects=objects))
    (deployment,) = named(root, "Deployment")
    assert deployment.health.status is Status.FAILED
    assert "exceeded quota" in deployment.health.message


def test_the_root_says_how_far_the_commit_has_come_and_not_what_the_engine_claims():
    app = recorded("argo_app_live_healthy")
    root = grown(snapshot(app), delivered=Health(Status.FAILED, "Argo CD cannot apply the commit: no"))
    assert (root.kind, root.health.status) == ("Application", Status.FAILED)
    assert root.health.message.endswith("no")


@pytest.mark.parametrize(("engine", "kind"), [("argocd", "Application"), ("flux", "Kustomization")])
def test_an_engine_that_knows_nothing_of_it_is_a_missing_root(engine, kind):
    root = grown(snapshot(), Health(Status.IN_PROGRESS, "does not exist yet"), engine=engine)
    assert (root.kind, root.health.message) == (kind, "does not exist yet")
    assert grown(snapshot(), engine=engine).health.status is Status.MISSING


def test_the_source_of_a_kustomization_is_shown_with_its_own_health():
    root = grown(snapshot(recorded("flux_gitrepository_failed"), recorded("flux_ks_live_healthy")), engine="flux")
    assert lines(root)[1].startswith("  GitRepository/")
    assert root.kind == "Kustomization"
    assert root.children[0].health.status is not Status.CURRENT


def replica_set(number, owner, *, replicas):
    name = f"orders-{number}"
    status = {"replicas": replicas, "readyReplicas": replicas, "observedGeneration": 1}
    found = obj("apps/v1", "ReplicaSet", name, {"replicas": replicas}, status, uid=name, generation=1)
    found["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": str(number)}
    found["metadata"]["ownerReferences"] = owned_by(owner, uid=owner["metadata"]["uid"])
    return found


def deployment(**more):
    return obj("apps/v1", "Deployment", "orders", {"replicas": 1}, {}, uid="d", **more)


def test_old_replica_sets_without_pods_are_folded_into_one_line():
    owner = deployment()
    sets = [replica_set(number, owner, replicas=1 if number == 11 else 0) for number in (2, 9, 10, 11)]
    root = grown(snapshot(wanted=[owner], objects=[owner, *sets]))
    assert [each.name for each in named(root, "ReplicaSet")] == ["orders-11", "3 older"]


def test_an_old_replica_set_that_still_has_pods_is_never_folded():
    owner = deployment()
    sets = [replica_set(1, owner, replicas=2), replica_set(2, owner, replicas=1)]
    root = grown(snapshot(wanted=[owner], objects=[owner, *sets]))
    assert [each.name for each in named(root, "ReplicaSet")] == ["orders-2", "orders-1"]


def test_the_newest_replica_set_is_shown_also_when_it_has_no_pods():
    owner = deployment()
    sets = [replica_set(1, owner, replicas=0), replica_set(2, owner, replicas=0)]
    root = grown(snapshot(wanted=[owner], objects=[owner, *sets]))
    assert [each.name for each in named(root, "ReplicaSet")] == ["orders-2", "1 older"]


def test_what_is_wanted_and_not_there_is_shown_as_missing():
    wanted = [deployment(), obj("v1", "ConfigMap", "settings")]
    root = grown(snapshot(wanted=wanted, objects=[wanted[0]]))
    (missing,) = named(root, "ConfigMap")
    assert (missing.health.status, missing.health.message) == (Status.MISSING, "does not exist")


def test_what_may_go_after_it_ran_is_not_missing():
    hook = obj("batch/v1", "Job", "migrate", annotations={"argocd.argoproj.io/hook": "PreSync"})
    short_lived = obj("batch/v1", "Job", "once", {"ttlSecondsAfterFinished": 60})
    assert not grown(snapshot(wanted=[hook, short_lived])).children


def test_a_secret_is_never_read_and_so_never_missing():
    (secret,) = grown(snapshot(wanted=[obj("v1", "Secret", "keys")])).children
    assert (secret.health.status, secret.health.code) == (Status.UNKNOWN, "not-read")


def test_an_endpoint_slice_is_below_its_service_with_its_addresses():
    service = obj("v1", "Service", "orders", {"selector": {"app": "orders"}}, uid="s")
    endpoints = [{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"], "conditions": {"ready": False}}]
    slices = obj("discovery.k8s.io/v1", "EndpointSlice", "orders-x", labels={"kubernetes.io/service-name": "orders"})
    root = grown(snapshot(wanted=[service], objects=[service, {**slices, "endpoints": endpoints}]))
    (shown,) = named(root, "Service")
    assert [each.note for each in shown.children] == ["1 of 2 ready"]


def test_a_database_has_its_pods_and_claims_below_it():
    cluster = obj("postgresql.cnpg.io/v1", "Cluster", "orders-db", {"instances": 1}, uid="c")
    refs = owned_by(cluster, uid="c")
    pod = obj("v1", "Pod", "orders-db-1", {"containers": [{"name": "postgres"}]}, {}, uid="p", ownerReferences=refs)
    claim = obj("v1", "PersistentVolumeClaim", "orders-db-1", {}, {"phase": "Bound"}, uid="v", ownerReferences=refs)
    root = grown(snapshot(wanted=[cluster], objects=[cluster, claim, pod]))
    (shown,) = named(root, "Cluster")
    assert [each.kind for each in shown.children] == ["PersistentVolumeClaim", "Pod"]


def test_a_pod_that_two_own_is_shown_once():
    one, two = obj("v1", "ConfigMap", "one", uid="1"), obj("v1", "ConfigMap", "two", uid="2")
    refs = [{"kind": "ConfigMap", "name": name, "uid": uid} for name, uid in (("one", "1"), ("two", "2"))]
    pod = obj("v1", "Pod", "both", {}, {}, uid="p", ownerReferences=refs)
    assert len(named(grown(snapshot(wanted=[one, two], objects=[one, two, pod])), "Pod")) == 1


def test_an_owner_of_the_same_name_but_another_life_does_not_own():
    owner = deployment()
    sets = replica_set(1, {**owner, "metadata": {**owner["metadata"], "uid": "the one before"}}, replicas=1)
    root = grown(snapshot(wanted=[owner], objects=[owner, sets]))
    assert [each.kind for each in root.children] == ["Deployment", "ReplicaSet"]


def test_a_chain_of_owners_is_cut_and_nothing_of_it_is_lost():
    chain = [obj("v1", "ConfigMap", f"link-{i}", uid=f"u{i}") for i in range(100)]
    for child, owner in zip(chain[1:], chain, strict=False):
        child["metadata"]["ownerReferences"] = owned_by(owner, uid=owner["metadata"]["uid"])
    root = grown(snapshot(wanted=chain[:1], objects=chain))
    assert len(named(root, "ConfigMap")) == 100
    assert max(line.count("  ") for line in lines(root)) <= DEEPEST


def test_more_children_than_anyone_reads_are_counted_and_not_drawn():
    owner = obj("batch/v1", "Job", "many", {}, uid="j")
    pods = [
        obj("v1", "Pod", f"p{i:04}", {}, {}, uid=f"p{i}", ownerReferences=owned_by(owner, uid="j")) for i in range(900)
    ]
    root = grown(snapshot(wanted=[owner], objects=[owner, *pods]))
    assert len(named(root, "Pod")) == WIDEST + 1
    assert named(root, "Pod")[-1].name == f"{900 - WIDEST} more"


def test_what_a_cluster_says_comes_without_control_characters_and_secrets():
    pod = obj("v1", "Pod", "x\x1b[31mred", {"containers": [{"name": "app", "image": "i\u202e"}]}, uid="p")
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "password=hunter22 \x1b]0;t\x07"}}
    pod["status"] = {"containerStatuses": [{"name": "app", "state": state}]}
    found = "".join(f"{each.name}{each.note}{each.health.message}" for each in nodes(grown(snapshot(objects=[pod]))))
    assert not set(found) & {"\x1b", "\x07", "\u202e"}
    assert "hunter22" not in found


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["u0", "u1", "u2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
UIDS = [f"u{i}" for i in range(6)]
REFERENCES = st.lists(
    st.fixed_dictionaries(
        {"uid": st.sampled_from(UIDS)}, optional={"controller": st.booleans(), "kind": st.just("Pod")}
    ),
    max_size=3,
)


@st.composite
def tangles(draw):
    """Objects that own each other in any way, themselves included."""
    kinds = draw(st.lists(st.sampled_from(["Pod", "ReplicaSet", "Job", "Service", "EndpointSlice"]), max_size=6))
    return [
        obj("v1", kind, f"o{i}", draw(JUNK), draw(JUNK), uid=f"u{i}", ownerReferences=draw(REFERENCES))
        for i, kind in enumerate(kinds)
    ]


@given(objects=tangles(), wanted=st.integers(0, 6))
@settings(max_examples=2 * settings().max_examples)
def test_every_object_is_in_the_tree_exactly_once_whoever_owns_whom(objects, wanted):
    root = grown(snapshot(wanted=objects[:wanted], objects=objects))
    shown = [each.name for each in nodes(root) if each.name.startswith("o") and each.kind != "Application"]
    folded = sum(int(each.name.split()[0]) for each in nodes(root) if each.name.endswith(" older"))
    assert len(shown) == len(set(shown))
    assert len(shown) + folded == len(objects)


@given(spec=JUNK, status=JUNK, metadata=JUNK)
@settings(max_examples=2 * settings().max_examples)
def test_a_damaged_object_is_drawn_somehow(spec, status, metadata):
    damaged = [
        {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status}
        for kind in ("Pod", "Job")
    ]
    root = grown(snapshot(cond("Ready", "True"), objects=damaged, wanted=damaged))
    assert list(nodes(root))
