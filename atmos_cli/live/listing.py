"""A view of a cluster that lists each kind once, however many deployments are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.shape import mapping, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import ClusterApi

_REFUSED = "does not let you"  # as `adapters.kubernetes.transport` says it

Kind = tuple[str, str]


class Lists:
    """`ports.ClusterApi` for one look at many deployments: each kind is listed once, or once for each namespace.

    Events are listed only in the namespaces of `with_events`: they are many, and say something only about what is not
    healthy. For a user who may not list a kind in all namespaces, `whole` becomes False, and each is listed by itself.
    """

    def __init__(self, source: ClusterApi, *, whole: bool, selects: bool = False) -> None:
        """Wrap `source`. With `selects`, it filters by labels; else all of a kind are fetched and filtered here."""
        self.with_events: set[str] = set()
        self.whole = whole
        self._selects = selects
        self._source = source
        self._found: dict[tuple[Kind, str], dict[str, Resource]] = {}
        self._everything: set[Kind] = set()
        self._single: dict[tuple[Kind, str], Resource | None] = {}

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "") -> Resource | None:
        key = (api_version, kind)
        if namespace:
            return self._in(key, namespace).get(name)
        if (key, name) not in self._single:
            self._single[key, name] = self._source.get(api_version, kind, name)
        return self._single[key, name]

    def list(self, api_version: str, kind: str, *, namespace: str = "", selector: str = "") -> tuple[Resource, ...]:
        if kind == "Event":
            return self._events(api_version, namespace)
        if selector and self._selects:
            return self._source.list(api_version, kind, namespace=namespace, selector=selector)
        wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
        found = self._in((api_version, kind), namespace).values()
        return tuple(each for each in found if wanted.items() <= _labels(each).items()) if wanted else tuple(found)

    def logs(self, pod: str, container: str, *, namespace: str, previous: bool, lines: int) -> tuple[str, ...]:
        return self._source.logs(pod, container, namespace=namespace, previous=previous, lines=lines)

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
        self._source.annotate(api_version, kind, name, namespace=namespace, annotations=annotations, manager=manager)

    def _events(self, api_version: str, namespace: str) -> tuple[Resource, ...]:
        """Return the events, none for a user who may not read them: they only explain what else is shown."""
        if namespace not in self.with_events:
            return ()
        try:
            return tuple(self._in((api_version, "Event"), namespace).values())
        except AtmosError as error:
            if _REFUSED not in error.diagnostics[0].message:
                raise
            return ()

    def _in(self, kind: Kind, namespace: str) -> dict[str, Resource]:
        if self.whole and kind not in self._everything and kind[1] != "Event":
            self._list_everything(kind)
        if (kind, namespace) not in self._found:
            # A namespace without one of the kind is known to be empty when everything was listed.
            items = () if kind in self._everything else self._source.list(*kind, namespace=namespace)
            self._found[kind, namespace] = {text(each, "metadata", "name"): each for each in items}
        return self._found[kind, namespace]

    def _list_everything(self, kind: Kind) -> None:
        try:
            items = self._source.list(*kind)
        except AtmosError as error:
            if _REFUSED not in error.diagnostics[0].message:
                raise
            self.whole = False
            return
        self._everything.add(kind)
        for each in items:
            space = text(each, "metadata", "namespace")
            self._found.setdefault((kind, space), {})[text(each, "metadata", "name")] = each


def _labels(resource: Resource) -> dict[str, str]:
    return {key: value for key, value in mapping(resource, "metadata", "labels").items() if isinstance(value, str)}
