"""What stands in for what only people know, until they fill it in: images, the Git URL, domains, owners."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from atmos_cli.approval.roster import FILE as APPROVERS
from atmos_cli.checks.images import is_placeholder
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity
from atmos_cli.engines.source import git_url
from atmos_cli.gitops.guard import made_up_in
from atmos_cli.gitops.overlay_images import containers_of
from atmos_cli.kube.hosts import claims_of
from atmos_cli.kustomize.locate import locate
from atmos_cli.layout.owners import HEADER, owners_place, stand_ins
from atmos_cli.yamlio.locate import field_of, located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from atmos_cli.config import Config
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.kube.shape import Path
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree

What = Literal["image", "git", "registry", "domain", "host", "owner"]

# RFC 2606: nobody can have a machine there. `.test` and `.localhost` are names that a network of one's own may serve.
_RESERVED = re.compile(r"(.*\.)?(example\.(com|org|net)|example|invalid)\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`value` stands in `path`: `at` a field of its YAML or of `built`, which it makes, or in a `line` of it."""

    what: What
    path: str
    value: str
    at: Path = ()
    line: int = 0
    environment: str = ""
    built: Built | None = field(default=None, compare=False)


def is_reserved(host: str) -> bool:
    """Return whether a host name is one of those that are kept for examples, or below one."""
    return _RESERVED.fullmatch(host) is not None


def placeholders(effective: Effective, config: Config, deployments: Iterable[Deployment]) -> tuple[Placeholder, ...]:
    """Return what is to be filled in before `deployments` can run and be reached, and before the repo can be synced."""
    found = list(_git(config))
    for deployment in deployments:
        if deployment.environment in config.environments:
            found += _images(effective, config, deployment)
            found += _hosts(effective, config, deployment)
    return tuple(dict.fromkeys((*found, *_owners(effective.tree, config))))


def first_placeholders(tree: FileTree, config: Config) -> tuple[Placeholder, ...]:
    """Return what `init` itself made up, also where no service needs it yet."""
    found = list(_git(config))
    if is_reserved(config.registry.partition("/")[0].partition(":")[0]):
        found.append(Placeholder("registry", FILE, config.registry, ("registry",)))
    for name, environment in config.environments.items():
        if is_reserved(environment.http.domain):
            found.append(_domain(name, environment.http.domain))
    return (*found, *_owners(tree, config))


def placeholder_findings(effective: Effective, config: Config) -> Iterator[Diagnostic]:
    """Yield what is to be filled in, located where it stands. Images are left to the check of them."""
    tree = effective.tree
    found = placeholders(effective, config, effective.deployments())
    for each in found:
        if each.what not in ("image", "owner"):
            message, hint = _explained(each)
            yield Diagnostic(
                Code.PLACEHOLDER,
                message,
                Severity.WARNING,
                where=_place(tree, each),
                hint=hint,
                environment=each.environment,
            )
    if owners := [each for each in found if each.what == "owner"]:
        yield _of_owners(tree, owners)


def fill_in(found: Iterable[Placeholder]) -> tuple[str, ...]:
    """Return what is to be filled in, one line for each kind: the field, the file, and what stands there now."""
    kinds: dict[str, list[Placeholder]] = {}
    for each in found:
        kinds.setdefault(each.what, []).append(each)
    return tuple(_line(each) for each in kinds.values())


def _line(found: Sequence[Placeholder]) -> str:
    several = len({each.environment for each in found}) > 1
    places = [_field_in(each, anywhere=several) for each in found]
    return f"{_few(places)}, now {_few(each.value for each in found)}"


def _field_in(each: Placeholder, *, anywhere: bool) -> str:
    """Return `FIELD in FILE`, of all environments together where they are `anywhere`."""
    names = {"image": "the image", "owner": "the owners", "host": "the host"}
    path = each.path
    what = names.get(each.what) or field_of(each.at)
    if anywhere and each.environment:
        path = path.replace(f"/overlays/{each.environment}/", "/overlays/*/")
        what = what.replace(f"environments.{each.environment}.", "environments.*.")
    return f"{what} in {path}"


