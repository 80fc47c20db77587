"""Turns words, flags and defaults into one spec, and a table that says where every value came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from atmos_cli.blueprint.nouns import alternatives, vocabulary
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.documents import path_in, plain_words
from atmos_cli.gitops.plain_secrets import require_no_secret, require_no_secrets
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.spec.names import validate_name
from atmos_cli.spec.shorthand import parse_intent

if TYPE_CHECKING:
    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.runtime import Runtime
    from atmos_cli.config import Config
    from atmos_cli.spec.intent import Intent
    from atmos_cli.spec.vocabulary import Vocabulary


# The row of `languages.yaml` for an image of which nothing else is known.
ANY_IMAGE: Final = "other"


@dataclass(frozen=True, slots=True)
class Flags:
    """What the options of `atmos new service` say; None or empty: not given."""

    name: str | None = None
    team: str | None = None
    environments: tuple[str, ...] = ()
    image: str | None = None
    hosts: tuple[str, ...] = ()
    size: str | None = None
    replicas: int | None = None
    scale: str | None = None
    port: str | None = None
    health_path: str | None = None
    ready_path: str | None = None
    env: tuple[str, ...] = ()
    addons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One value of the plan: where it came from, and what to know about it."""

    field: str
    value: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    spec: ServiceSpec
    rows: tuple[PlanRow, ...]


@dataclass(slots=True)
class _Draft:
    """Values as they are gathered; a later source (a flag) replaces an earlier one (a word)."""

    values: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, PlanRow] = field(default_factory=dict)

    def put(self, name: str, value: Any, shown: str, source: str, note: str = "") -> None:
        self.values[name] = value
        self.rows[name] = PlanRow(name, shown, source, note)


def understand(text: str, flags: Flags, *, config: Config, catalogue: Catalogue, team: str) -> Understood:
    """Make a spec of words and flags. Raises AtmosError with everything that is wrong with them at once."""
    require_no_secret(text, "the intent", hint="leave it out: an intent is kept in Git, and needs no values")
    known = vocabulary(catalogue)
    intent = parse_intent(text, known)
    draft = _Draft()
    _words(draft, intent)
    _flags(draft, flags)
    _require_agreement(draft, intent)
    _runtime(draft, catalogue, known)
    draft.values.setdefault("type", "web")
    serves = draft.values["type"] not in known.portless
    if not serves:
        _require_no_port(draft)
    _defaults(draft, config=config, team=team, catalogue=catalogue, serves=serves)
    require_no_secrets(draft.values, config=config)
    problem = validate_name(str(draft.values["name"]))
    if problem:
        raise AtmosError(problem)
    try:
        spec = ServiceSpec.model_validate(draft.values)
    except ValidationError as error:
        found = (_refused(problem, draft.values) for problem in error.errors())
        raise AtmosError(*dict.fromkeys(found)) from None
    order = (
        "name",
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
    )
    rows = [draft.rows[name] for name in order if name in draft.rows]
    rows += [row for name, row in draft.rows.items() if name not in order]
    return Understood(spec, tuple(rows))


def _words(draft: _Draft, intent: Intent) -> None:
    fields = intent.fields()
    for name, stated in intent.stated():
        source = f"your words: {stated.words}"
        if name == "addons":
            draft.rows[stated.value] = PlanRow(stated.value, "yes", source, stated.note)
        elif name == "without" and stated.value != "port":
            draft.rows[stated.value] = PlanRow(stated.value, "no", source, stated.note)
        elif name == "hosts":
            draft.rows["hosts"] = PlanRow("hosts", ", ".join(fields["hosts"]), source, stated.note)
        else:
            draft.rows[name] = PlanRow(name, _shown(fields[name]), source, stated.note)
    draft.values |= fields


