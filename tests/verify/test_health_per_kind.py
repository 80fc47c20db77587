"""Each kind is judged by its own rules; objects are written as the API writes them."""

import pytest

from atmos_cli.engines.registry import health_rules
from atmos_cli.verify.health import aggregate, health
from atmos_cli.verify.seen import Status
from tests.verify.snapshots import cond, names, obj, recorded, snapshot, when

T0 = when("2026-11-23T04:00:00Z")  # `since` of every condition that does not say otherwise
CURRENT, BUSY, FAILED, PAUSED = Status.CURRENT, Status.IN_PROGRESS, Status.FAILED, Status.SUSPENDED
READY, NOT_READY, UNKNOWN = cond("Ready", "True"), cond("Ready", "False", "R", "why"), cond("Ready", "Unknown")


def with_conditions(api, kind, *conditions, spec=None, **status):
    return obj(api, kind, "x", spec or {}, {"conditions": [*conditions], **status}, generation=1)


def job(*conditions, **more):
    return with_conditions("batch/v1", "Job", *conditions, **more)


def hpa(*conditions):
    return with_conditions("autoscaling/v2", "HorizontalPodAutoscaler", *conditions)


def flux(kind, *conditions, observed=1, **spec):
    group = "helm.toolkit.fluxcd.io/v2" if kind == "HelmRelease" else "kustomize.toolkit.fluxcd.io/v1"
    return with_conditions(group, kind, *conditions, spec=spec, observedGeneration=observed)


def cnpg(phase, ready=3, **annotations):
    body = {"phase": phase, "readyInstances": ready, "instances": 3}
    return obj("postgresql.cnpg.io/v1", "Cluster", "db", {"instances": 3}, body, annotations=annotations)


def rollout(phase, **status):
    return obj(
        "argoproj.io/v1alpha1",
        "Rollout",
        "x",
        {"replicas": 1},
        {"observedGeneration": "1", "phase": phase, **status},
        generation=1,
    )


def application(sync, seen, **status):
    return obj(
        "argoproj.io/v1alpha1", "Application", "x", {}, {"sync": {"status": sync}, "health": {"status": seen}, **status}
    )


def route(*conditions, parents=1, kind="HTTPRoute"):
    spec = {"parentRefs": [{"name": f"gw{i}"} for i in range(parents)]}
    seen = [{"parentRef": {"name": "gw0"}, "conditions": [*conditions]}]
    return obj("gateway.networking.k8s.io/v1", kind, "x", spec, {"parents": seen}, generation=2)


def accepted(status="True", resolved="True", observed=2):
    return cond("Accepted", status, observedGeneration=observed), cond(
        "ResolvedRefs", resolved, observedGeneration=observed
    )


CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
PDB, KEDA = ("policy/v1", "PodDisruptionBudget"), ("keda.sh/v1alpha1", "ScaledObject")
CERT, ES = ("cert-manager.io/v1", "Certificate"), ("external-secrets.io/v1", "ExternalSecret")
RUN = ("argoproj.io/v1alpha1", "AnalysisRun")
ABLE, ACTIVE = cond("AbleToScale", "True"), cond("ScalingActive", "True")
NO_METRIC = cond("ScalingActive", "False", "FailedGetResourceMetric")

