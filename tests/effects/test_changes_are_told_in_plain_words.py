"""What a change of objects does to what runs is said: pods, data, objects, settings; what matters most comes first."""

import copy

import pytest

from atmos_cli.blueprint.composed import DeclaredRename
from atmos_cli.effects.consequences import consequences
from atmos_cli.effects.refusals import by_identity, refusals, replacements
from atmos_cli.kube.engine_annotations import KEEP
from atmos_cli.kube.resource import identity
from atmos_cli.kustomize.model import Built, Origin
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load, load_all

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: 'web:1', resources: {requests: {cpu: 100m}}}
"""
SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {minReplicas: 2, maxReplicas: 6, scaleTargetRef: {kind: Deployment, name: web}}
"""
DATABASE = """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: web-db, namespace: shop}
spec: {instances: 3, storage: {size: 1Gi}, resources: {requests: {cpu: 100m}}}
"""
STORE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: shop}
spec:
  replicas: 2
  volumeClaimTemplates: [{metadata: {name: data}, spec: {resources: {requests: {storage: 1Gi}}}}]
  template: {spec: {containers: [{name: store, image: 'store:1'}]}}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {LEVEL: info}
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: shop}
stringData: {token: correct-horse}
"""


def objects(*texts):
    return {identity(each.value): each.value for text in texts for each in load_all(text.encode())}


def changed(text, *changes):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def kept(text):
    resource = load(text.encode())
    resource["metadata"]["annotations"] = dict(KEEP)
    return emit(resource)


def told(before, after, **options):
    return [each.text for each in consequences(objects(*before), objects(*after), **options)]


CASES = {
    "nothing": ([WEB], [WEB], ["nothing that runs changes"]),
    "image": (
        [WEB],
        [changed(WEB, ("web:1", "web:2"))],
        ["Deployment/web: pods restart (spec.template.spec.containers[web].image web:1 → web:2)"],
    ),
    "only the unit": ([WEB], [changed(WEB, ("100m", "'0.1'"))], ["nothing that runs changes"]),
    "fewer": (
        [changed(WEB, ("replicas: 2", "replicas: 4"))],
        [WEB],
        ["Deployment/web: fewer pods: 4 pods → 2 pods"],
    ),
    "stops": ([WEB], [changed(WEB, ("replicas: 2", "replicas: 0"))], ["Deployment/web: it stops: 2 pods → 0 pods"]),
    "autoscaling": (
        [WEB],
        [changed(WEB, ("  replicas: 2\n", "")), SCALER],
        ["Deployment/web: more pods: 2 pods → 2 to 6 pods by its autoscaler"],
    ),
    "bounds": (
        [WEB, SCALER],
        [WEB, changed(SCALER, ("maxReplicas: 6", "maxReplicas: 4"))],
        ["Deployment/web: fewer pods: 2 to 6 pods by its autoscaler → 2 to 4 pods by its autoscaler"],
    ),
    "recreated": (
        [changed(WEB, ("  replicas", "  strategy: {type: Recreate}\n  replicas"))],
        [changed(WEB, ("  replicas", "  strategy: {type: Recreate}\n  replicas"), ("web:1", "web:2"))],
        ["Deployment/web: all pods stop, then new ones start (spec.template.spec.containers[web].image web:1 → web:2)"],
    ),
    "added and removed": (
        [CONFIG],
        [WEB],
        ["Deployment/web is new: 2 pods", "removed: ConfigMap/web"],
    ),
    "database gone, kept": (
        [kept(DATABASE)],
        [],
        [
            (
                "Cluster/web-db stays in the cluster with its data, although Git no longer has it; "
                "`kubectl -n shop delete cluster.postgresql.cnpg.io web-db` deletes it later, for good"
            )
        ],
    ),
    "database gone": ([DATABASE], [], ["Cluster/web-db is deleted with its data"]),
    "database grows": (
        [DATABASE],
        [changed(DATABASE, ("1Gi", "2Gi"))],
        ["Cluster/web-db: its volume grows, where its storage class allows that"],
    ),
    "database's pods": (
        [DATABASE],
        [changed(DATABASE, ("cpu: 100m", "cpu: 200m"), ("instances: 3", "instances: 1"))],
        [
            "Cluster/web-db: fewer instances: 3 → 1",
            "Cluster/web-db: its operator may restart its pods one by one (spec.resources.requests.cpu 100m → 200m)",
        ],
    ),
    "class": (
        [DATABASE],
        [changed(DATABASE, ("size: 1Gi", "size: 1Gi, storageClass: fast"))],
        [
            (
                "Cluster/web-db: its storage class changes from the default class to fast:"
                " volumes that are there stay as they are"
            )
        ],
    ),
    "claims stay": (
        [STORE],
        [],
        [
            "StatefulSet/store is removed, and the claims of its pods (data) stay with their data",
            "StatefulSet/store is removed: its pods stop (2 pods)",
        ],
    ),
    "config": (
        [CONFIG],
        [changed(CONFIG, ("info", "debug"))],
        [
            (
                "ConfigMap/web changes without a restart (data.LEVEL info → debug);"
                " what pods read into variables changes with their next restart"
            )
        ],
    ),
    "labels": (
        [WEB],
        [changed(WEB, ("name: web, namespace: shop", "name: web, namespace: shop, labels: {a: b}"))],
        ["only labels or annotations change on 1 object"],
    ),
    "refused": (
        [STORE],
        [changed(STORE, ("storage: 1Gi", "storage: 2Gi"))],
        ["StatefulSet/store: the change is refused, and so nothing happens to it"],
    ),
}


@pytest.mark.parametrize(("before", "after", "said"), CASES.values(), ids=CASES.keys())
def test_what_happens_is_said(before, after, said):
    assert told(before, after) == said


def test_no_secret_value_is_said():
    said = told([SECRET], [changed(SECRET, ("correct-horse", "battery-staple"))])
    assert said
    assert "horse" not in str(said)
    assert "battery" not in str(said)
    found = findings([changed(SECRET, ("stringData", "immutable: true\nstringData"))], [SECRET])
    assert found
    assert "horse" not in str(found)


def test_a_declared_new_name_is_said():
    after = changed(WEB, ("name: web, namespace", "name: shop-web, namespace"))
    said = told([WEB], [after], renamed=(DeclaredRename("Deployment", "web", "shop-web"),))
    assert "new identity: Deployment/web becomes Deployment/shop-web, and the old one is pruned" in said


def built(texts):
    """Objects with a place each, and the tree that has it."""
    files, found = {}, []
    for number, text in enumerate(texts):
        files[f"{number}.yaml"] = text.encode()
        found.append(Built(copy.deepcopy(load(text.encode())), (Origin(f"{number}.yaml", 0, "resource"),)))
    return by_identity(tuple(found)), MemoryTree(files)


def findings(before, after, **options):
    (old, old_tree), (new, new_tree) = built(before), built(after)
    renamed = options.pop("renamed", ())
    refuse = refusals(old, new, tree=new_tree, environment="prod", **options)
    replace = replacements(old, new, tree=old_tree, environment="prod", renamed=renamed, **options)
    return [*refuse, *replace]


def test_a_refusal_names_its_line_and_the_way_round():
    """ATM340"""
    (found,) = findings([STORE], [changed(STORE, ("storage: 1Gi", "storage: 2Gi"))])
    assert (found.code, found.severity, str(found.where)) == ("ATM340", "error", "0.yaml:7:81")
    assert "spec.volumeClaimTemplates[data].spec.resources.requests.storage 1Gi → 2Gi" in found.message
    assert "`kubectl -n shop delete statefulset store --cascade=orphan`" in found.hint
    (allowed,) = findings([STORE], [changed(STORE, ("storage: 1Gi", "storage: 2Gi"))], allow_replace=True)
    assert allowed.severity == "warning"
    assert allowed.hint.startswith("after the merge, run `kubectl")


def test_what_no_replacement_mends_is_refused_also_when_replacing_is_allowed():
    (found,) = findings([DATABASE], [changed(DATABASE, ("1Gi", "512Mi"))], allow_replace=True)
    assert (found.code, found.severity) == ("ATM340", "error")


JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop, annotations: {%s}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: migrate, image: 'web:1'}]}}}
"""


