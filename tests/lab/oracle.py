"""Asks a real API server whether it would take an object, without keeping anything."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from tests.lab.kube import Kube, Object

STRICT = {"dryRun": "All", "fieldValidation": "Strict"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`message` is the server's own, `""` when accepted; `warnings` are what kubectl would print."""

    accepted: bool
    code: int
    message: str
    causes: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


class Oracle:
    """Two questions per object, over one kept connection: 100 to 200 objects a second.

    The namespace of an object must exist on the server, and its CRD be installed.
    """

    def __init__(self, kube: Kube) -> None:
        self.kube = kube

    def create(self, resource: Object) -> Verdict:
        """Would `kubectl create` be accepted? An object of that name that exists already is a no."""
        return self._ask("POST", self.kube.path_of(resource, named=False), resource, STRICT, "application/json")

    def apply(self, resource: Object, *, manager: str = "oracle") -> Verdict:
        """Would server-side apply be accepted, as Flux always and Argo CD by option asks it?

        Schema errors come as status 500 here: that is the server's final no, not a fault of the moment.
        """
        parameters = {**STRICT, "fieldManager": manager, "force": "true"}
        return self._ask("PATCH", self.kube.path_of(resource), resource, parameters, "application/apply-patch+yaml")

    def ask(self, resource: Object) -> Verdict:
        """Accepted when both create and apply are; else the first no."""
        created = self.create(resource)
        if not created.accepted:
            return created
        applied = self.apply(resource)
        return replace(applied, warnings=tuple(dict.fromkeys(created.warnings + applied.warnings)))

    def ask_pod(self, template: Object, namespace: str, *, name: str = "oracle-pod") -> Verdict:
        """Would a pod of this template (`{metadata, spec}`) be admitted: Pod Security, quota and limit range decide here,
        while the workload around it is always accepted.
        """
        metadata = {**(template.get("metadata") or {}), "name": name, "namespace": namespace}
        return self.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})

    def _ask(self, method: str, path: str, resource: Object, parameters: dict[str, str], content_type: str) -> Verdict:
        response = self.kube.http.request(
            method, path, content=json.dumps(resource), params=parameters, headers={"Content-Type": content_type}
        )
        return _verdict(response)


def _verdict(response: httpx.Response) -> Verdict:
    # A warning header reads: 299 - "text"
    warnings = tuple(
        value.split('"', 1)[1].rsplit('"', 1)[0].replace('\\"', '"')
        for value in response.headers.get_list("warning")
        if '"' in value
    )
    if response.status_code < 300:
        return Verdict(accepted=True, code=response.status_code, message="", warnings=warnings)
    status: dict[str, Any] = response.json()
    causes = (status.get("details") or {}).get("causes") or []
    return Verdict(
        accepted=False,
        code=response.status_code,
        message=status.get("message", ""),
        causes=tuple((cause.get("field", ""), cause.get("message", "")) for cause in causes),
        warnings=warnings,
    )
