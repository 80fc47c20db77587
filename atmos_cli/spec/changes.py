"""Applies what a change asks for to a spec: the edits of `service.yaml`, and each value before and after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.spec.change_draft import MISSING, SpecDraft
from atmos_cli.spec.change_intent import AlreadySo
from atmos_cli.spec.model import DEFAULT_PORT, Overrides, Scaling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from atmos_cli.spec.change_draft import Path
    from atmos_cli.spec.change_intent import ChangeItem
    from atmos_cli.spec.model import ServiceSpec
    from atmos_cli.yamlio.edits import Edit


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of `service.yaml` that changes, as text; `said` is what messages call the words or the flag."""

    field: str
    before: str
    after: str
    source: str
    said: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SpecChange:
    """What a change makes of `service.yaml`. `stays` are overrides of an environment that a change does not reach."""

    edits: tuple[Edit, ...]
    values: tuple[ValueChange, ...]
    already: tuple[AlreadySo, ...]
    stays: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    draft: SpecDraft
    spec: ServiceSpec
    domain: Callable[[str], str]
    values: list[ValueChange] = field(default_factory=list)
    already: list[AlreadySo] = field(default_factory=list)
    stays: dict[str, None] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def set(self, item: ChangeItem, path: Path, value: Any, *, default: Any = MISSING, note: str = "") -> bool:
        """Set a value; says that it is so already where it is, or where `default` is what holds without it."""
        before = self.draft.get(path, default)
        note = note or item.note
        if before == value or (isinstance(value, str) and isinstance(before, int) and _text(before) == value):
            self.already.append(AlreadySo(_dotted(path), _text(value), item.source, note))
            return False
        self.draft.set(path, value)
        self.values.append(ValueChange(_dotted(path), _text(before), _text(value), item.source, item.said, note))
        return True

    def remove(self, item: ChangeItem, path: Path, *, because: str = "") -> None:
        before = self.draft.get(path)
        self.draft.remove(path)
        source = f"{item.source}; {because}" if because else item.source
        shown = "yes" if before == {} else _text(before)
        self.values.append(ValueChange(_dotted(path), shown, "nothing", source, item.said, item.note))

    def refuse(self, message: str, hint: str) -> None:
        self.problems.append(Diagnostic(Code.INTENT_CONTRADICTION, message, hint=hint))

    def overrides(self, *path: str) -> list[str]:
        """Return the environments that have `path` of their own."""
        return [name for name in self.spec.environments if self.draft.has(("environments", name, *path))]


def change_spec(
    value: dict[str, Any], spec: ServiceSpec, items: Sequence[ChangeItem], *, domain: Callable[[str], str]
) -> SpecChange:
    """Return what `items` make of the spec that was read from `value`. Raises AtmosError with all contradictions.

    `domain` is the domain of an environment, which gives the host where none is said.
    """
    work = _Work(SpecDraft(value), spec, domain)
    everywhere_first = sorted(items, key=lambda item: (_ORDER.index(item.kind), bool(item.environment)))
    for item in everywhere_first:
        _APPLY[item.kind](work, item, everywhere_first)
    _only_one_decides(work, items)
    if work.problems:
        raise AtmosError(*dict.fromkeys(work.problems))
    return SpecChange(work.draft.edits(), tuple(work.values), tuple(work.already), tuple(work.stays))