@pytest.mark.parametrize(
    "annotation",
    [
        "argocd.argoproj.io/hook: PreSync",
        "argocd.argoproj.io/sync-options: 'Force=true,Replace=true'",
        "kustomize.toolkit.fluxcd.io/force: enabled",
    ],
)
def test_what_an_engine_makes_anew_is_not_refused(annotation):
    before, after = JOB % annotation, (JOB % annotation).replace("web:1", "web:2")
    assert findings([before], [after]) == []
    assert told([before], [after]) == ["Job/migrate is deleted and made anew, as it asks its engine to do"]
    assert findings([JOB % "a: b"], [(JOB % "a: b").replace("web:1", "web:2")])


def test_data_goes_in_two_steps():
    """ATM341"""
    (found,) = findings([DATABASE], [])
    assert (found.code, found.severity) == ("ATM341", "error")
    assert "`kustomize.toolkit.fluxcd.io/prune: disabled`" in found.hint
    assert "`kubectl -n shop delete cluster.postgresql.cnpg.io web-db` deletes it in the end" in found.hint
    assert findings([kept(DATABASE)], []) == []


@pytest.mark.parametrize("store", [DATABASE, kept(DATABASE), STORE])
def test_a_new_identity_of_data_is_refused_unless_allowed(store):
    after = store.replace("web-db", "web-pg").replace("store", "shop")
    (found,) = findings([store], [after])
    assert (found.code, found.severity) == ("ATM341", "error")
    assert "would be replaced by" in found.message
    (allowed,) = findings([store], [after], allow_replace=True)
    assert allowed.severity == "warning"


SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
"""


def test_a_service_may_come_and_go_but_not_be_renamed_by_accident():
    after = SERVICE.replace("name: web", "name: other")
    assert findings([SERVICE], [after]) == []
    (found,) = findings([SERVICE], [after], renamed=(DeclaredRename("Service", "web", "other"),))
    assert found.code == "ATM341"
    assert "clients of the old name lose it" in found.message


@pytest.mark.parametrize("spec", ["3", "[a]", "{template: 3, replicas: x}", "{storage: [1], instances: a}", "{}"])
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Cluster", "CronJob", "Service", "Job"])
def test_objects_of_any_shape_are_survived(kind, spec):
    """Whatever a hand edit makes of an object, the plan is made; the checks say what is wrong with it."""
    group = {"Cluster": "postgresql.cnpg.io/v1", "Service": "v1"}.get(kind, "batch/v1" if "Job" in kind else "apps/v1")
    odd = f"{{apiVersion: {group}, kind: {kind}, metadata: {{name: web, namespace: shop}}, spec: {spec}}}"
    good = f"{{apiVersion: {group}, kind: {kind}, metadata: {{name: web, namespace: shop}}, spec: {{a: {{b: c}}}}}}"
    assert told([odd], [good])
    assert told([good], [odd])
    findings([odd], [good])
    findings([good], [odd])
