"""The values of a plan as they are gathered, each with its source; two sources that contradict are a problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from atmos_cli.diagnostics import Code, Diagnostic


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One value of the plan: where it came from, and what to know about it."""

    field: str
    value: str
    source: str
    note: str = ""


@dataclass(slots=True)
class NewDraft:
    """The fields of a spec to be. A flag that repeats a word is fine, one that contradicts it is in `problems`."""

    values: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, PlanRow] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def put(self, name: str, value: Any, shown: str, source: str, note: str = "") -> None:
        self.values[name] = value
        self.rows[name] = PlanRow(name, shown, source, note)

    def put_flag(self, name: str, value: Any, shown: str, flag: str) -> None:
        """Put what `flag` says of a field, unless something else was said of it."""
        before = self.values.get(name, value)
        if before != value:
            self.contradicts(flag, name)
            return
        self.put(name, value, shown, f"flag {flag}")

    def put_one(self, name: str, key: str, value: Any, flag: str) -> None:
        """Put what `flag` says of one entry of a mapping."""
        held = self.values.setdefault(name, {})
        if held.get(key, value) != value:
            self.contradicts(flag, name)
            return
        held[key] = value
        before = self.rows.get(name)
        sources = dict.fromkeys((*(before.source.split("; ") if before else ()), f"flag {flag}"))
        self.rows[name] = PlanRow(name, ", ".join(sorted(held)), "; ".join(sources), before.note if before else "")

    def add(self, addon: str, flag: str) -> None:
        self.values.setdefault("addons", {}).setdefault(addon, {})
        if self.rows.get(addon, PlanRow(addon, "no", "")).value == "no":
            self.rows[addon] = PlanRow(addon, "yes", f"flag {flag}")

    def contradicts(self, flag: str, name: str) -> None:
        said = self.rows[name].source
        said = said.replace("your words: ", "your words `") + "`" if said.startswith("your words: ") else f"`{said}`"
        message = f"`{flag}` and {said} contradict each other"
        self.problems.append(Diagnostic(Code.INTENT_CONTRADICTION, message, hint="keep one of them"))


def shown_value(value: Any) -> str:
    """Return a value of a spec as a plan has it: `80 → 3000`, `2 to 10`."""
    if isinstance(value, dict) and "service" in value:
        same = value["service"] == value["container"]
        return str(value["service"]) if same else f"{value['service']} → {value['container']}"
    if isinstance(value, dict) and "min" in value:
        return f"{value['min']} to {value['max']}"
    if isinstance(value, dict) and "cpu" in value:
        return f"{value['cpu']} CPU, {value['memory']}"
    return str(value)
