"""The logs and further objects that a diagnosis could use, so that evidence is collected once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.diagnosis.workload import pods_of, workload_of
from atmos_cli.verify.masking import plain_text
from atmos_cli.verify.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.workload import Container, SeenPod
    from atmos_cli.verify.seen import ClusterSnapshot, Rollout

MOST_LOGS = 10
_ALWAYS = (
    ("v1", "Service", True),
    ("discovery.k8s.io/v1", "EndpointSlice", True),
    ("networking.k8s.io/v1", "NetworkPolicy", True),
    ("batch/v1", "Job", True),
    ("autoscaling/v2", "HorizontalPodAutoscaler", True),
    ("cert-manager.io/v1", "Certificate", True),
)
_VOLUMES = (("v1", "PersistentVolumeClaim", True), ("storage.k8s.io/v1", "StorageClass", False))
_REFERENCES = (
    ("v1", "ConfigMap", True),
    ("external-secrets.io/v1", "ExternalSecret", True),
    ("bitnami.com/v1alpha1", "SealedSecret", True),
)
_NODES = (("v1", "Node", False),)


def needs(snapshot: ClusterSnapshot, rollout: Rollout | None) -> tuple[tuple[str, str, bool], ...]:
    """Return (pod, container, previous run?) of at most 10 logs that a diagnosis could use.

    First of what ended, then of what is not ready, then of an old pod, for comparison, and of new ones that serve.
    """
    pods = _pods(snapshot, rollout)
    wanted = [*_ended(pods), *_waiting(pods), *_serving(pods)]
    return tuple(dict.fromkeys(wanted))[:MOST_LOGS]


def wants(snapshot: ClusterSnapshot) -> tuple[tuple[str, str, bool], ...]:
    """Return (apiVersion, kind, namespaced?) of the lists that the rules could use; never Secrets."""
    pods = [pod for pod in _pods(snapshot, None) if pod.new]
    waiting = {c.waiting for pod in pods for c in pod.containers}
    found = list(_ALWAYS)
    if any(not pod.node for pod in pods):
        found += [*_VOLUMES, *_NODES]
    if waiting & {"CreateContainerConfigError", "ContainerCreating", "CrashLoopBackOff"}:
        found += _REFERENCES
    if waiting & {"ErrImagePull", "ImagePullBackOff", "CrashLoopBackOff", "RunContainerError"}:
        found += _NODES
    return tuple(dict.fromkeys(found))


def _pods(snapshot: ClusterSnapshot, rollout: Rollout | None) -> tuple[SeenPod, ...]:
    objects = [o for o in snapshot.objects if isinstance(o, dict)]
    wanted = [o for o in snapshot.wanted if isinstance(o, dict)]
    names = [plain_text(o, "metadata", "name") for o in (*wanted, *objects) if plain_text(o, "kind") in _ROLLING]
    failing = [each.object.name for each in rollout.failures if each.object.kind in _ROLLING] if rollout else []
    target = Target(
        team="",
        service="",
        environment="",
        cluster="",
        namespace="",
        engine="",
        workload=next(iter([*failing, *names]), ""),
    )
    return pods_of(objects, workload_of(objects, target), target)


_ROLLING = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")


def _ended(pods: tuple[SeenPod, ...]) -> Iterator[tuple[str, str, bool]]:
    ended = [c for pod in pods if pod.new for c in pod.containers if c.ends]
    for container in sorted(ended, key=lambda c: not c.crashing)[:3]:
        yield container.pod, container.name, container.restarts > 0
        if container.restarts:
            yield container.pod, container.name, False


def _waiting(pods: tuple[SeenPod, ...]) -> Iterator[tuple[str, str, bool]]:
    unready = [c for pod in pods if pod.new and not pod.ready for c in pod.containers if c.running or c.ends]
    for container in unready[:3]:
        yield container.pod, container.name, False


def _serving(pods: tuple[SeenPod, ...]) -> Iterator[tuple[str, str, bool]]:
    for new, most in ((False, 1), (True, 2)):
        serving = [pod for pod in pods if pod.new is new and pod.ready]
        for pod in serving[:most]:
            for container in _main(pod):
                yield container.pod, container.name, False


def _main(pod: SeenPod) -> list[Container]:
    return [c for c in pod.containers if not c.init and c.running][:2]
