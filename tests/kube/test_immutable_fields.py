"""The table of what may not change: beside the bundled CRDs' own rules, and in the cases that people meet."""

import json
from pathlib import Path

import pytest

from atmos_cli.kube.differences import first_difference
from atmos_cli.kube.immutable import FIXED, refused
from atmos_cli.kube.operators import OPERATED
from atmos_cli.yamlio.load import load

FACTS = Path(__file__).parents[2] / "scripts" / "crds"


def transition_rules(schema, definitions, path=(), within=()):
    """Each place of a schema with a rule on its old value."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        if name not in within:
            yield from transition_rules(definitions[name], definitions, path, (*within, name))
        return
    for rule in schema.get("x-kubernetes-validations") or ():
        if "oldSelf" in rule["rule"]:
            named = rule["rule"] == "self.name == oldSelf.name"
            yield (*path, "name") if named else path
    for name, below in (schema.get("properties") or {}).items():
        yield from transition_rules(below, definitions, (*path, name), within)


def rules_of_bundled_crds():
    found = {}
    for file in sorted(FACTS.glob("*.json")):
        facts = json.loads(file.read_text())
        for entry in facts["kinds"]:
            for version in entry["versions"]:
                for path in transition_rules(version.get("schema", {}), facts["$defs"]):
                    found.setdefault((entry["group"], entry["kind"]), set()).add(path)
    return found


def test_every_transition_rule_of_the_bundled_crds_is_in_the_table():
    rules = rules_of_bundled_crds()
    assert len(rules) >= 5
    mine = {kind: {row.path for row in rows} for kind, rows in FIXED.items()}
    mine |= {kind: set(row.fixed) for kind, row in OPERATED.items()}
    assert {kind: paths - mine.get(kind, set()) for kind, paths in rules.items() if paths - mine.get(kind, set())} == {}


def obj(text):
    return load(text.encode())


TABLESPACES = "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {tablespaces: [%s]}}"
CASES = [
    (
        "Deployment",
        "{apiVersion: apps/v1, kind: Deployment, spec: {selector: {matchLabels: {a: b}}}}",
        "{apiVersion: apps/v1, kind: Deployment, spec: {selector: {matchLabels: {a: c}}}}",
        "spec.selector.matchLabels.a b → c is immutable",
    ),
    (
        "size as other unit",
        "{apiVersion: v1, kind: PersistentVolumeClaim, spec: {resources: {requests: {storage: 1Gi}}}}",
        "{apiVersion: v1, kind: PersistentVolumeClaim, spec: {resources: {requests: {storage: 1024Mi}}}}",
        "",
    ),
    (
        "smaller",
        "{apiVersion: v1, kind: PersistentVolumeClaim, spec: {resources: {requests: {storage: 1Gi}}}}",
        "{apiVersion: v1, kind: PersistentVolumeClaim, spec: {resources: {requests: {storage: 1023Mi}}}}",
        "spec.resources.requests.storage 1Gi → 1023Mi may only grow",
    ),
    (
        "database",
        "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {storage: {size: 2Gi}, walStorage: {size: 1Gi}}}",
        "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, spec: {storage: {size: 1Gi}}}",
        "spec.storage.size 2Gi → 1Gi may only grow; spec.walStorage is gone may not be removed",
    ),
    (
        "tablespaces by name",
        TABLESPACES % "{name: a, storage: {size: 2Gi}}, {name: b, storage: {size: 1Gi}}",
        TABLESPACES % "{name: b, storage: {size: 1Gi}}, {name: a, storage: {size: 1Gi}}",
        "spec.tablespaces[1].storage.size 2Gi → 1Gi may only grow",
    ),
    (
        "recreate",
        "{apiVersion: apps/v1, kind: Deployment, spec: {}}",
        "{apiVersion: apps/v1, kind: Deployment, spec: {strategy: {type: Recreate}}}",
        "spec.strategy.type RollingUpdate → Recreate keeps the defaults of a rolling update",
    ),
    (
        "on delete, with what 1.37 fills in",
        "{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {rollingUpdate: {partition: 1}}}}",
        "{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {type: OnDelete, rollingUpdate: null}}}",
        "spec.updateStrategy.type RollingUpdate → OnDelete keeps the defaults of a rolling update",
    ),
    (
        "on delete, with nothing left of it",
        "{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {rollingUpdate: {partition: 1}}}}",
        "{apiVersion: apps/v1, kind: StatefulSet, spec: {updateStrategy: {type: OnDelete}}}",
        "",
    ),
    ("of any shape", "{apiVersion: v1, kind: Service, spec: 3}", "{apiVersion: v1, kind: Service, spec: [a]}", ""),
    ("of no kind", "{kind: [1]}", "{kind: 3, spec: {storage: x}}", ""),
]


@pytest.mark.parametrize(("before", "after", "said"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_refusals_name_the_field(before, after, said):
    found = refused(obj(before), obj(after))
    assert "; ".join(f"{each.field} {each.why}" for each in found) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "{containers: [{name: a, image: 'b:1'}]}",
            "{restartPolicy: Always, containers: [{name: a, image: 'b:1'}]}",
            "",
        ),
        ("{containers: [{name: a, image: b}]}", "{containers: [{name: a, image: b, imagePullPolicy: Always}]}", ""),
        (
            "{containers: [{name: a, image: 'b:1'}]}",
            "{containers: [{name: a, image: 'b:1', imagePullPolicy: Always}]}",
            "containers[a].imagePullPolicy Always",
        ),
        (
            "{containers: [{name: a, resources: {limits: {cpu: 100m}}}]}",
            "{containers: [{name: a, resources: {limits: {cpu: 0.1}}}]}",
            "",
        ),
        (
            "{containers: [{name: a, env: [{name: A, value: x}, {name: B, value: y}]}]}",
            "{containers: [{name: a, env: [{name: B, value: y}, {name: A, value: x}]}]}",
            "the order of containers[a].env differs",
        ),
        ("{containers: [{name: a}]}", "{containers: [{name: a}, {name: b}]}", "containers[b] is new"),
        (
            "{containers: [{name: a, livenessProbe: {httpGet: {port: 80}}}]}",
            "{containers: [{name: a, livenessProbe: {periodSeconds: 10, httpGet: {port: 80, scheme: HTTP}}}]}",
            "",
        ),
    ],
)
def test_written_defaults_are_no_difference(before, after, said):
    found = first_difference(obj(before), obj(after))
    assert str(found or "") == said
