"""What atmos asks of an engine: what it writes, checks, delivers, reads live and refreshes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from atmos_cli.checks.subject import Finding
    from atmos_cli.config import Config
    from atmos_cli.engines.facts import EngineFacts, Pointer
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import ClusterApi
    from atmos_cli.verify.look import HealthRules
    from atmos_cli.verify.model import Target
    from atmos_cli.verify.seen import ClusterSnapshot, Delivery, Pause, Relation

    Files = dict[str, list[dict[str, Any]]]
    # Lists some directories: path of each entry -> id of its content.
    Listing = Callable[[list[str]], Mapping[str, str]]


class Place(NamedTuple):
    """What an engine applies as one: a directory or file. `stamp` is the id of its content, "" when not known.

    `reads` is `overlay` for a directory with its own files alone, `tree` with all that lies below.
    """

    team: str
    name: str
    path: str
    stamp: str
    reads: Literal["overlay", "tree"]


class Refresh(NamedTuple):
    """What to look at again; `how` is that of `Delivery.refresh`, `at` the time now as in RFC 3339."""

    target: Target
    snapshot: ClusterSnapshot
    how: str
    at: str


class Clusters(Protocol):
    """Where a deployment runs, and the hub that its engine may run on instead."""

    @property
    def cluster(self) -> ClusterApi: ...

    @property
    def hub(self) -> ClusterApi: ...


class Engine(Protocol):
    """One engine, named `name` in atmos-cli.yaml and `title` in sentences; what most have not has a default.

    `roots`: its own top directories of a repo. `kinds`: its kinds, each with its API group. `pointers`: those of them
    that apply a service, first the one that atmos writes; `generators`: those that make pointers. `texts`: files
    that it reads in any repo. `marks`: what to add so that it reaches an overlay. `watched`: (apiVersion, kind) of
    those to watch; `keeps`: the annotation, and a part of its value, with which an object outlives what applies it;
    `hub_namespace`: where on the hub they are, "" where they are beside the services. `owned_names`: patterns of names
    that are its own, each with whose they are in words.
    """

    name: str
    title: str
    roots: tuple[str, ...]
    kinds: Mapping[str, str]
    pointers: tuple[str, ...]
    generators: tuple[str, ...] = ()
    texts: Mapping[str, str] = {}
    marks: str
    watched: tuple[tuple[str, str], ...]
    keeps: tuple[str, str] = ("", "")
    hub_namespace: str = ""
    owned_names: Mapping[str, str] = {}

    # What it writes.

    def root_files(self, config: Config, *, teams: Sequence[str], configured: Sequence[str]) -> Files:
        """Return the files of its roots; none without a cluster of its own.

        `configured`: clusters with files in `infrastructure/configs`.
        """

    def service_files(self, config: Config, *, team: str, service: str) -> Files:
        """Return what points it at a service, one document for each environment, which its label `env` names.

        None where it finds services by itself.
        """
        return {}

    def tenant_access(
        self, config: Config, *, team: str, environment: str, teams: Sequence[str]
    ) -> Mapping[str, dict[str, Any]]:
        """Return objects beside those of a tenant that say what people may do there, by file name.

        None where people ask the engine itself and not the cluster.
        """
        return {}

    def cluster_access(self, config: Config, *, cluster: str, teams: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """Return what the objects of `tenant_access` of a cluster share, by file name."""
        return {}

    def first_steps(self, config: Config) -> Iterable[str]:
        """Return the steps for a person to start it on the clusters of a new repo."""

    def steps_between(self, before: Config, after: Config) -> Iterable[str]:
        """Return the steps for a person whose clusters or environments became other ones."""
        known = set(self.first_steps(before))
        return [each for each in self.first_steps(after) if each not in known]

    def pointer_path(self, cluster: str, *, team: str, service: str) -> str:
        """Return the path of the file that points it at a service; "" where it finds services by itself."""
        return ""

    # What it reads of a repo, and whether it can.

    def places(self, listing: Listing, cluster: str) -> Iterable[Place]:
        """List all that it applies to a cluster besides services and tenants."""

    def root_urls(self, pointer: Pointer) -> Iterable[str]:
        """Return the URL of this repo, as far as the object is the one that the engine starts from."""

    def urls(self, pointer: Pointer) -> Iterable[str]:
        """Return the URLs of all repos that the object reads."""

    def findings(self, facts: EngineFacts) -> Iterator[Finding]:
        """Say what its objects point at and does not exist."""

    def reached(self, facts: EngineFacts) -> Iterable[str]:
        """List the directories that it reads."""

    # How far a commit has come.

    @property
    def health(self) -> HealthRules:
        """Return how to judge its objects, by group and kind."""

    def revisions(self, snapshot: ClusterSnapshot) -> tuple[str, ...]:
        """List every commit that its objects name, once each: 40 digits, or the first 12 in a chart's version."""

    def delivery(self, snapshot: ClusterSnapshot, relations: Mapping[str, Relation], *, pushed: float) -> Delivery:
        """Say how far the wanted commit has come, distrusting the engine where it was seen to be wrong.

        `relations`: how each of `revisions(snapshot)` relates to that commit; what is left out is unknown. `pushed`:
        when the commit reached the remote, unix seconds, 0 when not known. ARRIVED says that the engine applied the
        commit's inputs, and nothing about pods.
        """

    def applied_revision(self, snapshot: ClusterSnapshot) -> str:
        """Return the commit that it says it applied last, written as in `revisions`; "" for none."""

    def paused(self, snapshot: ClusterSnapshot) -> Pause | None:
        """Say why it will apply nothing new until a person says so."""

    # What it has in the cluster.

    def delivery_objects(self, clusters: Clusters, target: Target) -> tuple[Resource, ...]:
        """Read what belongs to a deployment. Raises AtmosError ATM811 when a cluster cannot be asked."""

    def refresh(self, clusters: Clusters, asked: Refresh) -> None:
        """Ask it to look at Git again now. Raises AtmosError for a refusal."""

    def unblock(self, *, team: str, service: str, environment: str) -> str:
        """Say how to end what may hold back a new commit of a service."""
