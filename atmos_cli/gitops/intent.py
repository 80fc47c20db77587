"""Turns words, flags and defaults into one spec, and a table that says where every value came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from atmos_cli.blueprint.nouns import vocabulary
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.documents import path_in, plain_words
from atmos_cli.gitops.checkout import apply_checkout, open_checkout
from atmos_cli.gitops.host_places import host_places
from atmos_cli.gitops.intent_defaults import put_defaults, settle_language
from atmos_cli.gitops.intent_flags import apply_flags
from atmos_cli.gitops.plain_secrets import require_no_secret, require_no_secrets
from atmos_cli.gitops.plan_rows import NewDraft, PlanRow, shown_value
from atmos_cli.gitops.teams import team_of
from atmos_cli.spec.intent import Intent
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.spec.names import validate_name
from atmos_cli.spec.shorthand import parse_intent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config
    from atmos_cli.gitops.intent_flags import Flags
    from atmos_cli.spec.intent import Stated

_ORDER = (
    "name",
    "team",
    "environments",
    "type",
    "language",
    "framework",
    "port",
    "image",
    "size",
    "replicas",
    "scaling",
    "hosts",
    "probes",
    "env",
    "secrets",
    "volumes",
    "dependencies",
)
# The words of an amount, and what is said of no field, stand in rows of their own.
_OWN_ROW = {"live": "probes", "ready": "probes", "health": "probes", "calls": "dependencies"}


@dataclass(frozen=True, slots=True)
class Understood:
    """`environments` are those that words or flags name: none for all."""

    spec: ServiceSpec
    rows: tuple[PlanRow, ...]
    team: str
    environments: tuple[str, ...]


def understand(
    text: str,
    flags: Flags,
    *,
    config: Config,
    catalogue: Catalogue,
    teams: tuple[str, ...],
    port_of: Callable[[str, str], int | None] = lambda _team, _service: None,
    ask: Callable[[str, Sequence[str]], str] | None = None,
) -> Understood:
    """Make a spec of words and flags. Raises AtmosError with everything that is wrong with them at once.

    `teams` are those of the repo; `port_of` returns the port of a team's service where there is one; `ask` puts a
    question with a choice, where somebody can be asked.
    """
    require_no_secret(text, "the intent", hint="leave it out: an intent is kept in Git, and needs no values")
    known = vocabulary(catalogue)
    checkout = open_checkout(flags.checkout) if flags.checkout else None
    said = text.strip() or checkout is None
    intent = parse_intent(text, known, environments=tuple(config.environments)) if said else Intent()
    draft = NewDraft()
    _words(draft, intent)
    apply_flags(draft, flags)
    team = _team(draft, intent, flags, teams)
    environments = _environments(draft, intent, flags, config)
    _require_agreement(draft, intent)
    if draft.problems:
        raise AtmosError(*dict.fromkeys(draft.problems))
    if checkout is not None:
        apply_checkout(draft, checkout, catalogue, known)
    draft.values.setdefault("type", "web")
    serves = draft.values["type"] not in known.portless
    if not serves:
        _require_no_port(draft)
    settle_language(draft, catalogue)
    put_defaults(draft, config=config, team=team, environments=environments, catalogue=catalogue, serves=serves)
    _hosts(draft, config.named(environments), config, ask)
    for called in draft.values.get("dependencies", ()):
        called.setdefault("port", port_of(called.get("team", team), called["service"]) or 80)
    require_no_secrets(draft.values, config=config)
    if problem := validate_name(str(draft.values["name"])):
        raise AtmosError(problem)
    return Understood(_spec(draft.values), _ordered(draft), team, environments)


def _spec(values: dict[str, Any]) -> ServiceSpec:
    try:
        return ServiceSpec.model_validate(values)
    except ValidationError as error:
        found = (_refused(problem, values) for problem in error.errors())
        raise AtmosError(*dict.fromkeys(found)) from None


def _ordered(draft: NewDraft) -> tuple[PlanRow, ...]:
    rows = [draft.rows[name] for name in _ORDER if name in draft.rows]
    return (*rows, *(row for name, row in draft.rows.items() if name not in _ORDER))


def _words(draft: NewDraft, intent: Intent) -> None:
    fields = intent.fields()
    for name, stated in intent.stated():
        source = f"your words: {stated.words}"
        if name == "addons":
            draft.rows[stated.value] = PlanRow(stated.value, "yes", source, stated.note)
        elif name == "without" and stated.value != "port":
            draft.rows[stated.value] = PlanRow(stated.value, "no", source, stated.note)
        elif name == "settings":
            addon, key, value = stated.value
            draft.rows[f"{addon}.{key}"] = PlanRow(f"{addon}.{key}", str(value), source, stated.note)
        elif name == "remarks":
            draft.rows[stated.value] = PlanRow(stated.value, "no setting", source, stated.note)
        elif name not in ("without", "team", "environments"):
            _row(draft, _OWN_ROW.get(name, name), stated, fields)
    draft.values |= fields
    for amount in (("cpu", intent.cpu), ("memory", intent.memory)):
        if amount[1] is not None:
            draft.values[amount[0]] = amount[1].value
    if intent.secrets:
        draft.values["secrets"] = dict.fromkeys(each.value for each in intent.secrets)


def _row(draft: NewDraft, name: str, stated: Stated[Any], fields: dict[str, Any]) -> None:
    """Put the row of a field, or the further words of one that several say."""
    before = draft.rows.get(name)
    if before is None:
        source, note = f"your words: {stated.words}", stated.note
    else:
        source = f"{before.source}, {stated.words}"
        note = "; ".join(dict.fromkeys(filter(None, (before.note, stated.note))))
    draft.rows[name] = PlanRow(name, _shown(name, stated, fields), source, note)


def _shown(name: str, stated: Stated[Any], fields: dict[str, Any]) -> str:
    if name == "probes":
        return ", ".join(dict.fromkeys(each["path"] for each in fields["probes"].values()))
    if name == "env":
        return ", ".join(sorted(fields["env"]))
    if name == "dependencies":
        return ", ".join(each["service"] for each in fields["dependencies"])
    if name == "volumes":
        return ", ".join(f"{v['path']} {v['size']} {v['kind']}" for v in fields["volumes"].values())
    if name == "hosts":
        return ", ".join(fields["hosts"])
    return shown_value(fields.get(name, stated.value))


def _team(draft: NewDraft, intent: Intent, flags: Flags, teams: tuple[str, ...]) -> str:
    if intent.team is None:
        return team_of(teams, flags.team)
    draft.rows["team"] = PlanRow("team", intent.team.value, f"your words: {intent.team.words}", intent.team.note)
    if flags.team not in (None, intent.team.value):
        draft.contradicts("--team", "team")
        return intent.team.value
    return team_of(teams, intent.team.value)


def _environments(draft: NewDraft, intent: Intent, flags: Flags, config: Config) -> tuple[str, ...]:
    """Return the environments that words or flags name, in the order of the configuration."""
    said = intent.environments
    if said is None or not said.value:
        return config.named(flags.environments) if flags.environments else ()
    named = config.named(tuple(said.value))
    source = f"your words: {said.words}"
    draft.rows["environments"] = PlanRow("environments", ", ".join(named), source, "it is in no other one")
    if flags.environments and set(flags.environments) != set(named):
        draft.contradicts("--env", "environments")
    return named


def _hosts(
    draft: NewDraft,
    environments: tuple[str, ...],
    config: Config,
    ask: Callable[[str, Sequence[str]], str] | None,
) -> None:
    """Move the hosts to the environments that serve them; the others have that of their domain."""
    hosts = draft.values.pop("hosts", None)
    if hosts is None:
        return
    places = host_places(hosts, environments=environments, config=config, ask=ask)
    draft.values["environments"] = {name: {"hosts": list(served)} for name, served in places.items()}
    others = [name for name in environments if name not in places]
    domains = [f"{draft.values['name']}.{config.environments[name].http.domain} in {name}" for name in others]
    shown = "; ".join(f"{', '.join(served)} in {name}" for name, served in places.items())
    row = draft.rows["hosts"]
    note = "; ".join(filter(None, (row.note, f"elsewhere {', '.join(domains)}" if domains else "")))
    draft.rows["hosts"] = PlanRow("hosts", shown, row.source, note)


def _require_agreement(draft: NewDraft, intent: Intent) -> None:
    added = draft.values.get("addons", {})
    draft.problems += (
        Diagnostic(
            Code.INTENT_CONTRADICTION,
            f"your words say `{stated.words}`, but {draft.rows[stated.value].source} asks for `{stated.value}`",
            hint="leave out one of the two",
        )
        for stated in intent.without
        if stated.value in added
    )


def _require_no_port(draft: NewDraft) -> None:
    kind = draft.values["type"]
    found = [
        Diagnostic(
            Code.INTENT_CONTRADICTION,
            f"{draft.rows[name].source} cannot go with the type `{kind}`: nothing connects to a {kind}",
            hint="leave it out, or choose a type that serves a port",
        )
        for name in ("port", "hosts", "http", "probes")
        if name in draft.values or name in draft.values.get("addons", {})
    ]
    if found:
        raise AtmosError(*dict.fromkeys(found))


def _refused(problem: Any, values: dict[str, Any]) -> Diagnostic:
    where = ".".join(str(step) for step in path_in(values, problem))
    reason = plain_words(problem["msg"])
    message = f"`{where}`: {reason}" if where else reason
    return Diagnostic(Code.SPEC_INVALID, message, hint="see `atmos schema spec` for what is allowed")
