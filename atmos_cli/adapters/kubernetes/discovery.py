"""Finds which path on the API server belongs to a kind."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from atmos_cli.adapters.http import UnusableError, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.adapters.kubernetes.transport import Transport

ASK_AGAIN_SECONDS = 30.0  # a kind that is not served may be installed while we watch
MAX_KINDS = 5000


@dataclass(frozen=True, slots=True)
class ServedKind:
    """Where the objects of a kind are: `base` is `/apis/apps/v1`, `plural` is `deployments`."""

    base: str
    plural: str
    namespaced: bool

    def path(self, *, namespace: str = "", name: str = "") -> str:
        """Return the path of one object, or of all in a namespace, or of all."""
        where = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{self.base}{where}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")

    def words(self, namespace: str) -> str:
        """Describe the objects as `kubectl auth can-i` takes them: `deployments.apps in shop`."""
        group = self.base.split("/")[2] if self.base.startswith("/apis/") else ""
        place = f" in {namespace}" if self.namespaced and namespace else ""
        return f"{self.plural}{f'.{group}' if group else ''}{place}"


class Discovery:
    """Asks once per API version, also from many threads; a kind that was missing is asked for again after a while."""

    def __init__(self, transport: Transport, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Mapping[str, ServedKind]]] = {}
        self._asking: dict[str, threading.Lock] = {}

    def find(self, api_version: str, kind: str) -> ServedKind | None:
        """Return where a kind is served; None when the server does not serve it. Raises ATM811."""
        with self._asking.setdefault(api_version, threading.Lock()):
            at, kinds = self._known.get(api_version, (0.0, {}))
            if kind not in kinds and (api_version not in self._known or self._monotonic() - at > ASK_AGAIN_SECONDS):
                kinds = self._ask(api_version)
                self._known[api_version] = (self._monotonic(), kinds)
            return kinds.get(kind)

    def _ask(self, api_version: str) -> Mapping[str, ServedKind]:
        base = "/apis/" if "/" in api_version else "/api/"
        base += "/".join(quote(part, safe="") for part in api_version.split("/"))
        reply = self._transport.ask("GET", base, doing=f"get the kinds of {api_version}")
        if reply.status == 404:
            self._must_serve_v1(api_version)
            return {}
        try:
            listed = parsed(reply.data, server="a Kubernetes API server").get("resources")
            if not isinstance(listed, list):
                raise UnusableError("it does not answer as a Kubernetes API server does")  # noqa: TRY301
        except UnusableError as error:
            raise self._transport.unreachable(error) from None
        found = {}
        for item in listed[:MAX_KINDS]:
            if isinstance(item, dict) and isinstance(item.get("name"), str) and isinstance(item.get("kind"), str):
                name = item["name"]
                if "/" not in name:  # a subresource
                    found[item["kind"]] = ServedKind(base, quote(name, safe=""), item.get("namespaced") is True)
        return found

    def _must_serve_v1(self, missing: str) -> None:
        """Raise ATM811 where `v1` is missing too: a proxy or a wrong address, whose 404 says nothing of any object."""
        if missing == "v1":
            no_cluster = UnusableError("it serves no `v1`, as every Kubernetes API server does")
            raise self._transport.unreachable(no_cluster)
        self.find("v1", "Namespace")
