"""Starts a container of a generated pod as a kubelet and runc would, with the machine's own programs as its image.

A namespace of mounts in which nothing can be written but the pod's volumes, one of processes, no capability, a numeric
user, the memory limit as a control group, and of the environment only what the pod says. No kubelet runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What an image has below its root, beside its own application; /etc with its users is the machine's.
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "usr", "etc", "opt")
CGROUPS = Path("/sys/fs/cgroup/memory")
REFERENCE = re.compile(r"\$\((\w+)\)")
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Image:
    """The parts of an image: files of the machine by where the image has them, its command, variables and directory."""

    command: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"


@dataclass(slots=True)
class Running:
    process: subprocess.Popen[bytes]
    pid: int
    log: Path
    group: Path | None

    def memory(self) -> int:
        """Return resident MiB of all processes of the container, with its tmpfs; 0 where the machine has no groups."""
        if self.group is None:
            return 0
        lines = dict(line.split() for line in (self.group / "memory.stat").read_text().splitlines())
        return -(-(int(lines["total_rss"]) + int(lines.get("total_shmem", 0))) // MIB)

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self, *, within: float) -> tuple[int, float]:
        """Send SIGTERM to the container's process as a kubelet does; return its exit status and the seconds it took."""
        start = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(within)
        took = time.monotonic() - start
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.process.wait(10)
        return self.process.returncode, took


def environment(container: Mapping[str, Any], secrets: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the variables as a kubelet makes them: `$(NAME)` is replaced by what stands earlier, and by that alone."""
    found: dict[str, str] = {}
    for each in container["env"]:
        if source := each.get("valueFrom", {}).get("secretKeyRef"):
            found[each["name"]] = secrets[source["name"]][source["key"]]
        else:
            found[each["name"]] = REFERENCE.sub(lambda m: found.get(m[1], m[0]), each.get("value", ""))
    return found


@contextlib.contextmanager
def running(pod: Mapping[str, Any], image: Image, *, env: Mapping[str, str], at: Path, name: str) -> Iterator[Running]:
    """Run the pod's only container until the block ends. `at` is an empty directory."""
    (container,) = pod["containers"]
    log, group = at / "log", _group(name, container)
    script = at / "start.sh"
    script.write_text(_script(pod, container, image, env=env, at=at, group=group))
    log.touch()
    log.chmod(0o666)  # as runc gives the standard streams to the container's user
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--kill-child", "bash", str(script)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Running(
            process, _main_process(process.pid, at, shared=bool(pod.get("shareProcessNamespace"))), log, group
        )
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        if group is not None:
            _remove(group)
        shutil.rmtree(at / "volumes", ignore_errors=True)


def _group(name: str, container: Mapping[str, Any]) -> Path | None:
    if not os.access(CGROUPS, os.W_OK) or not (CGROUPS / "memory.limit_in_bytes").exists():
        return None
    group = CGROUPS / f"atmos-runtimes-{os.getpid()}-{name}"
    group.mkdir(exist_ok=True)
    limit = container["resources"]["limits"]["memory"]
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", limit).groups()  # type: ignore[union-attr]
    (group / "memory.limit_in_bytes").write_text(str(int(number) * MIB * (1024 if unit == "Gi" else 1)))
    return group


def _remove(group: Path) -> None:
    for _ in range(50):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return


def _main_process(parent: int, at: Path, *, shared: bool) -> int:
    """Return the process that a kubelet would signal: the first of its namespace, or that below the pause process."""
    ready = at / "ready"
    for _ in range(600):
        if ready.exists() and (children := _children(parent)):
            if not shared:
                return children[0]
            if grandchildren := _children(children[0]):
                return grandchildren[0]
        time.sleep(0.05)
    raise AssertionError(f"the container was not started: {(at / 'log').read_text(errors='replace')}")


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _first_free_port(pod: Mapping[str, Any]) -> str:
    sysctls = {each["name"]: each["value"] for each in pod["securityContext"].get("sysctls", ())}
    return str(sysctls.get("net.ipv4.ip_unprivileged_port_start", "1024"))


