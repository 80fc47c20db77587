"""Many services watched at once: one list and watch per kind, kept in a store that answers without asking again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.adapters.kubernetes.client import Cluster


class Mirror:
    """`ports.ClusterApi` that answers `get` and `list` of the watched kinds from memory, and asks for the rest.

    `kinds` are (apiVersion, kind), each watched in `namespaces` (all of them when empty). Use it in a `with`.
    """

    def __init__(self, cluster: Cluster, kinds: Iterable[tuple[str, str]], *, namespaces: Iterable[str] = ()) -> None:
        raise NotImplementedError

    def wait(self, seconds: float) -> bool:
        """Until something changed since the last `wait`; False after `seconds` without a change."""
        raise NotImplementedError

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        raise NotImplementedError

    def list(
        self, api_version: str, kind: str, *, namespace: str = "", selector: str = ""
    ) -> tuple[dict[str, Any], ...]:
        raise NotImplementedError

    def owned(self, uid: str) -> tuple[dict[str, Any], ...]:
        """The watched objects that name `uid` as an owner."""
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
