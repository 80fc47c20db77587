"""The rules of the Pod Security level `baseline`: nothing of the host, no known way out of a container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.shape import Path, at, items, mapping, text, text_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.checks.subject import PodTemplate

CAPABILITIES = frozenset(
    (
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    )
)
SYSCTLS = {
    0: (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
    ),
    27: ("net.ipv4.ip_local_reserved_ports",),
    29: (
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    ),
    32: ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
SELINUX_TYPES = frozenset(("", "container_t", "container_init_t", "container_kvm_t"))
PROFILES = ("RuntimeDefault", "Localhost")
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Violation:
    path: Path
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One pod, its security contexts with their paths, and the minor version of the cluster."""

    pod: PodTemplate
    minor: int
    windows: bool
    holders: tuple[tuple[Path, dict[str, Any], str], ...]

    @property
    def containers(self) -> tuple[tuple[Path, dict[str, Any], str], ...]:
        return self.holders[1:]


def _host_namespaces(seen: Seen) -> Iterator[Violation]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if seen.pod.spec.get(field) is True:
            yield Violation((*seen.pod.path, field), f"the pod must not set {field}", f"remove {field}")


def _privileged(seen: Seen) -> Iterator[Violation]:
    for path, container, who in seen.containers:
        if at(container, "securityContext", "privileged") is True:
            where = (*path, "securityContext", "privileged")
            yield Violation(where, f"{who} must not be privileged", "remove privileged: true")


def _host_process(seen: Seen) -> Iterator[Violation]:
    for path, holder, who in seen.holders:
        if at(holder, "securityContext", "windowsOptions", "hostProcess") is True:
            where = (*path, "securityContext", "windowsOptions", "hostProcess")
            yield Violation(where, f"{who} must not set hostProcess", "remove hostProcess: true")


def _host_paths(seen: Seen) -> Iterator[Violation]:
    for index, volume in items(seen.pod.spec, "volumes"):
        if volume.get("hostPath") is not None:
            where = (*seen.pod.path, "volumes", index, "hostPath")
            hint = "use an emptyDir or a persistentVolumeClaim"
            yield Violation(where, f'volume "{text(volume, "name")}" must not be a hostPath', hint)


def _host_ports(seen: Seen) -> Iterator[Violation]:
    for path, container, who in seen.containers:
        for index, port in items(container, "ports"):
            if port.get("hostPort"):
                hint = "remove hostPort and reach the pod through a Service"
                yield Violation((*path, "ports", index, "hostPort"), f"{who} must not use hostPort", hint)


def _probe_hosts(seen: Seen) -> Iterator[Violation]:
    if seen.minor < 34:
        return
    probes = [
        ("livenessProbe",),
        ("readinessProbe",),
        ("startupProbe",),
        ("lifecycle", "postStart"),
        ("lifecycle", "preStop"),
    ]
    for path, container, who in seen.containers:
        for steps in probes:
            for action in ("httpGet", "tcpSocket"):
                if at(container, *steps, action, "host"):
                    where = (*path, *steps, action, "host")
                    yield Violation(where, f"{who} must not name a host in a probe or hook", "remove host")


def _capabilities(seen: Seen) -> Iterator[Violation]:
    yield from added_capabilities(seen, refused=lambda capability: capability not in CAPABILITIES)


def added_capabilities(seen: Seen, *, refused: Callable[[str], bool]) -> Iterator[Violation]:
    for path, container, who in seen.containers:
        for index, capability in text_items(container, "securityContext", "capabilities", "add"):
            if refused(capability):
                where = (*path, "securityContext", "capabilities", "add", index)
                yield Violation(where, f"{who} must not add the capability {capability}", "remove it")


def _sysctls(seen: Seen) -> Iterator[Violation]:
    allowed = {name for since, names in SYSCTLS.items() if seen.minor >= since for name in names}
    for index, sysctl in items(seen.pod.spec, "securityContext", "sysctls"):
        if text(sysctl, "name") not in allowed:
            where = (*seen.pod.path, "securityContext", "sysctls", index, "name")
            message = f'the pod must not set the sysctl "{text(sysctl, "name")}"'
            yield Violation(where, message, f"allowed: {', '.join(sorted(allowed))}")


def _selinux(seen: Seen) -> Iterator[Violation]:
    allowed = SELINUX_TYPES | ({"container_engine_t"} if seen.minor >= 31 else set())
    for path, holder, who in seen.holders:
        options = mapping(holder, "securityContext", "seLinuxOptions")
        where = (*path, "securityContext", "seLinuxOptions")
        if text(options, "type") not in allowed:
            yield Violation((*where, "type"), f"{who} must not set this SELinux type", "remove seLinuxOptions.type")
        for field in ("user", "role"):
            if options.get(field):
                yield Violation(
                    (*where, field), f"{who} must not set an SELinux {field}", f"remove seLinuxOptions.{field}"
                )


def _apparmor(seen: Seen) -> Iterator[Violation]:
    for path, holder, who in seen.holders:
        profile = at(holder, "securityContext", "appArmorProfile")
        if isinstance(profile, dict) and profile.get("type") not in PROFILES:
            where = (*path, "securityContext", "appArmorProfile", "type")
            yield Violation(where, f"{who} must not turn AppArmor off", "set type: RuntimeDefault or Localhost")
    for key, value in seen.pod.annotations.items():
        if key.startswith(APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/"):
            where = (*seen.pod.path[:-1], "metadata", "annotations", key)
            yield Violation(where, "the pod must not turn AppArmor off", "set it to runtime/default")


def _proc_mount(seen: Seen) -> Iterator[Violation]:
    for path, container, who in seen.containers:
        if at(container, "securityContext", "procMount") not in (None, "Default"):
            where = (*path, "securityContext", "procMount")
            yield Violation(where, f"{who} must not change procMount", "remove procMount")


def _unconfined(seen: Seen) -> Iterator[Violation]:
    for path, holder, who in seen.holders:
        profile = at(holder, "securityContext", "seccompProfile")
        if isinstance(profile, dict) and profile.get("type") not in PROFILES:
            where = (*path, "securityContext", "seccompProfile", "type")
            yield Violation(where, f"{who} must use a seccomp profile", "set type: RuntimeDefault")


BASELINE = (
    _host_namespaces,
    _privileged,
    _host_process,
    _host_paths,
    _host_ports,
    _probe_hosts,
    _capabilities,
    _sysctls,
    _selinux,
    _apparmor,
    _proc_mount,
    _unconfined,
)