ROWS = [
    # any kind
    (obj("v1", "ConfigMap", "x", deletionTimestamp="2026-11-23T04:00:00Z"), Status.TERMINATING),
    (obj("v1", "ConfigMap", "x"), CURRENT),
    (with_conditions("x.io/v1", "Thing", READY), CURRENT),
    (with_conditions("x.io/v1", "Thing", NOT_READY), BUSY),
    (with_conditions("x.io/v1", "Thing", UNKNOWN), BUSY),
    (with_conditions("x.io/v1", "Thing", cond("Ready", "True", observedGeneration=0)), BUSY),
    (with_conditions("x.io/v1", "Thing", READY, observedGeneration=0), BUSY),
    (with_conditions("x.io/v1", "Thing", READY, cond("Reconciling", "True")), BUSY),
    (with_conditions("x.io/v1", "Thing", cond("Stalled", "True")), FAILED),
    (obj("x.io/v1", "Thing", "x", status={"a": 1}, creationTimestamp="2026-11-23T04:01:55Z"), BUSY),
    (obj("x.io/v1", "Thing", "x", status={"a": 1}, creationTimestamp="2026-11-23T04:01:45Z"), CURRENT),
    # built in
    (obj("apps/v1", "Deployment", "x", {"replicas": 1}, {}, generation=1), BUSY),
    (obj("apps/v1", "ReplicaSet", "x", {"replicas": 1}, {"observedGeneration": 1, "replicas": 1, "fullyLabeledReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}, generation=1), CURRENT),
    (obj("apps/v1", "ReplicaSet", "x", {"replicas": 2}, {"observedGeneration": 1, "replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 1, "availableReplicas": 1}, generation=1), BUSY),
    (obj("apps/v1", "ReplicaSet", "x", {"replicas": 0}, {"observedGeneration": 1, "replicas": 1}, generation=1), BUSY),
    (with_conditions("apps/v1", "ReplicaSet", cond("ReplicaFailure", "True", "FailedCreate", "exceeded quota: q"), observedGeneration=1), FAILED),
    (obj("v1", "Pod", "x", {}, {"phase": "Failed", "reason": "Error"}), FAILED),
    (obj("v1", "Pod", "x", {}, {"phase": "Succeeded"}), CURRENT),
    (obj("v1", "Pod", "x", {}, {"phase": "Running", "conditions": [READY]}), CURRENT),
    (obj("v1", "Pod", "x", {}, {"phase": "Pending"}), BUSY),
    (job(startTime="2026-11-23T04:00:00Z", active=1), BUSY),
    (job(cond("Complete", "True")), CURRENT),
    (job(cond("SuccessCriteriaMet", "True")), CURRENT),
    (job(cond("Failed", "True", "BackoffLimitExceeded")), FAILED),
    (job(cond("Suspended", "True"), spec={"suspend": True}), PAUSED),
    (job(cond("Suspended", "False"), active=1), BUSY),
    (obj("batch/v1", "CronJob", "x", {"suspend": True}, {}), CURRENT),
    (hpa(ABLE, ACTIVE), CURRENT),
    (hpa(ABLE, cond("ScalingActive", "False", "ScalingDisabled")), CURRENT),
    (hpa(ABLE, {**NO_METRIC, "lastTransitionTime": "2026-11-23T03:58:00Z"}), FAILED),
    (hpa(ABLE, NO_METRIC), BUSY),
    (hpa(), BUSY),
    (with_conditions(*PDB, cond("DisruptionAllowed", "True"), observedGeneration=1, disruptionsAllowed=1), CURRENT),
    (with_conditions(*PDB, cond("DisruptionAllowed", "False", "InsufficientPods"), observedGeneration=1, disruptionsAllowed=0, expectedPods=1), CURRENT),
    (with_conditions(*PDB, cond("DisruptionAllowed", "False", "SyncFailed"), observedGeneration=1, disruptionsAllowed=0), FAILED),
    (with_conditions(*PDB), BUSY),
    (obj("v1", "PersistentVolumeClaim", "x", {}, {"phase": "Bound"}), CURRENT),
    (obj("v1", "PersistentVolumeClaim", "x", {}, {"phase": "Pending"}), BUSY),
    (obj("v1", "PersistentVolumeClaim", "x", {}, {"phase": "Lost"}), FAILED),
    (obj("v1", "Service", "x", {"type": "LoadBalancer"}, {"loadBalancer": {}}), BUSY),
    (obj("v1", "Service", "x", {"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}), CURRENT),
    (obj("v1", "Service", "x", {"type": "ExternalName"}), CURRENT),
    (obj("networking.k8s.io/v1", "Ingress", "x", {}, {}, creationTimestamp="2026-11-23T04:01:30Z"), BUSY),
    (obj("networking.k8s.io/v1", "Ingress", "x", {}, {}, creationTimestamp="2026-11-23T04:00:59Z"), CURRENT),
    (obj("networking.k8s.io/v1", "Ingress", "x", {}, {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}), CURRENT),
    (with_conditions(*CRD, cond("Established", "True"), cond("NamesAccepted", "True")), CURRENT),
    (with_conditions(*CRD, cond("NamesAccepted", "False", "Conflict")), FAILED),
    (with_conditions(*CRD, cond("Established", "False", "Installing"), cond("NamesAccepted", "True")), BUSY),
    # Gateway API
    (route(*accepted()), CURRENT),
    (route(*accepted("False")), FAILED),
    (route(*accepted("True", "False")), FAILED),
    (route(*accepted(observed=1)), BUSY),
    (route(*accepted(), parents=2), BUSY),
    (route(*accepted(), kind="GRPCRoute"), CURRENT),
    (obj("gateway.networking.k8s.io/v1", "HTTPRoute", "x", {}, {}), BUSY),
    (with_conditions("gateway.networking.k8s.io/v1", "Gateway", cond("Accepted", "True"), cond("Programmed", "False")), BUSY),
    (with_conditions("gateway.networking.k8s.io/v1", "Gateway", cond("Accepted", "False", "Invalid")), FAILED),
    (with_conditions("gateway.networking.k8s.io/v1", "Gateway", cond("Accepted", "True"), cond("Programmed", "True")), CURRENT),
    # operators
    (with_conditions(*CERT, cond("Issuing", "True"), NOT_READY), BUSY),
    (with_conditions(*CERT, NOT_READY), FAILED),
    (with_conditions(*CERT, READY), CURRENT),
    (with_conditions(*ES, READY), CURRENT),
    (with_conditions(*ES, NOT_READY), FAILED),
    (with_conditions(*ES, {**NOT_READY, "lastTransitionTime": "2026-11-23T04:01:30Z"}), BUSY),
    (with_conditions(*ES), BUSY),
    (cnpg("Cluster in healthy state"), CURRENT),
    (cnpg("Cluster in healthy state", ready=2), BUSY),
    (cnpg("Setting up primary", ready=0), BUSY),
    (cnpg("Failing over"), BUSY),
    (cnpg("Cluster is unrecoverable and needs manual intervention"), FAILED),
    (cnpg("Unable to create required cluster objects"), FAILED),
    (cnpg("Cluster in healthy state", **{"cnpg.io/hibernation": "on"}), PAUSED),
    (cnpg("Failing over", **{"cnpg.io/reconciliationLoop": "disabled"}), PAUSED),
    (with_conditions(*KEDA, READY, cond("Fallback", "False")), CURRENT),
    (with_conditions(*KEDA, READY, cond("Fallback", "True")), FAILED),
    (with_conditions(*KEDA, NOT_READY), FAILED),
    (with_conditions(*KEDA, READY, cond("Paused", "True")), PAUSED),
    # engines
    (flux("Kustomization", READY), CURRENT),
    (flux("Kustomization", NOT_READY), FAILED),
    (flux("Kustomization", NOT_READY, cond("Reconciling", "True")), BUSY),
    (flux("Kustomization", cond("Ready", "False", "DependencyNotReady")), BUSY),
    (flux("Kustomization", READY, suspend=True), PAUSED),
    (flux("Kustomization", READY, observed=-1), BUSY),
    (flux("Kustomization", cond("Stalled", "True", "AccessDenied"), NOT_READY, observed=-1), FAILED),
    (flux("HelmRelease", READY), CURRENT),
    (flux("HelmRelease", cond("Ready", "False", "UpgradeFailed"), cond("Remediated", "True")), FAILED),
    (flux("HelmRelease", cond("Stalled", "True", "RetriesExceeded")), FAILED),
    (application("Synced", "Healthy"), CURRENT),
    (application("Synced", "Degraded"), FAILED),
    (application("Synced", "Suspended"), PAUSED),
    (application("Synced", "Progressing"), BUSY),
    (application("OutOfSync", "Healthy"), BUSY),
    (application("Unknown", "Healthy", conditions=[{"type": "ComparisonError", "message": "m"}]), FAILED),
    (application("Unknown", "Unknown"), Status.UNKNOWN),
    # progressive delivery
    (rollout("Healthy"), CURRENT),
    (rollout("Degraded"), FAILED),
    (rollout("Healthy", abort=True), FAILED),
    (rollout("Paused"), PAUSED),
    (rollout("Progressing"), BUSY),
    (rollout("Healthy", observedGeneration="0"), BUSY),
    (obj("flagger.app/v1beta1", "Canary", "x", {}, {"phase": "Succeeded"}), CURRENT),
    (obj("flagger.app/v1beta1", "Canary", "x", {}, {"phase": "Failed"}), FAILED),
    (obj("flagger.app/v1beta1", "Canary", "x", {}, {"phase": "WaitingPromotion"}), BUSY),
    (obj(*RUN, "x", {}, {"phase": "Successful", "metricResults": [{"name": "m", "count": 3}]}), CURRENT),
    (obj(*RUN, "x", {}, {"phase": "Successful"}), Status.UNKNOWN),
    (obj(*RUN, "x", {}, {"phase": "Inconclusive"}), Status.UNKNOWN),
    (obj(*RUN, "x", {}, {"phase": "Error"}), FAILED),
]  # fmt: skip


@pytest.mark.parametrize(("resource", "expected"), ROWS, ids=[f"{i}-{r['kind']}-{s}" for i, (r, s) in enumerate(ROWS)])
def test_each_row_of_the_table(resource, expected):
    found = health(resource, snapshot=snapshot(objects=[resource]), now=T0 + 120, rules=health_rules())
    assert found.status is expected, found
    assert found.message or expected is CURRENT or expected is Status.UNKNOWN


def judged(resource, *others, events=(), now=T0 + 120):
    return health(
        resource, snapshot=snapshot(objects=[resource, *others], events=events), now=now, rules=health_rules()
    )


def endpoints(service, *ready):
    found = obj("discovery.k8s.io/v1", "EndpointSlice", "s-1", labels={"kubernetes.io/service-name": service})
    return found | {"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": is_ready}} for is_ready in ready]}


def test_a_service_needs_a_ready_pod_unless_what_it_selects_is_scaled_to_zero():
    service = obj("v1", "Service", "web", {"selector": {"app": "web"}})
    assert judged(service, endpoints("web", False, True)).status is CURRENT
    found = judged(service, endpoints("web", False))
    assert (found.status, found.message) == (BUSY, "selects 0 ready pods")
    template = {"metadata": {"labels": {"app": "web", "x": "y"}}}
    nothing = obj("apps/v1", "Deployment", "web", {"replicas": 0, "template": template})
    assert judged(service, endpoints("web"), nothing).code == "zero-replicas"
    assert judged(service, endpoints("other", True)).status is BUSY
    assert judged(service).status is CURRENT  # no EndpointSlice at all was seen: nothing can be said against it


def test_an_ingress_whose_service_lacks_the_port_fails():
    backend = {"service": {"name": "web", "port": {"number": 8080}}}
    ingress = obj("networking.k8s.io/v1", "Ingress", "x", {"rules": [{"http": {"paths": [{"backend": backend}]}}]})
    service = obj("v1", "Service", "web", {"ports": [{"port": 80, "name": "http"}]})
    found = judged(ingress, service)
    assert (found.status, found.message) == (FAILED, "Service web has no port 8080")
    backend["service"]["port"] = {"name": "http"}
    assert judged(ingress, service).status is CURRENT


def test_a_claim_that_waits_for_its_first_pod_is_good_and_one_without_class_is_not():
    claim = obj("v1", "PersistentVolumeClaim", "data", {"storageClassName": "late"}, {"phase": "Pending"})
    late = obj("storage.k8s.io/v1", "StorageClass", "late", namespace="") | {
        "volumeBindingMode": "WaitForFirstConsumer"
    }
    assert judged(claim, late).status is CURRENT
    user = obj("v1", "Pod", "p", {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]})
    assert judged(claim, late, user).status is BUSY
    about = {"kind": "PersistentVolumeClaim", "name": "data", "namespace": "shop-dev"}
    words = 'storageclass.storage.k8s.io "late" not found'
    event = obj("v1", "Event", "e") | {"involvedObject": about, "reason": "ProvisioningFailed", "message": words}
    assert judged(claim, events=[event]).code == "storage-class-missing"


def test_a_cron_job_whose_last_run_failed_is_good_and_says_so():
    status = {"lastScheduleTime": "2026-11-23T04:00:00Z", "lastSuccessfulTime": "2026-11-23T03:00:00Z"}
    found = judged(obj("batch/v1", "CronJob", "x", {}, status))
    assert (found.status, found.code) == (CURRENT, "last-run-failed")


def test_a_rollout_that_refers_to_a_deployment_has_to_have_seen_its_spec():
    found = rollout("Healthy", workloadObservedGeneration="3")
    found["spec"]["workloadRef"] = {"kind": "Deployment", "name": "x"}
    found["metadata"]["annotations"] = {"rollout.argoproj.io/workload-generation": "4"}
    assert judged(found).status is BUSY


def test_words_of_a_cluster_become_one_safe_line():
    found = judged(flux("Kustomization", cond("Ready", "False", "R", "bad\x1b[31m\r\nthing\u202e " + "x" * 5000)))
    assert found.message.startswith("bad [31m thing x")
    assert len(found.message) == 600


@pytest.mark.parametrize("name", [n for n in names() if not n.startswith("k8s_")])
def test_recorded_objects_of_the_engines_are_judged(name):
    expected = {
        "flux_ks_suspended_ready_true": PAUSED, "argo_app_paused_deployment_suspended": PAUSED,
        "flux_gitrepository_failed": BUSY, "flux_ks_stalled_access_denied": FAILED, "argo_root_degraded_appset": FAILED,
        "argo_appset_project_not_found": FAILED, "argo_app_live_healthy": CURRENT, "flux_hr_live": CURRENT,
        "argo_app_syncing_health_is_old": BUSY, "argo_app_sync_failing_retrying": FAILED, "flux_hr_install_failed": BUSY,
        "flux_ks_live_healthy": CURRENT, "flux_gitrepository_ready": CURRENT, "flux_ks_rolling": BUSY,
    }  # fmt: skip
    found = judged(recorded(name))
    assert found.status is expected.get(name, found.status), found


def test_the_worst_decides_and_nothing_is_unknown():
    assert aggregate([CURRENT, BUSY, FAILED]) is FAILED
    assert aggregate([CURRENT, Status.UNKNOWN, BUSY]) is Status.UNKNOWN
    assert aggregate([CURRENT, CURRENT]) is CURRENT
    assert aggregate([CURRENT, PAUSED]) is PAUSED
    assert aggregate([PAUSED, BUSY]) is BUSY
    assert aggregate([]) is Status.UNKNOWN