def _script(
    pod: Mapping[str, Any],
    container: Mapping[str, Any],
    image: Image,
    *,
    env: Mapping[str, str],
    at: Path,
    group: Path | None,
) -> str:
    root = at / "root"
    user, gid = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    lines = [
        "set -e",
        *([f"echo $$ > {group}/cgroup.procs"] if group else []),
        "hostname shop-5d9c7b6f4-x2x7k",
        f"echo {_first_free_port(pod)} > /proc/sys/net/ipv4/ip_unprivileged_port_start",
        "mount --make-rprivate /",
        f"mkdir -p {root} && mount -t tmpfs -o mode=755 tmpfs {root}",
        f"cd {root} && mkdir proc sys tmp dev root var home run",
        *(f"[ ! -e /{each} ] || {{ mkdir {each}; mount --rbind /{each} {each}; }}" for each in SYSTEM),
        "mount -t proc proc proc && mount --rbind /sys sys",
        *(f"touch dev/{each} && mount --bind /dev/{each} dev/{each}" for each in ("null", "zero", "random", "urandom")),
        "ln -s /proc/self/fd dev/fd && ln -s /proc/self/fd/1 dev/stdout && ln -s /proc/self/fd/2 dev/stderr",
        f"echo '10.244.1.17 shop-5d9c7b6f4-x2x7k' | cat /etc/hosts - > {at}/hosts && mount --bind {at}/hosts etc/hosts",
        "mkdir dev/shm && mount -t tmpfs -o mode=1777,size=64m tmpfs dev/shm",
    ]
    for path, source in image.files.items():
        target = f"{root}{path}"
        made = f"mkdir -p {target}" if source.is_dir() else f"mkdir -p {Path(target).parent} && touch {target}"
        lines.append(f"{made} && mount --bind {source} {target}")
    volumes, places = [], []
    for mount in sorted(container["volumeMounts"], key=lambda each: str(each["mountPath"])):
        (volume,) = (each for each in pod["volumes"] if each["name"] == mount["name"])
        target = f"{root}{mount['mountPath']}"
        lines.append(f"mkdir -p {target}")
        places.append(mount["mountPath"])
        if volume["emptyDir"].get("medium") == "Memory":
            size = volume["emptyDir"]["sizeLimit"].removesuffix("Mi")
            # The kernel makes it 1777; the kubelet adds 2770 for the group of the pod's volumes.
            volumes += [
                f"mount -t tmpfs -o mode=1777,size={size}m tmpfs {target}",
                f"chgrp {gid} {target}",
                f"chmod 3777 {target}",
            ]
        else:
            disk = at / "volumes" / mount["name"]
            volumes += [f"mkdir -p {disk} && chgrp {gid} {disk} && chmod 2777 {disk}", f"mount --bind {disk} {target}"]
    # All that is there is made read-only, mount by mount, before the volumes come.
    lines += [
        f"cut -d' ' -f5 /proc/self/mountinfo | grep -E '^{root}(/|$)' | grep -vE '^{root}/(dev/shm|proc)' > {at}/mounts",
        f'while read -r each; do mount -o remount,bind,ro "$each" 2>/dev/null || true; done < {at}/mounts',
        *volumes,
    ]
    known = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": "shop-5d9c7b6f4-x2x7k"}
    values = {**known, **image.env, **env}
    program = shlex.join(["env", "-i", *(f"{key}={value}" for key, value in values.items()), *image.command])
    inner = (
        f"cd {image.workdir} && exec setpriv --reuid {user} --regid {gid} --groups {gid} --no-new-privs"
        f" --bounding-set=-all --inh-caps=-all {program}"
    )
    start = f"chroot {root} /bin/bash -c {shlex.quote(inner)}"
    lines.append(f": > {at}/ready")
    # With a shared namespace the pause process has id 1, and hands on nothing.
    lines.append(f"{start} & wait $!" if pod.get("shareProcessNamespace") else f"exec {start}")
    return "\n".join(lines) + "\n"
