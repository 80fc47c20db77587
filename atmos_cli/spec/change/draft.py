"""A `service.yaml` while it is changed: values by path, and the edits that lead there."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from atmos_cli.spec.model import Overrides, ServiceSpec
from atmos_cli.yamlio.edits import Edit, RemoveValue, SetValue

Path = tuple[str, ...]


class _Missing:
    __slots__ = ()


MISSING: Final = _Missing()
# Keys in the order of the model: a new one goes behind those that come before it.
_TOP = tuple(each.alias or name for name, each in ServiceSpec.model_fields.items())
_OVERRIDES = tuple(each.alias or name for name, each in Overrides.model_fields.items())


class SpecDraft:
    """Collects edits, in order, and shows the values as they will be."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = deepcopy(value)
        self._edits: list[Edit] = []

    def edits(self) -> tuple[Edit, ...]:
        return tuple(self._edits)

    def get(self, path: Path, default: Any = MISSING) -> Any:
        """Return what stands at `path`; `default` where nothing does."""
        found: Any = self._value
        for step in path:
            if not isinstance(found, dict) or found.get(step) is None:
                return default
            found = found[step]
        return found

    def has(self, path: Path) -> bool:
        """Return whether something stands at `path`."""
        return self.get(path) is not MISSING

    def set(self, path: Path, value: Any) -> None:
        holder = self._value
        for step in path[:-1]:
            holder = holder.setdefault(step, {})
        after = self._after(path, holder)
        holder[path[-1]] = value
        self._edits.append(SetValue(path, deepcopy(value), after=after))

    def remove(self, path: Path) -> None:
        """Remove what stands at `path`, and mappings that hold nothing else."""
        while len(path) > 1 and len(self.get(path[:-1])) == 1:
            path = path[:-1]
        holder = self.get(path[:-1]) if len(path) > 1 else self._value
        del holder[path[-1]]
        self._edits.append(RemoveValue(path))

    def _after(self, path: Path, holder: dict[str, Any]) -> str | None:
        order = _TOP if len(path) == 1 else _OVERRIDES if len(path) == 3 and path[0] == "environments" else ()
        if path[-1] in holder or path[-1] not in order:
            return None
        before = order[: order.index(path[-1])]
        return next((key for key in reversed(before) if key in holder), None)
