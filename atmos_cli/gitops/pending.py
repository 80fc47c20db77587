"""Whether the files of a service are what its spec and the config would generate now; hand edits do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity
from atmos_cli.foreign import shell
from atmos_cli.gitops.inputs import Inputs, lock_head
from atmos_cli.gitops.services import ServiceName, environments_of, services
from atmos_cli.layout.items import opened
from atmos_cli.layout.lock import stamp
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.merge.model import same
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config
    from atmos_cli.layout.lock import Content, Lock
    from atmos_cli.ports import FileTree

# Inputs that atmos or the platform brings: newer ones are an offer.
_OFFERED = ("blueprints.", "generation", "languages")


def pending_updates(tree: FileTree, config: Config, catalogue: Catalogue, *, strict: bool) -> Iterator[Diagnostic]:
    """Yield a warning (an error when `strict`) for each service that `atmos update` has something for.

    A newer blueprint alone is only a note. Services whose spec or lock cannot be read are reported elsewhere.
    """
    inputs = Inputs(config, catalogue)
    for name in services(tree):
        try:
            found = pending_update(tree, name, inputs, strict=strict)
        except AtmosError:
            continue
        if found is not None:
            yield found


def pending_update(tree: FileTree, name: ServiceName, inputs: Inputs, *, strict: bool = False) -> Diagnostic | None:
    """Return what `atmos update` has for one service, None when nothing is newer than its lock."""
    spec_path, lock_path = f"{name.directory}/service.yaml", f"{name.directory}/service.lock"
    data, lock_data = tree.read(spec_path), tree.read(lock_path)
    if data is None or lock_data is None:
        return None
    lock = lock_head(lock_data, path=lock_path)
    spec, known = load(data, path=spec_path), lock.files.get(spec_path)
    stale = inputs.stale(lock, str(name))
    changed = isinstance(known, tuple) and not same(known[0], spec)
    ours = [each for each in stale if not each.startswith(_OFFERED)]
    if _stamped(lock, spec) and not (changed or ours or _moved(tree, name, lock, inputs.config)):
        return _offer(name, spec_path) if stale else None
    if not _differs(tree, name, inputs.config, inputs.catalogue, data):
        return None
    where = Location(spec_path, 1, 1)
    if changed and isinstance(known, tuple) and isinstance(spec, dict) and isinstance(known[0], dict):
        field = next((key for key in spec if not same(spec[key], known[0].get(key))), None)
        where = located(data, 0, (field,), file=spec_path) if field is not None else where
    source = f"`{spec_path}`" if changed or not lock.inputs else f"`{FILE}`"
    message = f"{source} and the files of `{name}` differ: what it says now is not generated yet"
    severity = Severity.ERROR if strict else Severity.WARNING
    return Diagnostic(
        Code.UPDATE_PENDING, message, severity, where=where, hint=f"run `atmos update {shell(str(name))}`"
    )


def is_current(tree: FileTree, name: ServiceName, inputs: Inputs) -> bool:
    """Say whether all that a service is generated from is as its lock has it, so that nothing can be newer.

    False where the lock does not say. Raises AtmosError for a spec or lock that cannot be read.
    """
    spec_path, lock_path = f"{name.directory}/service.yaml", f"{name.directory}/service.lock"
    data, lock_data = tree.read(spec_path), tree.read(lock_path)
    if data is None or lock_data is None:
        return False
    lock = lock_head(lock_data, path=lock_path)
    known = lock.files.get(spec_path)
    if not lock.inputs or lock.edited or b"\n<<<<<<<" in lock_data or not isinstance(known, tuple):
        return False
    unmoved = not inputs.stale(lock, str(name)) and not _moved(tree, name, lock, inputs.config)
    return unmoved and _stamped(lock, known[0]) and same(known[0], load(data, path=spec_path))


def _stamped(lock: Lock, spec: Any) -> bool:
    """Say whether the lock is that of one generation, from what it says; a merge of two by Git is not.

    The spec does not matter where it changed since: then it says so itself.
    """
    known = next((each for path, each in lock.files.items() if path.endswith("/service.yaml")), None)
    value = known[0] if isinstance(known, tuple) else spec
    used = [name for name, there in (lock.environments or {}).items() if there]
    return lock.stamps == (stamp(value, lock.inputs, used),)


def _moved(tree: FileTree, name: ServiceName, lock: Lock, config: Config) -> bool:
    """Say whether the service belongs in other environments than it was generated for."""
    used = {each for each, there in (lock.environments or {}).items() if there}
    return lock.environments is not None and used != set(environments_of(tree, name, (lock,), config))


def _offer(name: ServiceName, path: str) -> Diagnostic:
    message = f"there is a newer blueprint for `{name}`"
    hint = f"see `atmos update {shell(str(name))} --dry-run`"
    return Diagnostic(Code.UPDATE_PENDING, message, Severity.INFO, where=Location(path, 1, 1), hint=hint)


def _differs(tree: FileTree, name: ServiceName, config: Config, catalogue: Catalogue, data: bytes) -> bool:
    """Say whether other values would be generated than the lock has."""
    from atmos_cli.gitops.generate import generate
    from atmos_cli.spec.model import read_spec

    spec_path, lock_path = f"{name.directory}/service.yaml", f"{name.directory}/service.lock"
    locks = read_lock(tree.read(lock_path), path=lock_path)
    environments = environments_of(tree, name, locks, config)
    if not environments:
        return False
    made = generate(
        read_spec(data, path=spec_path),
        team=name.team,
        environments=environments,
        config=config,
        catalogue=catalogue,
        spec_data=data,
    )
    now = {path: _documents(each.content) for path, each in made.contents.items()}
    for lock in locks:
        known = {path: _documents(content) for path, content in lock.files.items() if path != spec_path}
        wanted = now
        if not lock.inputs:  # the first format knew base and overlays alone
            inside = (f"{name.directory}/base/", f"{name.directory}/overlays/")
            wanted = {path: each for path, each in now.items() if path.startswith(inside) and path.endswith(".yaml")}
        if known.keys() != wanted.keys() or any(not same(known[path], wanted[path]) for path in wanted):
            return True
    return False


def _documents(content: Content) -> list[Any]:
    return [opened(each) for each in content] if isinstance(content, tuple) else [content]