def _require_agreement(draft: _Draft, intent: Intent) -> None:
    added = draft.values.get("addons", {})
    found = [
        Diagnostic(
            Code.INTENT_CONTRADICTION,
            f"your words say `{stated.words}`, but {draft.rows[stated.value].source} asks for `{stated.value}`",
            hint="leave out one of the two",
        )
        for stated in intent.without
        if stated.value in added
    ]
    if found:
        raise AtmosError(*found)


def _require_no_port(draft: _Draft) -> None:
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


def _flags(draft: _Draft, flags: Flags) -> None:
    for name, value in (("name", flags.name), ("image", flags.image), ("size", flags.size)):
        if value is not None:
            draft.put(name, value, value, f"flag --{name}")
    if flags.replicas is not None:
        draft.put("replicas", flags.replicas, str(flags.replicas), "flag --replicas")
    if flags.port is not None:
        pair = port_numbers(flags.port)
        draft.put("port", pair, _shown(pair), "flag --port")
    if flags.hosts:
        draft.put("hosts", list(flags.hosts), ", ".join(flags.hosts), "flag --host")
        _add(draft, "http", "flag --host")
    if flags.scale is not None:
        bounds = replica_bounds(flags.scale)
        draft.put("scaling", bounds, _shown(bounds), "flag --scale")
        _add(draft, "autoscaling", "flag --scale")
    for name in flags.addons:
        _add(draft, name, "flag --with")
    probes: dict[str, Any] = {}
    if flags.health_path:
        probes |= {"startup": {"path": flags.health_path}, "liveness": {"path": flags.health_path}}
    if flags.ready_path:
        probes["readiness"] = {"path": flags.ready_path}
    if probes:
        shown = ", ".join(sorted({probe["path"] for probe in probes.values()}))
        draft.put("probes", probes, shown, "flag --health-path, --ready-path")
    if flags.env:
        pairs = dict(variable(each) for each in flags.env)
        draft.put("env", pairs, ", ".join(sorted(pairs)), "flag --set-env")


def _defaults(draft: _Draft, *, config: Config, team: str, catalogue: Catalogue, serves: bool) -> None:
    values = draft.values
    runtime = catalogue.runtime(values["language"], values.get("framework"))
    if "type" not in draft.rows:
        draft.put("type", "web", "web", "blueprint default")
    if "name" not in values:
        draft.put("name", *_name(values))
    if serves and "port" not in values:
        usual = runtime.own("usual_port")
        pair = {"service": 80, "container": usual or 8080}
        draft.put(
            "port", pair, _shown(pair), f"what {runtime.title} usually listens on" if usual else "blueprint default"
        )
    if "image" not in values:
        image = f"{config.registry}/{team}/{values['name']}:0.1.0"
        draft.rows["image"] = PlanRow("image", image, "repo config: registry", "a placeholder until you give --image")
    if "size" not in values and (size := runtime.own("size")):
        draft.put("size", size, size, f"what {runtime.title} needs")
    elif "size" not in values:
        draft.rows["size"] = PlanRow("size", "s", "blueprint default")
    if "replicas" not in values and "scaling" not in values:
        counts = ", ".join(f"{name} {env.replicas}" for name, env in config.environments.items())
        draft.rows["replicas"] = PlanRow("replicas", counts, "repo config: environments")
    if serves and "probes" not in values:
        draft.rows["probes"] = _probes(runtime)