def _size(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if item.environment:
        held = work.draft.get(("size",), "s")
        work.set(item, ("environments", item.environment, "size"), item.value, default=held)
        return
    work.set(item, ("size",), item.value, default="s")
    _stays(work, item, ("size",))


def _replicas(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    held = work.draft.get(("replicas",))
    if item.environment:
        work.set(item, ("environments", item.environment, "replicas"), item.value, default=held)
        return
    decided = held is not MISSING or "autoscaling" in work.spec.addons
    note = "" if decided else "until now each environment has its own number, from atmos-cli.yaml"
    work.set(item, ("replicas",), item.value, note=note)
    _stays(work, item, ("replicas",))


def _bound(work: _Work, item: ChangeItem, items: Sequence[ChangeItem]) -> None:
    """Set one bound of autoscaling; the other one stays, or is the default, stretched where it has to be."""
    spec = work.spec
    own = spec.environments.get(item.environment, Overrides()).scaling if item.environment else None
    held = (own or spec.scaling or Scaling()).model_dump()
    place: Path = ("environments", item.environment, "scaling") if item.environment else ("scaling",)
    asked = {i.kind: i.value for i in items if i.kind in {"min", "max"} and i.environment == item.environment}
    if not work.draft.has(place):
        if not work.draft.has(("addons", "autoscaling")):
            return
        so_far = {bound: held[bound] for bound in ("min", "max")}
        if spec.scaling is not None and "cpu" in spec.scaling.model_fields_set:
            so_far["cpu"] = held["cpu"]
        scales = "autoscaling" in spec.addons
        work.set(
            item, place, _stretched(so_far, asked), default=so_far if scales else MISSING, note=_bounds_note(asked, scales)
        )
    elif work.draft.get(place) != {**work.draft.get(place), **asked} or not _made_now(work, place):
        work.set(item, (*place, item.kind), item.value, default=held[item.kind])
    if not item.environment:
        _stays(work, item, ("scaling",))


def _made_now(work: _Work, place: Path) -> bool:
    return any(each.field == _dotted(place) for each in (*work.values, *work.already))


def _stretched(held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    bounds = {**held, **asked}
    if bounds["min"] > bounds["max"]:
        if "max" not in asked:
            bounds["max"] = bounds["min"]
        elif "min" not in asked:
            bounds["min"] = bounds["max"]
    return bounds


def _bounds_note(asked: dict[str, Any], scales: bool) -> str:  # noqa: FBT001 - a fact, not a switch
    left = [what for kind, what in {"min": "least", "max": "most"}.items() if kind not in asked]
    return f"the {left[0]} {'stays' if scales else 'is the default'}" if left else ""


def _port(work: _Work, item: ChangeItem, items: Sequence[ChangeItem]) -> None:
    """Set the ends that were said, both at once."""
    held = (work.spec.port or DEFAULT_PORT).model_dump()
    sides = {i.kind.removesuffix("_port"): i.value for i in items if i.kind in {"service_port", "container_port"}}
    now = {**held, **sides}
    if any(each.field == "port" or each.field.startswith("port.") for each in (*work.values, *work.already)):
        return
    before = _port_text(held)
    if now == held:
        work.already.append(AlreadySo("port", before, item.source, item.note))
        return
    written = work.draft.get(("port",))
    if isinstance(written, dict) and now["service"] != now["container"]:
        for side, number in sides.items():
            work.draft.set(("port", side), number)
    else:
        work.draft.set(("port",), now["service"] if now["service"] == now["container"] else now)
    work.values.append(ValueChange("port", before, _port_text(now), item.source, item.said, item.note))


def _addon(work: _Work, item: ChangeItem, items: Sequence[ChangeItem]) -> None:
    path = ("addons", item.key)
    if work.draft.has(path):
        asks_more = any(i.kind == "setting" and i.key.startswith(f"{item.key}.") for i in items)
        asks_more |= item.key == "autoscaling" and any(i.kind in {"min", "max"} for i in items)
        asks_more |= item.key == "http" and any(i.kind == "host" for i in items)
        if not asks_more:
            work.already.append(AlreadySo(_dotted(path), "yes", item.source, item.note))
        return
    work.draft.set(path, {})
    work.values.append(ValueChange(_dotted(path), "nothing", "yes", item.source, item.said, item.note))
    if item.key == "autoscaling":
        _drop(work, item, "replicas", "autoscaling decides how many")


def _without(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    path = ("addons", item.key)
    if not work.draft.has(path):
        work.already.append(AlreadySo(_dotted(path), "no", item.source, item.note))
        return
    work.remove(item, path)
    for name in work.overrides("addons", item.key):
        work.remove(item, ("environments", name, "addons", item.key), because=f"settings of {item.key}")
    if item.key == "autoscaling":
        _drop(work, item, "scaling", "nothing scales any more")
    if item.key == "http":
        _drop(work, item, "hosts", "it is not reachable from outside any more")


def _drop(work: _Work, item: ChangeItem, name: str, because: str) -> None:
    """Remove a field that cannot stay, everywhere."""
    if work.draft.has((name,)):
        work.remove(item, (name,), because=because)
    for environment in work.overrides(name):
        work.remove(item, ("environments", environment, name), because=because)


def _needs(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if work.draft.has(("addons", item.key)):
        return
    message = f"{item.said} is for {item.environment} alone, but {work.spec.name} has no {item.key} in any environment"
    work.refuse(message, f"add it, too, for all of them: `add {item.key}`, a comma, and what is for {item.environment}")


def _setting(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    addon, key = item.key.split(".", 1)
    if not work.draft.has(("addons", addon)):
        return
    if item.environment:
        held = work.draft.get(("addons", addon, key))
        work.set(item, ("environments", item.environment, "addons", addon, key), item.value, default=held)
        return
    work.set(item, ("addons", addon, key), item.value)
    _stays(work, item, ("addons", addon, key))


def _variable(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if item.environment:
        held = work.draft.get(("env", item.key))
        work.set(item, ("environments", item.environment, "env", item.key), item.value, default=held)
        return
    work.set(item, ("env", item.key), item.value)
    _stays(work, item, ("env", item.key))


def _no_variable(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    place: Path = ("environments", item.environment) if item.environment else ()
    path = (*place, "env", item.key)
    if work.draft.has(path):
        work.remove(item, path)
    elif item.environment and work.draft.has(("env", item.key)):
        message = f"{item.said} cannot be done in {item.environment} alone: `env.{item.key}` is for every environment"
        work.refuse(message, f"give it another value there: `env {item.key}=… in {item.environment}`")
    else:
        note = _nearly(work, item.key)
        work.already.append(AlreadySo(_dotted(path), "nothing", item.source, note))
    if not item.environment:
        _stays(work, item, ("env", item.key))


def _nearly(work: _Work, name: str) -> str:
    from difflib import get_close_matches

    if name in work.spec.secrets:
        return f"it comes from a Secret: remove it under `secrets` in service.yaml, then run `atmos update {work.spec.name}`"
    close = get_close_matches(name[:80], list(work.spec.env), n=1)
    return f"there is `{close[0]}`" if close else ""


def _host(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    if not work.draft.has(("addons", "http")):
        return
    path, hosts = _hosts(work, item)
    if item.key in hosts:
        work.already.append(AlreadySo(_dotted(path), item.key, item.source, item.note))
        return
    note = item.note
    if not hosts:
        usual = work.domain(item.environment)
        note = f"instead of {usual}, which is served as long as no host is said; add it, too, to keep it"
    work.set(item, path, [*hosts, item.key], default=list(hosts) or MISSING, note=note)
    if not item.environment:
        _stays(work, item, ("hosts",))


def _no_host(work: _Work, item: ChangeItem, _: Sequence[ChangeItem]) -> None:
    path, hosts = _hosts(work, item)
    left = [host for host in hosts if host != item.key]
    if left == list(hosts):
        work.already.append(AlreadySo(_dotted(path), f"not {item.key}", item.source, item.note))
    elif left:
        work.set(item, path, left, default=list(hosts))
    elif work.draft.has(path):
        work.remove(item, path)
    else:
        message = f"{item.said} leaves no host in {item.environment}, where those of every environment are served"
        work.refuse(message, f"say which one it has instead: `host NAME in {item.environment}`")
    if not item.environment:
        _stays(work, item, ("hosts",))


def _hosts(work: _Work, item: ChangeItem) -> tuple[Path, list[str]]:
    top = work.draft.get(("hosts",), [])
    if not item.environment:
        return ("hosts",), list(top)
    path = ("environments", item.environment, "hosts")
    return path, list(work.draft.get(path, top) or [])


def _stays(work: _Work, item: ChangeItem, path: Path) -> None:
    """Tell of environments that have a value of their own, which a change for everywhere does not reach."""
    for name in work.overrides(*map(str, path)):
        value = work.draft.get(("environments", name, *path))
        if value != work.draft.get(path):
            told = f"in {name} it stays {_text(value)} (`environments.{name}.{_dotted(path)}`)"
            work.stays[f"{item.said}: {told}; a change `in {name}` reaches that one"] = None


def _only_one_decides(work: _Work, items: Iterable[ChangeItem]) -> None:
    """Refuse a fixed number of replicas beside an autoscaler."""
    if not work.draft.has(("addons", "autoscaling")):
        return
    for item in items:
        if item.kind == "replicas":
            number = max(item.value, 1)
            message = f"{item.said} fixes the number of replicas of {work.spec.name}, which autoscaling leaves open"
            work.refuse(message, f"add `without autoscaling`, or write `{number} to {number * 2} replicas` instead")


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def _port_text(port: dict[str, int]) -> str:
    same = port["service"] == port["container"]
    return str(port["service"]) if same else f"{port['service']} → {port['container']}"


def _text(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        if set(value) >= {"min", "max"}:
            return f"{value['min']} to {value['max']}"
        return ", ".join(f"{key} {_text(each)}" for key, each in value.items()) or "{}"
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


_APPLY: dict[str, Callable[[_Work, ChangeItem, Sequence[ChangeItem]], None]] = {
    "without": _without,
    "addon": _addon,
    "needs": _needs,
    "size": _size,
    "replicas": _replicas,
    "min": _bound,
    "max": _bound,
    "service_port": _port,
    "container_port": _port,
    "setting": _setting,
    "no_variable": _no_variable,
    "variable": _variable,
    "no_host": _no_host,
    "host": _host,
}
# What comes and goes first, so that everything else knows what is there.
_ORDER = tuple(_APPLY)
