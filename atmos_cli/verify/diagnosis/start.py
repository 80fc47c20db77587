"""Rules R12, R13, R15 to R19: a container that cannot start, or starts and ends."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from atmos_cli.foreign import shell
from atmos_cli.kube.shape import at, mapping, mappings, texts
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, PATTERN, Suspect, certainty, from_lines, word
from atmos_cli.verify.diagnosis.patterns import RX
from atmos_cli.verify.diagnosis.references import absent, missing_reference
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.diagnosis.workload import Container

_CANNOT_RUN = {"ContainerCannotRun", "StartError"}
_PYDANTIC = re.compile(r"^(?P<env>[A-Za-z][A-Za-z0-9_]{1,60})$")
_DEPENDENCY = re.compile(
    r"(?:module named|module|package|ClassNotFoundException:|NoClassDefFoundError:|libraries:|such file --|assembly"
    r"|main class|shared library) ['\"]?(?P<name>[\w./@-]{1,120})"
)
_PATH = re.compile(r"(?:['\"` ]|^)(?P<path>/[\w./@%+-]{2,200})")
_TAKEN = re.compile(r":(?P<port>\d{2,5})\b")


def start_rules(facts: Facts) -> Iterator[Suspect]:
    yield from _references(facts)
    yield from _commands(facts)
    if facts.crashing:
        yield from _environment(facts)
        yield from _modules(facts)
        yield from _ports(facts)
    if facts.hurting:
        yield from _files(facts)
    yield from _one_shots(facts)


def _references(facts: Facts) -> Iterator[Suspect]:
    for container in facts.containers:
        if container.waiting == "CreateContainerConfigError" and not RX["CACHE"].search(container.message):
            yield _reference(facts, container)
            return


def _reference(facts: Facts, container: Container) -> Suspect:
    kind, name, key = missing_reference(container.message)
    evidence = (shown(f"pod {container.pod}/{container.name}: {container.waiting}: {container.message}"),)
    if not name and not key:
        root = "runAsNonRoot" in container.message
        return Suspect(
            rule="R18" if root else "R13",
            title="the image runs as root, which the pod forbids"
            if root
            else "the container's configuration is refused",
            hint="The image's user is root or a name: set `runAsUser`, or USER in the image to a number."
            if root
            else "The kubelet cannot make the container's configuration: see its message.",
            confidence=0.92 if root else 0.6,
            specificity=EXACT,
            evidence=evidence,
            subject=("securityContext", "runAs", IMAGE),
            next=f"kubectl -n {facts.namespace} describe pod {container.pod}",
        )
    return absent(facts, kind, name, key, evidence, rule="R13")


def _commands(facts: Facts) -> Iterator[Suspect]:
    for container in facts.containers:
        ended = [end for end in container.ends if end.code in (126, 127, 128) or end.reason in _CANNOT_RUN]
        said = " ".join([*(end.message for end in ended), container.message])
        log = next((line for line, _ in facts.matching("EXEC") if line.container == container.name), None)
        unstartable = container.waiting in ("RunContainerError", "CreateContainerError", "StartError")
        explained = RX["EXEC"].search(said)
        exits = any(end.code in (126, 127) for end in ended)
        if not (explained and (ended or unstartable)) and not exits and not (log and container.crashing):
            continue
        wrong = "exec format error" in f"{said} {log.text if log else ''}"
        command = " ".join(texts(container.spec, "command") + texts(container.spec, "args")) or "the image's entrypoint"
        why = (
            "the image is built for another architecture"
            if wrong
            else "a wrong path, or a file that may not be executed"
        )
        line = said.strip() or (log.text if log else f"exit code {next(end.code for end in ended)}")
        yield Suspect(
            rule="R15",
            title=f"container {container.name} cannot start its command",
            hint=f"The container cannot start {shown(command, most=120)}: {why}.",
            confidence=0.93 if explained or log else 0.8,
            specificity=EXACT,
            evidence=(shown(f"pod {container.pod}/{container.name}: {line}"),),
            subject=(IMAGE, "command", "args"),
            next=f"kubectl -n {facts.namespace} describe pod {container.pod}",
            at=max((end.at for end in ended), default=0.0),
        )
        return


def _environment(facts: Facts) -> Iterator[Suspect]:
    found = list(facts.matching("MISSING_ENV"))
    if not found:
        return
    line, match = found[0]
    name = next((value for key, value in match.groupdict().items() if value and key.startswith("env")), "")
    name = name or _after_validation(facts, line.text)
    known = {plain_text(e, "name") for c in facts.containers for e in mappings(c.spec, "env")} | _keys(facts)
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75) if name else []
    lost = [c for c in facts.evidence.changes if name and name in [str(s) for s in c.path] and c.after is None]
    hint = f"Environment variable {name or '(see the log)'} is missing."
    hint += f" The nearest one that exists is {near[0]}." if near and near[0] != name else ""
    hint += " This commit removed it." if lost else ""
    present = name in known and not lost
    yield Suspect(
        rule="R12",
        title=f"environment variable {name} is missing" if name else "a setting that the program needs is missing",
        hint=hint,
        confidence=(0.9 if line.novel else 0.6) - (0.3 if present else 0),
        specificity=CAUSE if present else EXACT,
        evidence=from_lines(facts, "MISSING_ENV"),
        subject=(*((word(name),) if name else ()), "envFrom", "ConfigMap/", IMAGE),
        next=f"kubectl -n {facts.namespace} set env deploy/{facts.evidence.target.workload} --list",
    )


def _after_validation(facts: Facts, line: str) -> str:
    """Return the variable of a pydantic error: it writes the field's name on the line after its count of errors."""
    lines = [each.text.strip() for each in facts.lines if each.new]
    where = lines.index(line.strip()) if line.strip() in lines else len(lines)
    for each in lines[where + 1 : where + 3]:
        if match := _PYDANTIC.match(each):
            return match["env"].upper()
    return ""


