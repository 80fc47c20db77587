"""No secret value is in plain text in any file of the repo: specs, settings, and what no overlay builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.checks.plain_secrets import HINT, plain_field
from atmos_cli.checks.registry import Scope, check
from atmos_cli.checks.secret_values import held_secrets, remedy
from atmos_cli.checks.subject import FileDocument, Finding, RepoSubject
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kube.shape import mapping, text
from atmos_cli.yamlio.load import load, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.ports import FileTree

CONFIG = "atmos-cli.yaml"
_SERVICE = re.compile(r"apps/[^/]+/(?P<service>[^/]+)/.+")
# Templates, whose results are checked, and made by atmos itself.
_LEFT_OUT = ("platform/blueprints/", "platform/schemas/")


@check("committed-secrets", Code.PLAIN_SECRET, summary="no secret in any file of the repo", scope=Scope.REPO)
def committed_secrets(subject: RepoSubject) -> Iterator[Finding]:
    tree = subject.tree
    store = _store(tree)
    for path in (CONFIG, *(path for root in subject.roots for path in tree.files(root))):
        if not path.endswith((".yaml", ".yml")) or path.startswith(_LEFT_OUT):
            continue
        try:
            data = tree.read(path) or b""
        except AtmosError:
            continue  # `validate` says which file cannot be read, and why
        yield from secrets_in_file(path, data, store=store)


def secrets_in_file(path: str, data: bytes, *, store: str = "") -> Iterator[Finding]:
    """Find the secrets of one YAML file; none when it cannot be read, which other checks report."""
    try:
        values = [document.value for document in load_all(data, path=path)]
    except AtmosError:
        return
    for index, value in enumerate(values):
        document = FileDocument(path, index, value)
        if isinstance(value, dict) and value.get("kind") == "Secret" and (plain := plain_field(value)):
            name = text(value, "metadata", "name")
            message = f'Secret "{name}" holds its values in plain text (base64 is no protection)'
            yield Finding(Code.PLAIN_SECRET, document, (plain,), message, hint=HINT)
        for held in held_secrets(value):
            hint = _hint(path, held.path, held.variable, store)
            yield Finding(Code.PLAIN_SECRET, document, held.path, held.said, hint=hint)


def _hint(path: str, at: tuple[Any, ...], variable: str, store: str) -> str:
    if path == CONFIG:
        if at == ("git", "url"):
            return (
                "write the URL without user and password; engines read with a Secret of their own, such as the one that"
                " `git.secret` names; then change the password"
            )
        return "take it out, and name an environment variable in `tokenEnv` where there is one; then change the secret"
    found = _SERVICE.fullmatch(path)
    service = found["service"] if found else ""
    return remedy(variable, service=service, store=store, spec=path.count("/") == 3 and path.endswith("/service.yaml"))


def _store(tree: FileTree) -> str:
    """Return the first secret store that an environment has; empty when none has one."""
    try:
        config = load(tree.read(CONFIG) or b"", path=CONFIG)
    except AtmosError:
        return ""
    environments = mapping(config, "environments").values()
    return next((store for place in environments if (store := text(place, "secrets", "store"))), "")
