"""Where an API server is and how to log in: kubeconfig files as kubectl merges them, or a pod's own account."""

from __future__ import annotations

import base64
import binascii
import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.kube.shape import mappings, text, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

IN_CLUSTER = "in-cluster"  # the context that means: the cluster in whose pod we run
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MAX_BYTES = 8 * 1024 * 1024
_LOADERS = {"contexts": "context", "clusters": "cluster", "users": "user"}


@dataclass(frozen=True, slots=True)
class Plugin:
    """A program that provides credentials. `directory` is where a command that is a relative path starts from."""

    command: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    api_version: str
    hint: str
    provide_cluster: bool
    directory: Path


@dataclass(frozen=True, slots=True)
class Access:
    """One server and one user. Certificates and keys are PEM; `ca` empty means those that the machine trusts."""

    context: str
    server: str
    ca: str = ""
    insecure: bool = False
    tls_server_name: str = ""
    proxy: str = ""
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    plugin: Plugin | None = None
    impersonate: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class KubeconfigEntry:
    """`value` as a file has it; paths in it start from `directory`."""

    value: dict[str, Any] = field(repr=False)
    directory: Path


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """All files together; of entries with one name the first counts, whole. `files` are those that exist."""

    files: tuple[Path, ...]
    contexts: Mapping[str, KubeconfigEntry]
    clusters: Mapping[str, KubeconfigEntry]
    users: Mapping[str, KubeconfigEntry]


