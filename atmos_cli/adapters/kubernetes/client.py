"""One API server as one user sees it: get, list, logs, annotate and watch, bounded in time and size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.adapters.kubernetes.kubeconfig import Access


class Cluster:
    """`ports.ClusterApi` over HTTP. `name` is what messages call it. Close it, or use it in a `with`."""

    def __init__(self, access: Access, *, name: str = "") -> None:
        raise NotImplementedError

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        raise NotImplementedError

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", selector: str = ""
    ) -> tuple[dict[str, Any], ...]:
        raise NotImplementedError

    def logs(self, pod: str, container: str, *, namespace: str, previous: bool, lines: int) -> tuple[str, ...]:
        raise NotImplementedError

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
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
