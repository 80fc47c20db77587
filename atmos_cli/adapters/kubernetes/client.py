"""One API server as one user sees it: get, list, logs and annotate, bounded in time and size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from atmos_cli.adapters.deadline import Deadline
from atmos_cli.adapters.http import UnusableError, parsed
from atmos_cli.adapters.kubernetes.discovery import Discovery, ServedKind
from atmos_cli.adapters.kubernetes.objects import key_of, slim, version_of
from atmos_cli.adapters.kubernetes.transport import Transport
from atmos_cli.diagnostics import Code, fail
from atmos_cli.verify.masking import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.adapters.kubernetes.kubeconfig import Access
    from atmos_cli.diagnostics import AtmosError

Object = dict[str, Any]
Objects = list[Object]

PAGE = 500
MAX_OBJECTS = 200_000
LIST_SECONDS = 300.0  # for all pages of one list
MAX_LINE = 4096
LOG_BYTES = 1 << 20
SERVER = "a Kubernetes API server"
_LISTINGS = 3
_NO_LOG = frozenset({400, 404, 500, 502, 503})  # not started yet, gone, or on a node that cannot be reached
_GONE = frozenset({404, 410})


class ExpiredError(Exception):
    """The place in a list or a watch is older than what the server remembers: begin again."""


class ClusterClient:
    """`ports.ClusterApi` over HTTP. `name` is what messages call it. Close it, or use it in a `with`.

    Secrets come without their values. Nothing is asked before the first question.
    """

    def __init__(self, access: Access, *, name: str = "", **options: Any) -> None:
        self.transport = Transport(access, name=name or f"cluster `{access.context}`", **options)
        self._discovery = Discovery(self.transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()

    def find(self, api_version: str, kind: str) -> ServedKind | None:
        """Return where a kind is served; None when it is not."""
        return self._discovery.find(api_version, kind)

    def version(self) -> str:
        """Return the server's own version, such as `v1.34.1-gke.3720000`; empty when it does not say."""
        reply = self.transport.ask("GET", "/version", doing="get its version")
        try:
            found = parsed(reply.data, server=SERVER).get("gitVersion")
        except UnusableError as error:
            raise self.transport.unreachable(error) from None
        return found if isinstance(found, str) else ""

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        found = self.find(api_version, kind)
        if found is None or not name:
            return None
        path = found.path(namespace=namespace or ("default" if found.namespaced else ""), name=name)
        reply = self.transport.ask("GET", path, doing=f"get {found.words(namespace)}")
        value = self.value(reply.data)
        if reply.status == 404:
            return None
        return slim({**value, "apiVersion": api_version, "kind": kind})

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", selector: str = ""
    ) -> tuple[dict[str, Any], ...]:
        for _ in range(_LISTINGS):
            try:
                pages = self.pages(api_version, kind, namespace=namespace, selector=selector)
                return tuple(sorted((item for page, _ in pages for item in page), key=key_of))
            except ExpiredError:
                continue
        raise self.unusable(f"it changes faster than its {kind} can be listed")

    def pages(
        self, api_version: str, kind: str, *, namespace: str = "", selector: str = ""
    ) -> Iterator[tuple[Objects, str]]:
        """Yield (objects, resourceVersion of the list), page by page; nothing for a kind that is not served.

        Raises ExpiredError when the server lost the place, and a list has to begin again.
        """
        found = self.find(api_version, kind)
        if found is None:
            return
        path, doing = found.path(namespace=namespace), f"list {found.words(namespace)}"
        params, count = {"limit": str(PAGE), **({"labelSelector": selector} if selector else {})}, 0
        deadline = Deadline(LIST_SECONDS)
        while True:
            reply = self.transport.ask("GET", path, doing=doing, params=params, expected=_GONE)
            value = self.value(reply.data)
            if reply.status == 410:
                raise ExpiredError
            if reply.status == 404:
                return
            items = self._items(value, api_version, kind)
            yield items, version_of(value)
            count += len(items)
            if count > MAX_OBJECTS:
                raise self.unusable(f"it lists more than {MAX_OBJECTS:,} {found.plural}")
            metadata = value.get("metadata")
            token = metadata.get("continue") if isinstance(metadata, dict) else ""
            if not isinstance(token, str) or not token:
                return
            if not deadline.left():  # pages may be empty, so counting ends nothing
                raise self.unusable(f"its list of {found.plural} takes more than {LIST_SECONDS:g} seconds")
            params = {**params, "continue": token}

    def logs(self, pod: str, container: str, *, namespace: str, previous: bool, lines: int) -> tuple[str, ...]:
        params = {"container": container, "tailLines": str(lines), "limitBytes": str(LOG_BYTES)}
        if previous:
            params["previous"] = "true"
        path = ServedKind("/api/v1", "pods", namespaced=True).path(namespace=namespace, name=pod) + "/log"
        doing = f"get pods/log in {namespace}"
        reply = self.transport.ask("GET", path, doing=doing, params=params, expected=_NO_LOG, attempts=1)
        if reply.status != 200:
            return ()
        text = reply.data.decode("utf-8", "replace").rstrip("\r\n")
        return tuple(plain(line[:MAX_LINE]) for line in text.split("\n")[-lines:]) if text else ()

    def annotate(
        self,
        api_version: str,
        kind: str,
        name: str,
        *,
        namespace: str,
        annotations: Mapping[str, str],
        manager: str = "atmos-cli",
    ) -> None:
        found = self.find(api_version, kind)
        doing = f"patch {found.words(namespace) if found else kind}"
        status = 404
        if found is not None:
            reply = self.transport.ask(
                "PATCH",
                found.path(namespace=namespace, name=name),
                doing=doing,
                params={"fieldManager": manager},
                content=json.dumps({"metadata": {"annotations": dict(annotations)}}).encode(),
                kind="application/merge-patch+json",
            )
            status = reply.status
        if status == 404:
            where = f" in namespace `{namespace}`" if namespace else ""
            message = f"{self.transport.name} has no {kind} `{name}`{where}, so it cannot be annotated"
            raise fail(
                Code.CLUSTER_UNREACHABLE, message, hint="did the engine remove it? `atmos tree` shows what is there"
            )

    def value(self, data: bytes) -> dict[str, Any]:
        """Return the object in an answer. Raises ATM811 for what no API server would send."""
        try:
            found = parsed(data, server=SERVER)
        except UnusableError as error:
            raise self.transport.unreachable(error) from None
        if "kind" not in found or "apiVersion" not in found:
            raise self.unusable(f"it does not answer as {SERVER} does")
        return found

    def unusable(self, why: str) -> AtmosError:
        return self.transport.unreachable(UnusableError(why))

    def _items(self, value: dict[str, Any], api_version: str, kind: str) -> Objects:
        items = value.get("items")
        if not isinstance(items, list | None) or not all(isinstance(item, dict) for item in items or ()):
            raise self.unusable(f"it does not answer as {SERVER} does")
        return [slim({**item, "apiVersion": api_version, "kind": kind}) for item in items or ()]
