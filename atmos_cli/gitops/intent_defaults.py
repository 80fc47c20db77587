"""What a spec gets that neither words nor flags say: from the language, the repo's settings and the blueprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.nouns import alternatives
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.gitops.plan_rows import PlanRow, shown_value
from atmos_cli.gitops.secret_steps import filled_by, references
from atmos_cli.spec.names import corrected, env_secret
from atmos_cli.spec.vocabulary import ANY_LANGUAGE

if TYPE_CHECKING:
    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.profiles import Language
    from atmos_cli.blueprint.runtime import Runtime
    from atmos_cli.config import Config
    from atmos_cli.gitops.plan_rows import NewDraft


def settle_language(draft: NewDraft, catalogue: Catalogue) -> None:
    """Put the language where only the image is said, and what follows from it: amounts, and ports that are no HTTP.

    Raises where the language is missing.
    """
    values, languages = draft.values, catalogue.languages.languages
    if "language" not in values and "image" in values and ANY_LANGUAGE in languages:
        note = "nothing is known of it; a language would bring its probes, variables and sizes"
        draft.put("language", ANY_LANGUAGE, languages[ANY_LANGUAGE].title, "made from the image", note)
    if "language" not in values:
        names = alternatives(name for name in languages if name != ANY_LANGUAGE)
        hint = f'say it in the intent, e.g. "node, port 80": {names}; or say `image NAME:TAG` alone'
        raise fail(Code.INTENT_EMPTY, "the intent names no language", hint=hint)
    language = languages.get(values["language"])
    if language is not None:
        runtime = catalogue.runtime(values["language"], values.get("framework"))
        _amounts(draft, runtime, catalogue)
        _require_http(draft, language)


def _amounts(draft: NewDraft, runtime: Runtime, catalogue: Catalogue) -> None:
    """Make one size of CPU and memory; the one that was not said is that of the class."""
    said = {name: draft.values.pop(name) for name in ("cpu", "memory") if name in draft.values}
    if not said:
        return
    size = draft.values.get("size") or runtime.own("size") or "s"
    row = catalogue.languages.sizes[runtime.sizes][size]
    whole = {"cpu": row.cpu, "memory": row.memory, **said}
    words = "; ".join(dict.fromkeys(draft.rows.pop(name).source for name in said))
    missing = [name for name in whole if name not in said]
    note = f"{missing[0]} is that of size {size}" if missing else ""
    draft.put("size", whole, shown_value(whole), words, note)


def _require_http(draft: NewDraft, language: Language) -> None:
    pair = draft.values.get("port")
    if not pair or pair["service"] != pair["container"] or pair["container"] not in language.not_http:
        return
    number = pair["container"]
    message = f"port {number} of {language.title} is that of {language.not_http[number]}, and answers no HTTP"
    hint = (
        f"put a web server into the image and say its port; if the process itself serves HTTP there: `port 80:{number}`"
    )
    raise AtmosError(Diagnostic(Code.SPEC_PORT_INVALID, message, hint=hint))


def put_defaults(
    draft: NewDraft,
    *,
    config: Config,
    team: str,
    environments: tuple[str, ...],
    catalogue: Catalogue,
    serves: bool,
) -> None:
    """Put what was not said, or the row that says what it will be; `environments`: none for all."""
    values = draft.values
    there = values["language"] in catalogue.languages.languages
    runtime = catalogue.runtime(values["language"], values.get("framework")) if there else None
    if "type" not in draft.rows:
        draft.put("type", "web", "web", "blueprint default")
    if "name" not in values:
        _name(draft)
    if serves and "port" not in values:
        usual = runtime.own("usual_port") if runtime else None
        pair = {"service": 80, "container": usual or 8080}
        source = f"what {runtime.title} usually listens on" if runtime and usual else "blueprint default"
        guess = values["language"] == ANY_LANGUAGE
        note = (
            "a guess: say on which port the image listens, such as `--port 80:3000` (clients:process)" if guess else ""
        )
        draft.put("port", pair, shown_value(pair), source, note)
    if "image" not in values:
        image = f"{config.registry}/{team}/{values['name']}:0.1.0"
        draft.rows["image"] = PlanRow("image", image, "repo config: registry", "a placeholder until you give --image")
    if "size" not in values and runtime and (size := runtime.own("size")):
        draft.put("size", size, size, f"what {runtime.title} needs")
    elif "size" not in values:
        draft.rows["size"] = PlanRow("size", "s", "blueprint default")
    _replicas(draft, config)
    if "secrets" in values:
        _secrets(draft, filled_by(config.named(environments), config))
    if serves and "probes" not in values and runtime:
        draft.rows["probes"] = _probes(runtime)


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


def _name(draft: NewDraft) -> None:
    values = draft.values
    if values["language"] == ANY_LANGUAGE:
        last = values["image"].partition("@")[0].rsplit("/", 1)[-1].partition(":")[0]
        name, source = corrected(last), "made from the image; --name changes it"
    else:
        name, source = f"{values['language']}-{values['type']}", "made from the language; --name changes it"
    draft.put("name", name, name, source)


def _replicas(draft: NewDraft, config: Config) -> None:
    values: dict[str, Any] = draft.values
    persistent = any(each["kind"] == "persistent" for each in values.get("volumes", {}).values())
    if "replicas" in values or "scaling" in values or "autoscaling" in values.get("addons", {}):
        return
    if persistent:
        draft.put("replicas", 1, "1", "the persistent volume", "which only one pod can mount")
        return
    counts = ", ".join(f"{name} {env.replicas}" for name, env in config.environments.items())
    draft.rows["replicas"] = PlanRow("replicas", counts, "repo config: environments")


def _secrets(draft: NewDraft, filled: str) -> None:
    names, name = draft.values["secrets"], draft.values["name"]
    draft.values["secrets"] = references(name, names)
    note = f"the Secret `{env_secret(name)}`: {filled}"
    draft.rows["secrets"] = PlanRow("secrets", ", ".join(sorted(names)), draft.rows["secrets"].source, note)