def read_kubeconfig(environ: Mapping[str, str]) -> Kubeconfig:
    """Read the files of `KUBECONFIG`, or `~/.kube/config`; those that do not exist are skipped. Raises ATM810."""
    listed = [Path(part) for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    paths = listed or [Path(environ.get("HOME") or Path.home(), ".kube", "config")]
    found: dict[str, dict[str, KubeconfigEntry]] = {name: {} for name in _LOADERS}
    files = []
    for path in paths:
        value = _read(path)
        if value is None:
            continue
        files.append(path)
        for plural, single in _LOADERS.items():
            for item in mappings(value, plural):
                name, inner = item.get("name"), item.get(single)
                if isinstance(name, str) and isinstance(inner, dict):
                    found[plural].setdefault(name, KubeconfigEntry(inner, path.absolute().parent))
    return Kubeconfig(tuple(files), found["contexts"], found["clusters"], found["users"])


def _read(path: Path) -> dict[str, Any] | None:
    from atmos_cli.yamlio.load import load

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _broken(f"{path} cannot be read: {(error.strerror or 'no reason given').lower()}") from None
    if len(data) > MAX_BYTES:
        raise _broken(f"{path} is larger than {MAX_BYTES >> 20} MiB")
    try:
        value = load(data, path=str(path))
    except AtmosError as error:
        # The parser's message may quote the line, and in this file a line may be a key.
        where = error.diagnostics[0].where
        line = f", see line {where.line}" if where and where.line else ""
        raise _broken(f"{path} is not the YAML of a kubeconfig{line}") from None
    return value if isinstance(value, dict) else {}


def access(kubeconfig: Kubeconfig, context: str, *, setting: str) -> Access:
    """Return all that it takes to ask the server of `context`. `setting` names where that context was configured.

    Raises ATM810 for a context that does not exist or is not complete.
    """
    if context not in kubeconfig.contexts:
        raise _no_context(kubeconfig, context, setting)
    names = kubeconfig.contexts[context].value
    cluster = _referred(kubeconfig.clusters, names, "cluster", context)
    user = _referred(kubeconfig.users, names, "user", context) if names.get("user") else KubeconfigEntry({}, Path())
    server = text(cluster.value, "server")
    if not server.startswith(("https://", "http://")):
        raise _broken(f"the cluster of context `{context}` has no usable `server`")
    if "auth-provider" in user.value:
        message = f"the user of context `{context}` has an `auth-provider`, which Kubernetes gave up in 1.26"
        raise fail(
            Code.CLUSTER_UNCONFIGURED, message, hint="log in with your provider's tool: it writes an `exec` user"
        )
    return Access(
        context=context,
        server=server.rstrip("/"),
        ca=_pem(cluster, "certificate-authority"),
        insecure=cluster.value.get("insecure-skip-tls-verify") is True,
        tls_server_name=text(cluster.value, "tls-server-name"),
        proxy=text(cluster.value, "proxy-url"),
        certificate=_pem(user, "client-certificate"),
        key=_pem(user, "client-key"),
        token=text(user.value, "token"),
        token_file=str(_path(user, "tokenFile") or ""),
        user=text(user.value, "username"),
        password=text(user.value, "password"),
        plugin=_plugin(user, context),
        impersonate=_impersonation(user.value),
    )


def in_cluster(environ: Mapping[str, str]) -> Access | None:
    """Return the access of the pod we run in, by its service account; None outside of a cluster."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    token, ca = ACCOUNT / "token", ACCOUNT / "ca.crt"
    if not host or not token.is_file() or not ca.is_file():
        return None
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Access(IN_CLUSTER, server, ca=ca.read_text("utf-8", "replace"), token_file=str(token))


def _no_context(kubeconfig: Kubeconfig, context: str, setting: str) -> AtmosError:
    if not kubeconfig.files:
        hint = "log in to the cluster with its provider's tool, or set KUBECONFIG to the file that you were given"
        return fail(Code.CLUSTER_UNCONFIGURED, "there is no kubeconfig, so no cluster can be asked", hint=hint)
    close = difflib.get_close_matches(context[:200], kubeconfig.contexts, n=1)
    some = ", ".join(sorted(kubeconfig.contexts)[:8]) or "none"
    guess = f"did you mean `{close[0]}`?" if close else f"contexts that exist: {some};"
    hint = f"{guess} write its name as `{setting}` in atmos-cli.yaml"
    files = ", ".join(str(path) for path in kubeconfig.files[:3])
    return fail(Code.CLUSTER_UNCONFIGURED, f"{files} has no context `{context}`", hint=hint)


def _referred(
    entries: Mapping[str, KubeconfigEntry], names: dict[str, Any], what: str, context: str
) -> KubeconfigEntry:
    name = names.get(what)
    if not isinstance(name, str) or name not in entries:
        raise _broken(f"context `{context}` names the {what} `{name}`, which no kubeconfig has")
    return entries[name]


def _plugin(user: KubeconfigEntry, context: str) -> Plugin | None:
    value = user.value.get("exec")
    if not isinstance(value, dict):
        return None
    command, version = text(value, "command"), text(value, "apiVersion")
    if not command or version not in ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"):
        raise _broken(
            f"the `exec` of the user of context `{context}` lacks a command or a version that is still in use"
        )
    if value.get("interactiveMode") == "Always":
        message = f"the `exec` plugin of context `{context}` must be asked at a terminal, which atmos does not give it"
        raise fail(Code.CLUSTER_UNCONFIGURED, message, hint="use a context whose plugin works without one")
    args = tuple(str(each) for each in value.get("args") or () if isinstance(each, str | int | float))
    pairs = [(each.get("name"), each.get("value")) for each in mappings(value, "env")]
    env = tuple((name, text) for name, text in pairs if isinstance(name, str) and isinstance(text, str))
    provide = value.get("provideClusterInfo") is True
    return Plugin(
        command=command,
        args=args,
        env=env,
        api_version=version,
        hint=text(value, "installHint"),
        provide_cluster=provide,
        directory=user.directory,
    )


def _impersonation(user: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    name = text(user, "as")
    found = [("Impersonate-User", name)] if name else []
    return (*found, *(("Impersonate-Group", each) for each in texts(user, "as-groups")))


def _path(entry: KubeconfigEntry, key: str) -> Path | None:
    name = text(entry.value, key)
    return entry.directory / name if name else None


def _pem(entry: KubeconfigEntry, key: str) -> str:
    """Return the text of `KEY-data`, which wins, or of the file that `KEY` names."""
    inline, path = text(entry.value, f"{key}-data"), _path(entry, key)
    try:
        if inline:
            return base64.b64decode(inline, validate=True).decode("utf-8", "replace")
        return path.read_bytes()[:MAX_BYTES].decode("utf-8", "replace") if path else ""
    except (binascii.Error, ValueError):
        raise _broken(f"`{key}-data` in the kubeconfig is not base64") from None
    except OSError as error:
        raise _broken(f"`{key}` names {path}, which cannot be read: {(error.strerror or '').lower()}") from None


def _broken(message: str) -> AtmosError:
    hint = "`kubectl config view` shows it; your provider's tool writes it anew"
    return fail(Code.CLUSTER_UNCONFIGURED, message, hint=hint)