def _runtime(draft: _Draft, catalogue: Catalogue, known: Vocabulary) -> None:
    """Settle language, framework and type, which depend on each other. Raises where one is missing or not there."""
    values = draft.values
    if "language" not in values and "image" in values:
        values["language"] = ANY_IMAGE
        draft.rows["language"] = PlanRow("language", ANY_IMAGE, "no language is said", "the image is all that is known")
        if "port" not in values and values.get("type", "web") not in known.portless:
            message = "nothing says on which port the image listens"
            raise fail(Code.INTENT_EMPTY, message, hint="add it, such as `--port 80:3000` (clients:process)")
    if "language" not in values:
        names = alternatives(catalogue.languages.languages)
        hint = f'say it in the intent, e.g. "node, port 80": {names}; or give an image and a port'
        raise fail(Code.INTENT_EMPTY, "the intent names no language", hint=hint)
    framework = values.get("framework")
    wanted = catalogue.frameworks[framework].type if framework else ""
    if not wanted or "type" in values:
        return
    if wanted not in known.types:
        message = f"{framework} is a {wanted}, which is not in this version of atmos"
        hint = (
            f"types in this version: {', '.join(sorted(known.types))}; one of your own: `atmos blueprint new {wanted}`"
        )
        raise fail(Code.INTENT_NOT_YET, message, hint=hint)
    draft.put("type", wanted, wanted, f"what {framework} is")


def _name(values: dict[str, Any]) -> tuple[str, str, str]:
    """Return a name, the same as it is shown, and what it was made from."""
    if values["language"] == ANY_IMAGE:
        last = str(values["image"]).partition("@")[0].rpartition("/")[2].partition(":")[0]
        if validate_name(last) is None:
            return last, last, "made from the image; --name changes it"
    name = f"{values['language']}-{values['type']}"
    return name, name, "made from the language; --name changes it"


def _probes(runtime: Runtime) -> PlanRow:
    paths = tuple(dict.fromkeys(path for path in (runtime.started, runtime.health, runtime.ready) if path))
    if not paths:
        note = "no path is known: --health-path and --ready-path ask for more than that"
        return PlanRow("probes", "a connection to the port", f"the row of {runtime.title}", note)
    shown = f"GET {', '.join(paths)}"
    change = "--health-path and --ready-path change them"
    if built_in := runtime.own("built_in"):
        return PlanRow("probes", shown, f"the row of {runtime.title}", f"answered by {built_in}; {change}")
    return PlanRow("probes", shown, "blueprint default", f"must answer 200; {change}")


def _add(draft: _Draft, addon: str, source: str) -> None:
    draft.values.setdefault("addons", {}).setdefault(addon, {})
    if draft.rows.get(addon, PlanRow(addon, "no", "")).value == "no":
        draft.rows[addon] = PlanRow(addon, "yes", source)


def port_numbers(text: str) -> dict[str, int]:
    service, _, container = text.lstrip(":").partition(":")
    numbers = [number for number in (service, container or service) if number.isascii() and number.isdigit()]
    if len(numbers) != 2 or not all(1 <= int(number) <= 65535 for number in numbers):
        hint = "use a number from 1 to 65535, or two as in `80:3000` (clients:process)"
        raise fail(Code.SPEC_PORT_INVALID, f"`{text}` is not a port", hint=hint)
    return {"service": int(numbers[0]), "container": int(numbers[1])}


def replica_bounds(text: str) -> dict[str, int]:
    low, dots, high = text.partition("..")
    if not (dots and low.isdigit() and high.isdigit()):
        raise fail(Code.USAGE, f"`--scale {text}` is not a range", hint="write it as `--scale 2..10`")
    return {"min": int(low), "max": int(high)}


def variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        # Not repeated: it may be the value alone, and that may be a secret.
        raise fail(Code.USAGE, "the text after `--set-env` has no `=`", hint="write it as `--set-env NAME=value`")
    return name, value


def _shown(value: Any) -> str:
    if isinstance(value, dict) and "service" in value:
        same = value["service"] == value["container"]
        return str(value["service"]) if same else f"{value['service']} → {value['container']}"
    if isinstance(value, dict) and "min" in value:
        return f"{value['min']} to {value['max']}"
    return str(value)


def _refused(problem: Any, values: dict[str, Any]) -> Diagnostic:
    where = ".".join(str(step) for step in path_in(values, problem))
    reason = plain_words(problem["msg"])
    message = f"`{where}`: {reason}" if where else reason
    return Diagnostic(Code.SPEC_INVALID, message, hint="see `atmos schema spec` for what is allowed")
