"""The fixed cast of clusters.md section 12, and what each of them may and may not reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.flows.parties import Flow, Kind, Party, Service, ServicePort, World
from tests.flows.shapes import host, outside, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.shapes import Shape

BOTH = ("UDP", "TCP")
EVIL = pod("evil", "10.0.9.9", "evil")
OPERATOR = pod("cnpg-system", "10.0.8.8", "cnpg", **{"app.kubernetes.io/name": "cloudnative-pg"})
PRIVATE_API = outside("10.0.3.3", api=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One verdict: every one of `flows` has to pass, or none; `end` asks about one of the two sides only."""

    name: str
    passes: bool
    flows: tuple[Flow, ...]
    end: str = "both"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody of one shape in the namespace that atmos made for it."""

    shape: Shape
    namespace: str

    @property
    def app(self) -> Party:
        labels = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "web"}
        return Party(
            "app", Kind.POD, "10.0.1.1", self.namespace, labels, {"http": ("TCP", 3000), "metrics": ("TCP", 9090)}
        )

    @property
    def db(self) -> Party:
        labels = {"cnpg.io/cluster": "web-db", "cnpg.io/instanceRole": "primary", "cnpg.io/podRole": "instance"}
        ports = {"postgresql": ("TCP", 5432), "metrics": ("TCP", 9187), "status": ("TCP", 8000)}
        return Party("db", Kind.POD, "10.0.1.2", self.namespace, labels, ports)

    @property
    def standby(self) -> Party:
        labels = {**self.db.labels, "cnpg.io/instanceRole": "replica"}
        return Party("standby", Kind.POD, "10.0.1.5", self.namespace, labels, self.db.ports)

    @property
    def solver(self) -> Party:
        labels = {"acme.cert-manager.io/http01-solver": "true"}
        return Party("solver", Kind.POD, "10.0.1.3", self.namespace, labels, {"http": ("TCP", 8089)})

    @property
    def neighbour(self) -> Party:
        return pod(self.namespace, "10.0.1.4", "neighbour", **{"app.kubernetes.io/name": "neighbour"})

    @property
    def caller(self) -> Party:
        """A service that names web under its dependencies, and that is somebody in the cloud where pods can be."""
        labels = {"app.kubernetes.io/name": "api", "app.kubernetes.io/instance": "api"}
        return Party("api", Kind.POD, "10.0.1.6", self.namespace, labels, {"http": ("TCP", 8080)})

    @property
    def web(self) -> Service:
        return Service("web", self.namespace, "172.20.55.1", self.app.labels, (ServicePort("TCP", 80, "http"),))

    @property
    def redis(self) -> Party:
        labels = {"app.kubernetes.io/name": "web-redis", "app.kubernetes.io/instance": "web"}
        return Party("redis", Kind.POD, "10.0.1.7", self.namespace, labels, {"redis": ("TCP", 6379)})

    @property
    def cache(self) -> Service:
        return Service(
            "web-redis", self.namespace, "172.20.66.1", self.redis.labels, (ServicePort("TCP", 6379, "redis"),)
        )

    @property
    def database(self) -> Service:
        chosen = {"cnpg.io/cluster": "web-db", "cnpg.io/instanceRole": "primary"}
        return Service("web-db-rw", self.namespace, "172.20.44.1", chosen, (ServicePort("TCP", 5432, 5432),))

    @property
    def world(self) -> World:
        shape = self.shape
        around = [shape.proxy, shape.prometheus, *(each.party for each in shape.resolvers), EVIL, OPERATOR]
        here = (self.app, self.db, self.standby, self.solver, self.neighbour, self.caller, self.redis)
        pods = (*here, *(each for each in around if each.kind is Kind.POD))
        names = {each.namespace: shape.namespaces.get(each.namespace, {}) for each in pods} | shape.namespaces
        services = [each.service for each in shape.resolvers if each.service]
        return World(names, pods, (self.database, self.web, self.cache, *services))

    def wanted(self) -> Iterator[Wanted]:
        """The flows of the table: 23 verdicts, and two more where pods can be somebody in the cloud."""
        yield from self._names()
        yield from self._control()
        yield from self._http()
        yield from self._database()
        yield from self._outside()
        yield from self._identity()

    def _names(self) -> Iterator[Wanted]:
        for name, source in (("F1", self.app), ("F2", self.db)):
            for protocol in BOTH:
                asked = tuple(
                    Flow(source, each.party, each.port, protocol, each.service) for each in self.shape.resolvers
                )
                yield Wanted(f"{name}-{protocol}", passes=True, flows=asked)

    def _control(self) -> Iterator[Wanted]:
        server, port = self.shape.api
        yield Wanted("F3", passes=True, flows=(Flow(self.db, server, port),))
        public = not server.address.startswith(("10.", "172.16.", "192.168."))
        yield Wanted("F4", passes=False, flows=(Flow(self.app, PRIVATE_API if public else server, port),))

    def _http(self) -> Iterator[Wanted]:
        shape = self.shape
        yield Wanted("F5", passes=True, flows=(Flow(shape.proxy, self.app, 3000),))
        yield Wanted("F6", passes=True, flows=(Flow(shape.proxy, self.solver, 8089),))
        yield Wanted("F7", passes=False, flows=(Flow(shape.proxy, self.app, 9090),))
        yield Wanted("F8", passes=True, flows=(Flow(shape.prometheus, self.app, 9090),))
        yield Wanted("F9", passes=True, flows=(Flow(host("192.168.1.9"), self.app, 3000),))
        yield Wanted("F12", passes=False, flows=(Flow(self.neighbour, self.app, 3000),))
        yield Wanted("F13", passes=False, flows=(Flow(EVIL, self.app, 3000),))
        yield Wanted("F14", passes=False, flows=(Flow(EVIL, self.solver, 8089),))
        yield Wanted("F22", passes=False, flows=(Flow(outside("8.8.8.8"), self.app, 3000),))

    def _database(self) -> Iterator[Wanted]:
        asked = (Flow(self.app, self.db, 5432), Flow(self.app, self.db, 5432, "TCP", self.database))
        yield Wanted("F10-out", passes=True, flows=asked, end="egress")
        yield Wanted("F10-in", passes=True, flows=asked, end="ingress")
        yield Wanted("F11", passes=False, flows=(Flow(self.neighbour, self.db, 5432),), end="ingress")

    def _outside(self) -> Iterator[Wanted]:
        yield Wanted("F15", passes=True, flows=(Flow(self.app, outside("1.1.1.1"), 443),))
        yield Wanted("F16", passes=False, flows=(Flow(self.app, outside("10.9.9.9"), 443),))
        yield Wanted("F17", passes=False, flows=(Flow(self.app, outside("100.64.9.9"), 443),))
        yield Wanted("F18", passes=False, flows=(Flow(self.app, outside("169.254.169.254"), 80),))
        yield Wanted("F19", passes=False, flows=(Flow(self.app, EVIL, 443),), end="egress")

    def _identity(self) -> Iterator[Wanted]:
        if self.shape.identity:
            yield Wanted("F20", passes=True, flows=tuple(Flow(self.db, *each) for each in self.shape.identity))
            yield Wanted("F21", passes=False, flows=tuple(Flow(self.app, *each) for each in self.shape.identity))

    def beside(self) -> Iterator[Wanted]:
        """What the table leaves out, but operators, standbys and scrapes of databases need, and nobody else."""
        instance, other = self.db, self.standby
        yield Wanted("X1", passes=True, flows=(Flow(OPERATOR, instance, 8000), Flow(OPERATOR, instance, 5432)))
        between = ((instance, other), (other, instance))
        yield Wanted("X2", passes=True, flows=tuple(Flow(*pair, port) for pair in between for port in (5432, 8000)))
        yield Wanted("X3", passes=True, flows=(Flow(self.shape.prometheus, instance, 9187),))
        closed = (EVIL, self.shape.proxy, self.solver, outside("8.8.8.8"))
        yield Wanted("X4", passes=False, flows=tuple(Flow(each, instance, 5432) for each in closed), end="ingress")
        yield Wanted(
            "X5", passes=False, flows=(Flow(self.app, self.neighbour, 3000), Flow(self.solver, instance, 5432))
        )
        yield Wanted(
            "X6", passes=False, flows=(Flow(self.app, outside("1.1.1.1"), 80), Flow(self.app, outside("1.1.1.1"), 5432))
        )
        calls = (Flow(self.caller, self.app, 3000), Flow(self.caller, self.app, 3000, "TCP", self.web))
        yield Wanted("X8", passes=True, flows=calls)
        yield Wanted("X12", passes=False, flows=(Flow(self.caller, self.app, 9090),))
        back = (Flow(self.app, self.caller, 8080), Flow(self.caller, instance, 5432))
        yield Wanted("X9", passes=False, flows=back)
        if self.shape.identity:  # where the shapes have backups
            yield Wanted("X7", passes=True, flows=(Flow(instance, outside("52.2.2.2"), 443),))
            somebody = tuple(Flow(self.caller, *each) for each in self.shape.identity)
            yield Wanted("X10", passes=True, flows=somebody)
        asked = tuple(Flow(self.caller, each.party, each.port, "UDP", each.service) for each in self.shape.resolvers)
        yield Wanted("X11", passes=True, flows=asked)