def _keys(facts: Facts) -> set[str]:
    return {key for owner in facts.of_kind("ConfigMap", "Secret") for key in mapping(owner, "data")}


def _modules(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "NO_MODULE", novel=0.9, stale=0.6)
    if sure:
        line, _ = next(facts.matching("NO_MODULE"))
        match = _DEPENDENCY.search(line.text)
        name = match["name"] if match else ""
        yield Suspect(
            rule="R16",
            title=f"the image lacks {name}" if name else "the image lacks a library",
            hint=f"The image lacks {name or 'a dependency'}: the build is at fault, not the cluster.",
            confidence=sure,
            specificity=EXACT,
            evidence=from_lines(facts, "NO_MODULE"),
            subject=(IMAGE, "command", "args"),
            next=f"docker run --rm --entrypoint sh {shell(facts.containers[0].image)} -c 'ls'"
            if facts.containers
            else "",
        )


def _ports(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "PORT_USED", novel=0.88, stale=0.6)
    if sure:
        line, _ = next(facts.matching("PORT_USED"))
        match = _TAKEN.search(line.text)
        port = f"port {match['port']}" if match else "its port"
        beside = {c.name for c in facts.containers} - {line.container}
        other = f" beside container {', '.join(sorted(beside))}" if beside else ""
        yield Suspect(
            rule="R17",
            title=f"{port} is already taken inside the pod",
            hint=f"Container {line.container} cannot listen on {port}{other}: two processes of one pod share its "
            "ports.",
            confidence=sure,
            specificity=EXACT,
            evidence=from_lines(facts, "PORT_USED"),
            subject=("ports?", "PORT", r"\bcontainer\b", IMAGE),
            next=f"kubectl -n {facts.namespace} get pod {line.pod} -o jsonpath='{{.spec.containers[*].ports}}'",
        )


def _files(facts: Facts) -> Iterator[Suspect]:
    sure = certainty(facts, "PERM_FS", novel=0.85, stale=0.5)
    hard = [c for c in facts.containers if mapping(c.spec, "securityContext")]
    pod = any(mapping(pod.object, "spec", "securityContext") for pod in facts.new_pods)
    if not sure or not (hard or pod):
        return
    line, _ = next(facts.matching("PERM_FS"))
    match = _PATH.search(line.text)
    path = match["path"] if match else "the path in the log"
    sealed = any(at(c.spec, "securityContext", "readOnlyRootFilesystem") is True for c in facts.containers)
    cure = (
        f"mount an emptyDir at {path}" if sealed else "set `fsGroup` to the image's group, or mount an emptyDir there"
    )
    yield Suspect(
        rule="R18",
        title=f"the program may not write to {path}",
        hint=f"Writing to {path} is denied{' (the root file system is read-only)' if sealed else ''}: {cure}.",
        confidence=sure,
        specificity=EXACT if RX["EXEC"].search(line.text) is None else PATTERN,
        evidence=from_lines(facts, "PERM_FS"),
        subject=("securityContext", "readOnlyRootFilesystem", "runAs", "fsGroup", "mount", "volume", IMAGE),
        next=f"kubectl -n {facts.namespace} exec {line.pod} -- id",
    )


def _one_shots(facts: Facts) -> Iterator[Suspect]:
    for pod in facts.new_pods:
        if plain_text(pod.object, "spec", "restartPolicy") not in ("Always", ""):
            continue
        for container in pod.containers:
            done = [end for end in container.ends if end.code == 0]
            if container.init or not done or container.restarts < 2 or any(end.code for end in container.ends):
                continue
            killed = any(e.name == pod.name and e.reason in ("Killing", "Unhealthy") for e in facts.events)
            if killed:
                continue
            yield Suspect(
                rule="R19",
                title=f"container {container.name} ends by itself, successfully",
                hint="The process exits with code 0 and is started again: it is a Job, or a server gone to the "
                "background.",
                confidence=0.9,
                specificity=EXACT,
                evidence=(shown(f"pod {pod.name}/{container.name}: exit code 0, {container.restarts} restarts"),),
                subject=(IMAGE, "command", "args"),
                next=f"kubectl -n {facts.namespace} logs {pod.name} -c {container.name} --previous",
                at=done[0].at,
            )
            return
