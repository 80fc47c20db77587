"""A spec while a change is applied to it: the draft, and what there is to say about each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Diagnostic
from atmos_cli.spec.change.draft import MISSING, SpecDraft
from atmos_cli.spec.change.items import AlreadySo

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.spec.change.draft import Path
    from atmos_cli.spec.change.items import ChangeItem
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
class SpecWork:
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
        if before == value or (isinstance(value, str) and isinstance(before, int) and value_text(before) == value):
            self.already.append(AlreadySo(dotted(path), value_text(value), item.source, note))
            return False
        self.draft.set(path, value)
        self.values.append(
            ValueChange(dotted(path), value_text(before), value_text(value), item.source, item.said, note)
        )
        return True

    def remove(self, item: ChangeItem, path: Path, *, because: str = "") -> None:
        before = self.draft.get(path)
        self.draft.remove(path)
        source = f"{item.source}; {because}" if because else item.source
        shown = "yes" if before == {} else value_text(before)
        self.values.append(ValueChange(dotted(path), shown, "nothing", source, item.said, item.note))

    def refuse(self, message: str, hint: str) -> None:
        self.problems.append(Diagnostic(Code.INTENT_CONTRADICTION, message, hint=hint))

    def told(self, name: str) -> bool:
        """Return whether a value of the field `name`, or below it, was spoken of."""
        fields = [each.field for each in self.values] + [each.field for each in self.already]
        return any(field == name or field.startswith(f"{name}.") for field in fields)

    def overrides(self, *path: str) -> list[str]:
        """Return the environments that have `path` of their own."""
        return [name for name in self.spec.environments if self.draft.has(("environments", name, *path))]


def note_overrides(work: SpecWork, item: ChangeItem, path: Path) -> None:
    """Tell of environments that have a value of their own, which a change for everywhere does not reach."""
    for name in work.overrides(*map(str, path)):
        value = work.draft.get(("environments", name, *path))
        if value != work.draft.get(path):
            told = f"in {name} it stays {value_text(value)} (`environments.{name}.{dotted(path)}`)"
            work.stays[f"{item.said}: {told}; a change `in {name}` reaches that one"] = None


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def value_text(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    if value == "":
        return '""'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        if set(value) >= {"min", "max"}:
            return f"{value['min']} to {value['max']}"
        return ", ".join(f"{key} {value_text(each)}" for key, each in value.items()) or "{}"
    return ", ".join(map(value_text, value)) if isinstance(value, list) else str(value)