def _few(texts: Iterable[str], most: int = 3) -> str:
    found = list(dict.fromkeys(texts))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def _git(config: Config) -> Iterator[Placeholder]:
    url = git_url(config)
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if is_reserved(host):
        yield Placeholder("git", FILE, url, ("git", "url"))


def _domain(environment: str, domain: str) -> Placeholder:
    return Placeholder("domain", FILE, domain, ("environments", environment, "http", "domain"), environment=environment)


def _owners(tree: FileTree, config: Config) -> Iterator[Placeholder]:
    place = owners_place(tree, config.forge)
    for line, owner in stand_ins((tree.read(place) or b"").decode("utf-8", "replace")):
        yield Placeholder("owner", place, owner, line=line)


def _images(effective: Effective, config: Config, deployment: Deployment) -> Iterator[Placeholder]:
    made_up = made_up_in(effective.tree, deployment, config)
    path = f"{deployment.directory}/kustomization.yaml"
    for image in containers_of(_of(effective, deployment)).values():
        if is_placeholder(image, made_up):
            yield Placeholder("image", path, image, environment=deployment.environment)


def _hosts(effective: Effective, config: Config, deployment: Deployment) -> Iterator[Placeholder]:
    """Yield the domain of the environment once, where a host is below it, and each host that a service has itself."""
    name = deployment.environment
    domain = config.environments[name].http.domain
    seen: set[str] = set()
    for built in _of(effective, deployment):
        for host, _, at in claims_of(built.resource):
            if not is_reserved(host):
                continue
            if f".{host}".endswith(f".{domain}"):
                yield _domain(name, domain)
            elif host not in seen:
                seen.add(host)
                path = built.sources[0].path if built.sources else f"{deployment.directory}/kustomization.yaml"
                yield Placeholder("host", path, host, at, environment=name, built=built)


def _of(effective: Effective, deployment: Deployment) -> tuple[Built, ...]:
    try:
        return effective.of(deployment)
    except AtmosError:
        return ()  # the checks say why


def _explained(each: Placeholder) -> tuple[str, str]:
    value = each.value[:120]
    if each.what == "git":
        message = f"`git.url` is {value}, a host that is kept for examples: no engine can read the repo there"
        return message, f"write the real one into {FILE}, then run `atmos update`"
    if each.what == "domain":
        message = f"services of '{each.environment}' are reached below {value}, which is kept for examples"
        return message, f"write your domain into {field_of(each.at)} of {FILE}, then run `atmos update`"
    spec = "/".join([*each.path.split("/")[:3], "service.yaml"])
    message = f"a service is reached at {value}, which is kept for examples"
    return message, f"write the real host into `hosts` of {spec}, then run `atmos update`"


def _place(tree: FileTree, each: Placeholder) -> Location:
    if each.built:
        return locate(tree, each.built, each.at)
    return located(tree.read(each.path) or b"", 0, each.at, file=each.path)


def _of_owners(tree: FileTree, found: Sequence[Placeholder]) -> Diagnostic:
    """Return a note, or a warning where the repo has approvers: whoever may change that file may approve anything."""
    owners = ", ".join(dict.fromkeys(each.value for each in found))
    trusted = tree.read(APPROVERS) is not None
    message = f"{found[0].path} still has the names that atmos made up: {owners}"
    if trusted:
        message += f"; so nobody's review guards {APPROVERS}"
    hint = f"write the groups of your forge; if these are theirs, remove the line `{HEADER}`"
    severity = Severity.WARNING if trusted else Severity.INFO
    return Diagnostic(Code.PLACEHOLDER, message, severity, where=Location(found[0].path, found[0].line, 1), hint=hint)
