"""A small Kubernetes client for the lab's tests: plain dicts in and out, over one kept connection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from tests.lab.processes import PATIENCE, wait_until

if TYPE_CHECKING:
    from pathlib import Path

Object = dict[str, Any]
Objects = list[Object]
Condition = Callable[[Object], object]


class ApiError(Exception):
    """The API server's answer when it is not yes: `code`, `reason` and `message` as in its Status object."""

    def __init__(self, code: int, status: Object) -> None:
        self.code = code
        self.status = status
        self.reason = str(status.get("reason", ""))
        self.message = str(status.get("message", ""))
        super().__init__(f"{code} {self.reason}: {self.message}")


class WaitError(Exception):
    """An object did not come to meet a condition in time; the message shows its last status."""


class Kube:
    """Asks one API server. Objects are named by `(apiVersion, kind, name, namespace)`; `""` means not namespaced."""

    def __init__(self, url: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            verify=False,  # noqa: S501  the lab's certificates are made for one run on loopback
            timeout=PATIENCE,
        )
        self._resources: dict[str, dict[str, tuple[str, bool]]] = {}

    def close(self) -> None:
        self.http.close()

    def request(self, method: str, path: str, **options: Any) -> Object:
        response = self.http.request(method, path, **options)
        try:
            body: Object = response.json()
        except ValueError:
            body = {"message": response.text}
        if response.status_code >= 400:
            raise ApiError(response.status_code, body)
        return body

    def path(self, api_version: str, kind: str, name: str = "", namespace: str = "") -> str:
        """The URL path of an object or, without a name, of its collection; `""` as namespace lists them all."""
        plural, namespaced = self._resource(api_version, kind)
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        if namespaced and name and not namespace:
            namespace = "default"
        where = f"/namespaces/{namespace}" if namespaced and namespace else ""
        return f"{base}{where}/{plural}" + (f"/{name}" if name else "")

    def path_of(self, resource: Object, *, named: bool = True) -> str:
        metadata = resource["metadata"]
        path = self.path(resource["apiVersion"], resource["kind"], metadata["name"], metadata.get("namespace", ""))
        return path if named else path.rsplit("/", 1)[0]

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        known = self._resources.get(api_version, {})
        if kind not in known:
            base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            found = self.request("GET", base)["resources"]
            known = {item["kind"]: (item["name"], item["namespaced"]) for item in found if "/" not in item["name"]}
            self._resources[api_version] = known
        if kind not in known:
            raise ApiError(404, {"reason": "NotFound", "message": f"the server serves no {api_version} {kind}"})
        return known[kind]

    def _serves(self, api_version: str, kind: str) -> bool:
        try:
            self._resource(api_version, kind)
        except ApiError as error:
            if error.code != 404:
                raise
            return False
        return True

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Object:
        return self.request("GET", self.path(api_version, kind, name, namespace))

    def find(self, api_version: str, kind: str, name: str, namespace: str = "") -> Object | None:
        """The object, or None when there is none (or its kind is not served yet)."""
        try:
            return self.get(api_version, kind, name, namespace)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, api_version: str, kind: str, namespace: str = "", *, selector: str = "") -> Objects:
        parameters = {"labelSelector": selector} if selector else None
        items: Objects = self.request("GET", self.path(api_version, kind, "", namespace), params=parameters)["items"]
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def create(self, resource: Object, **parameters: str) -> Object:
        return self.request("POST", self.path_of(resource, named=False), json=resource, params=parameters)

    def apply(self, *resources: Object, manager: str = "atmos-lab") -> Objects:
        """Server-side apply, in the order given, taking over fields that others own."""
        return [
            self.request(
                "PATCH",
                self.path_of(resource),
                content=json.dumps(resource),
                params={"fieldManager": manager, "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"},
            )
            for resource in resources
        ]

    def patch(self, resource: Object, change: Object, *, subresource: str = "") -> Object:
        """A JSON merge patch of the object that `resource` names."""
        path = self.path_of(resource) + (f"/{subresource}" if subresource else "")
        headers = {"Content-Type": "application/merge-patch+json"}
        return self.request("PATCH", path, content=json.dumps(change), headers=headers)

    def patch_status(self, resource: Object, status: Object) -> Object:
        """Plays the operator that the lab does not run: merges `status` into the object's status."""
        return self.patch(resource, {"status": status}, subresource="status")

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> None:
        """Deletes with background propagation; an object that is not there is fine."""
        try:
            self.request(
                "DELETE", self.path(api_version, kind, name, namespace), params={"propagationPolicy": "Background"}
            )
        except ApiError as error:
            if error.code != 404:
                raise

    def wait(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str = "",
        *,
        until: Condition,
    ) -> Object:
        """The object, as soon as `until(object)` is true; it may not exist yet. WaitError at the deadline."""
        deadline, last = time.monotonic() + PATIENCE, None
        while True:
            for last in self._states(api_version, kind, name, namespace, deadline):
                if last is not None and until(last):
                    return last
            if time.monotonic() > deadline:
                shown = json.dumps((last or {}).get("status"), indent=1)[:3000] if last else "it does not exist"
                raise WaitError(f"{kind} {namespace}/{name}: not within {PATIENCE:g} s; status: {shown}")

    def _states(
        self, api_version: str, kind: str, name: str, namespace: str, deadline: float
    ) -> Iterator[Object | None]:
        """The object now and at each change, until the server ends the watch or the deadline comes."""
        try:
            collection = self.path(api_version, kind, name, namespace).rsplit("/", 1)[0]
        except ApiError:
            time.sleep(0.2)  # the CRD is not served yet: discovery has no watch
            yield None
            return
        only = {"fieldSelector": f"metadata.name={name}"}
        now = self.request("GET", collection, params=only)
        yield {"apiVersion": api_version, "kind": kind, **now["items"][0]} if now["items"] else None
        left = max(1, min(20, int(deadline - time.monotonic()) + 1))
        watch = {
            **only,
            "watch": "true",
            "resourceVersion": now["metadata"]["resourceVersion"],
            "timeoutSeconds": str(left),
        }
        with self.http.stream("GET", collection, params=watch, timeout=left + 10) as response:
            for line in response.iter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield None if event["type"] == "DELETED" else event["object"]

    def wait_gone(self, api_version: str, kind: str, name: str, namespace: str = "") -> None:
        deadline = time.monotonic() + PATIENCE
        while self.find(api_version, kind, name, namespace) is not None:
            if time.monotonic() > deadline:
                raise WaitError(f"{kind} {namespace}/{name} is still there after {PATIENCE:g} s")
            time.sleep(0.1)

    def namespace(self, name: str, labels: dict[str, str] | None = None) -> str:
        """Creates a namespace and its default service account, without which no pod is admitted."""
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}})
        self.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}})
        return name

    def install_crds(self, *documents: Object) -> None:
        """Applies CustomResourceDefinitions and waits until each is served."""
        self.apply(*documents)
        for document in documents:
            self.wait(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                document["metadata"]["name"],
                until=lambda crd: condition(crd, "Established") == "True",
            )
            # The server lists a kind a moment after it has called it established.
            spec = document["spec"]
            for version in [each["name"] for each in spec["versions"] if each["served"]]:
                api = f"{spec['group']}/{version}"
                kind = spec["names"]["kind"]
                wait_until(lambda api=api, kind=kind: self._serves(api, kind), f"{api} {kind} to be served")


def crds_in(directory: Path) -> list[Object]:
    """The CustomResourceDefinitions in a directory's YAML files."""
    # The pure-Python loader takes seconds for one large CRD.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = (yaml.load_all(path.read_bytes(), loader) for path in sorted(directory.glob("*.yaml")))
    return [
        document
        for file in documents
        for document in file
        if (document or {}).get("kind") == "CustomResourceDefinition"
    ]


def condition(resource: Object, kind: str) -> str:
    """The status of one of `status.conditions`: `True`, `False`, `Unknown`, or `""` when it is not there."""
    for item in (resource.get("status") or {}).get("conditions") or []:
        if item.get("type") == kind:
            return str(item.get("status", ""))
    return ""


def rolled_out(workload: Object) -> bool:
    """True when a Deployment or StatefulSet of this generation has all its pods updated and available."""
    status, wanted = workload.get("status") or {}, workload["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration") == workload["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
    )
