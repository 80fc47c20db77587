"""Hand edits of values: images, env, requests, probes, containers, hosts and whatever objects hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.update.worlds import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.update.hand import Hand, State

VARIABLE = r"^(?P<i> *)- name: (?P<n>[A-Z][A-Z0-9_]*)[^\n]*\n(?:(?P=i)  [^\n]*\n?)+"
PLAIN_VARIABLE = (
    r"^(?P<i> *)- name: (?P<n>[A-Z][A-Z0-9_]*)(?P<c>[^\n]*)\n(?P=i)  value: (?P<v>[^#\n]*?)(?P<d>| #[^\n]*)\n"
)
DIGEST = "sha256:" + "ab12" * 16


def _env(hand: Hand) -> tuple[str, list[re.Match[str]]]:
    path = hand.where(VARIABLE) or hand.kustomization
    return path, list(re.finditer(VARIABLE, hand.text(path), re.MULTILINE))


def _item(indent: str, name: str, value: str) -> str:
    return f"{indent}- name: {name}\n{indent}  value: {value}\n"


def _insert(hand: Hand, path: str, at: int, new: str) -> bool:
    text = hand.text(path)
    gap = "" if at == 0 or text[at - 1] == "\n" else "\n"
    return hand.put(path, text[:at] + gap + new + text[at:])


def env_value(hand: Hand) -> bool:
    path, _ = _env(hand)
    found = [each for each in re.finditer(PLAIN_VARIABLE, hand.text(path), re.MULTILINE) if each["n"] != "PORT"]
    if not found:
        return False
    one, environment = hand.rng.choice(found), hand.environment
    value = hand.rng.choice(["by hand", "debug", "1234"])
    text = hand.text(path)
    hand.put(path, f'{text[: one.start("v")]}"{value}"{text[one.end("v") :]}')
    return hand.still(lambda state: (state.variable(environment, one["n"]) or {}).get("value") == value)


def env_appended(hand: Hand) -> bool:
    path, found = _env(hand)
    if not found:
        return False
    environment = hand.environment
    _insert(hand, path, found[-1].end(), _item(found[-1]["i"], "BY_HAND", '"1"'))
    return hand.still(lambda state: (state.variable(environment, "BY_HAND") or {}).get("value") == "1")


def env_inserted(hand: Hand) -> bool:
    path, found = _env(hand)
    if not found:
        return False
    one, environment = hand.rng.choice(found), hand.environment
    _insert(hand, path, one.start(), _item(one["i"], "IN_BETWEEN", hand.rng.choice(['"x"', "y: z" and "plain"])))
    return hand.still(lambda state: state.variable(environment, "IN_BETWEEN") is not None)


def env_deleted(hand: Hand) -> bool:
    path, found = _env(hand)
    if len(found) < 2:
        return False
    one, environment = hand.rng.choice(found), hand.environment
    text = hand.text(path)
    hand.put(path, text[: one.start()] + text[one.end() :])
    return hand.still(lambda state: state.variable(environment, one["n"]) is None)


def env_commented_out(hand: Hand) -> bool:
    path, found = _env(hand)
    if len(found) < 2:
        return False
    one, environment, text = hand.rng.choice(found), hand.environment, hand.text(path)
    out = "".join(f"{one['i']}# {line[len(one['i']) :]}\n" for line in one[0].splitlines())
    hand.put(path, text[: one.start()] + out + text[one.end() :])
    return hand.still(
        lambda state: state.variable(environment, one["n"]) is None and _has(state, f"# - name: {one['n']}")
    )


def env_commented_item(hand: Hand) -> bool:
    path, found = _env(hand)
    if not found:
        return False
    one = hand.rng.choice(found)
    new = f'{one["i"]}# - name: DEBUG_LATER\n{one["i"]}#   value: "1"\n'
    _insert(hand, path, hand.rng.choice([one.start(), one.end()]), new)
    return hand.still(lambda state: _has(state, "# - name: DEBUG_LATER"))


def _has(state: State, text: str) -> bool:
    return any(text.encode() in data for data in state.files.values())


def env_from_secret(hand: Hand) -> bool:
    path, found = _env(hand)
    if not found:
        return False
    environment, indent = hand.environment, found[-1]["i"]
    body = f"valueFrom:\n{indent}    secretKeyRef:\n{indent}      name: shop-mail\n{indent}      key: password\n"
    _insert(hand, path, found[-1].end(), f"{indent}- name: MAIL_PASSWORD\n{indent}  {body}")
    return hand.still(lambda state: "valueFrom" in (state.variable(environment, "MAIL_PASSWORD") or {}))


def _requested(state: State, environment: str, kind: str, what: str) -> object:
    return state.container(environment).get("resources", {}).get(kind, {}).get(what)


RESOURCES = r"^(?P<i> *)resources:\n(?P<body>(?:(?P=i)  [^\n]*\n?)+)"


def _sized(hand: Hand, change: Callable[[str, str], str]) -> bool:
    """Edit the `resources` of the container in the overlay's patch."""
    path = (
        hand.where(RESOURCES)
        if not re.search(RESOURCES, hand.text(hand.kustomization), re.MULTILINE)
        else hand.kustomization
    )
    if path is None or "cluster" in path:
        return False
    return hand.sub(path, RESOURCES, lambda found: f"{found['i']}resources:\n{change(found['i'], found['body'])}")


def memory(hand: Hand) -> bool:
    value, environment = hand.rng.choice(["384Mi", "640Mi"]), hand.environment
    return _sized(hand, lambda _, body: re.sub(r"memory: \S+", f"memory: {value}", body)) and hand.still(
        lambda state: _requested(state, environment, "limits", "memory") == value
    )


def cpu_request(hand: Hand) -> bool:
    value, environment = hand.rng.choice(["130m", "450m"]), hand.environment
    return _sized(hand, lambda _, body: re.sub(r"cpu: \S+", f"cpu: {value}", body, count=1)) and hand.still(
        lambda state: _requested(state, environment, "requests", "cpu") == value
    )


def cpu_limit(hand: Hand) -> bool:
    environment = hand.environment
    change = lambda _, body: re.sub(r"(^|\n)( *)limits:\n", r"\1\2limits:\n\2  cpu: '2'\n", body, count=1)  # noqa: E731
    return _sized(hand, change) and hand.still(lambda state: _requested(state, environment, "limits", "cpu") == "2")


IMAGE = r"^(?P<i> *)newTag: (?P<t>[^#\n]*?)(?P<c> #[^\n]*)?$"


def tag_bumped(hand: Hand) -> bool:
    tag, environment = hand.rng.choice(["0.2.0", "1.9.3", "2.0.0", "main-8f1c2e"]), hand.environment
    marker = hand.rng.choice(["", "", ' # {"$imagepolicy": "flux-system:shop:tag"}'])
    change = lambda found: f'{found["i"]}newTag: "{tag}"{found["c"] or marker}'  # noqa: E731
    return hand.sub(hand.kustomization, IMAGE, change) and hand.still(
        lambda state: state.container(environment).get("image", "").endswith(f":{tag}")
    )


def setter_comment(hand: Hand) -> bool:
    marker = '# {"$imagepolicy": "flux-system:shop:tag"}'
    done = hand.sub(hand.kustomization, IMAGE, lambda found: f"{found['i']}newTag: {found['t']} {marker}")
    path = hand.kustomization
    return done and hand.still(lambda state: marker.encode() in state.files.get(path, b""))


def digest_pinned(hand: Hand) -> bool:
    environment = hand.environment
    keep = hand.rng.random() < 0.5
    change = lambda found: (f"{found[0]}\n" if keep else "") + f"{found['i']}digest: {DIGEST}"  # noqa: E731
    return hand.sub(hand.kustomization, IMAGE, change) and hand.still(
        lambda state: state.container(environment).get("image", "").endswith(DIGEST)
    )


def registry_changed(hand: Hand) -> bool:
    environment = hand.environment
    return hand.sub(hand.kustomization, r"newName: \S+", "newName: mirror.example.org/shop") and hand.still(
        lambda state: state.container(environment).get("image", "").startswith("mirror.example.org/shop")
    )


def replicas(hand: Hand) -> bool:
    number, environment = hand.rng.choice([3, 5, 7]), hand.environment
    return hand.sub(hand.kustomization, r"^( *)(- )?count: \d+", rf"\1\2count: {number}") and hand.still(
        lambda state: any(
            each["spec"].get("replicas") == number for each in state.built(environment) if each["kind"] == "Deployment"
        )
    )


def autoscaler_bounds(hand: Hand) -> bool:
    path, environment = hand.where(r"^ *minReplicas: "), hand.environment
    return (
        path is not None
        and hand.sub(path, r"maxReplicas: \d+", "maxReplicas: 12")
        and (hand.rng.random() < 0.5 or hand.sub(path, r"minReplicas: \d+", "minReplicas: 5"))
        and hand.still(
            lambda state: (
                (state.find(environment, "HorizontalPodAutoscaler") or {"spec": {}})["spec"].get("maxReplicas") == 12
            )
        )
    )


def _deployment(hand: Hand, pattern: str, new: str, check: Callable[[State, str], bool]) -> bool:
    """Edit the Deployment of the base, whatever its file is called."""
    path = hand.where(r"^kind: Deployment", hand.base)
    environments = hand.environments
    if path is None or not hand.sub(path, pattern, new):
        return False
    return hand.still(lambda state: all(check(state, each) for each in environments))


IMAGE_LINE = r"^( *)image: shop$"


def args(hand: Hand) -> bool:
    new = hand.rng.choice(
        [r"\g<0>" + "\n" + r"\1args:" + "\n" + r"\1- --verbose", r"\g<0>" + "\n" + r'\1args: ["--verbose"]']
    )
    return _deployment(hand, IMAGE_LINE, new, lambda state, env: state.container(env).get("args") == ["--verbose"])


def command(hand: Hand) -> bool:
    new = r"\g<0>" + "\n" + r'\1command: ["/app/start"]'
    return _deployment(hand, IMAGE_LINE, new, lambda state, env: state.container(env).get("command") == ["/app/start"])


def sidecar(hand: Hand) -> bool:
    new = (
        r"\1\2- name: proxy"
        "\n"
        r"\1\2  image: ghcr.io/acme/proxy:3.1"
        "\n"
        r"\1\2  securityContext: {runAsNonRoot: true}"
        "\n"
    )
    where = hand.rng.choice([r"\1containers:" + "\n" + new + r"\2- name: shop", None])
    if where:
        pattern = r"^( *)containers:\n( *)- name: shop$"
        new = (
            r"\1containers:"
            "\n"
            r"\2- name: proxy"
            "\n"
            r"\2  image: ghcr.io/acme/proxy:3.1"
            "\n"
            r"\2- name: shop"
        )
    else:
        pattern = r"^( *)volumes:\n( *)- name"
        new = r"\2- name: proxy" + "\n" + r"\2  image: ghcr.io/acme/proxy:3.1" + "\n" + r"\g<0>"
    return _deployment(hand, pattern, new, lambda state, env: state.container(env, "proxy") != {})


def init_container(hand: Hand) -> bool:
    pattern = r"^( *)containers:\n( *)- name: shop$"
    new = r"\1initContainers:" + "\n" + r"\2- name: wait" + "\n" + r"\2  image: ghcr.io/acme/wait:1.0" + "\n" + r"\g<0>"
    return _deployment(hand, pattern, new, lambda state, env: state.container(env, "wait") != {})


PROBE = r"^( *)({kind}:\n(?:\1  [^\n]*\n)*?\1  ){field}: \d+"


def probe(hand: Hand) -> bool:
    kind = hand.rng.choice(["startupProbe", "livenessProbe", "readinessProbe"])
    name = hand.rng.choice(["periodSeconds", "timeoutSeconds", "failureThreshold"])
    pattern = PROBE.format(kind=kind, field=name)
    return _deployment(
        hand, pattern, rf"\1\g<2>{name}: 9", lambda state, env: state.container(env).get(kind, {}).get(name) == 9
    )


def probe_path(hand: Hand) -> bool:
    check = lambda state, env: state.container(env)["livenessProbe"]["httpGet"]["path"] == "/alive"  # noqa: E731
    return _deployment(hand, r"(livenessProbe:\n *httpGet:\n *path: )\S+", r"\1/alive", check)


def probe_deleted(hand: Hand) -> bool:
    pattern = r"^( *)livenessProbe:\n(?:\1  [^\n]*\n)+"
    return _deployment(hand, pattern, "", lambda state, env: "livenessProbe" not in state.container(env))


def volume(hand: Hand) -> bool:
    path = hand.where(r"^kind: Deployment", hand.base)
    if path is None or not hand.sub(
        path,
        r"^( *)volumeMounts:\n( *)- ",
        r"\1volumeMounts:" "\n" r"\2- name: extra" "\n" r"\2  mountPath: /extra" "\n" r"\2- ",
    ):
        return False
    return _deployment(
        hand,
        r"^( *)volumes:\n( *)- ",
        r"\1volumes:" "\n" r"\2- name: extra" "\n" r"\2  emptyDir: {}" "\n" r"\2- ",
        lambda state, env: any(each["name"] == "extra" for each in state.pod(env).get("volumes", ())),
    )


def pod_field(hand: Hand) -> bool:
    name, old, new, value = hand.rng.choice(
        [
            ("terminationGracePeriodSeconds", r"\d+", "90", 90),
            ("enableServiceLinks", "false", "true", True),
            ("serviceAccountName", "shop", "other", "other"),
        ]
    )
    return _deployment(
        hand, rf"^( *){name}: {old}$", rf"\1{name}: {new}", lambda state, env: state.pod(env).get(name) == value
    )


def rollout_field(hand: Hand) -> bool:
    name, value = hand.rng.choice([("revisionHistoryLimit", 10), ("progressDeadlineSeconds", 900), ("maxSurge", 2)])
    path = hand.where(r"^kind: Deployment", hand.base)
    if path is None or not hand.sub(path, rf"^( *){name}: \S+", rf"\1{name}: {value}"):
        return False
    environment = hand.environment

    def stands(state: State) -> bool:
        spec = (state.find(environment, "Deployment") or {"spec": {}})["spec"]
        return value in (spec.get(name), spec.get("strategy", {}).get("rollingUpdate", {}).get(name))

    return hand.still(stands)


def read_only_off(hand: Hand) -> bool:
    check = lambda state, env: state.container(env)["securityContext"]["readOnlyRootFilesystem"] is False  # noqa: E731
    return _deployment(hand, r"readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", check)


def pod_annotation(hand: Hand) -> bool:
    check = lambda state, env: any(  # noqa: E731
        (each["spec"]["template"]["metadata"].get("annotations") or {}).get("acme.example/team") == "blue"
        for each in state.built(env)
        if each["kind"] == "Deployment"
    )
    pattern = r"^  template:\n    metadata:\n"
    return _deployment(hand, pattern, r"\g<0>" + '      annotations:\n        acme.example/team: "blue"\n', check)


def object_annotation(hand: Hand) -> bool:
    """Below the annotations there are, or with a map of their own after the name."""
    path = hand.rng.choice(
        [each for each in hand.yaml_files() if "kustomization" not in each and "patch" not in each]
        or [hand.kustomization]
    )
    text = hand.text(path)
    if re.search(r"^  annotations:\n", text, re.MULTILINE):
        done = hand.sub(path, r"^  annotations:\n", "  annotations:\n    acme.example/note: by hand\n")
    else:
        done = hand.sub(
            path, r"^metadata:\n  name: (\S+)\n", r"\g<0>" + "  annotations:\n    acme.example/note: by hand\n"
        )
    return done and hand.still(lambda state: _has(state, "acme.example/note: by hand"))


def object_label(hand: Hand) -> bool:
    path = hand.rng.choice(
        [each for each in hand.yaml_files() if "kustomization" not in each and "patch" not in each]
        or [hand.kustomization]
    )
    done = hand.sub(path, r"^  labels:\n(?=    app)", "  labels:\n    acme.example/tier: gold\n")
    return done and hand.still(lambda state: _has(state, "acme.example/tier: gold"))


def ingress_host(hand: Hand) -> bool:
    path, environment = hand.where(r"^kind: Ingress$"), hand.environment
    if path is None:
        return False
    rule = r"^( *)- host: \S+\n(?:\1  [^\n]*\n?)+"
    done = hand.sub(
        path,
        rule,
        lambda found: (
            f"{found[0].rstrip(chr(10))}\n" + re.sub(r"host: \S+", "host: extra.example.org", found[0], count=1)
        ),
    )
    return done and hand.still(
        lambda state: any(
            rule.get("host") == "extra.example.org"
            for rule in (state.find(environment, "Ingress") or {"spec": {}})["spec"].get("rules", ())
        )
    )


def ingress_annotation(hand: Hand) -> bool:
    path, environment = hand.where(r"^kind: Ingress$"), hand.environment
    if path is None:
        return False
    done = hand.sub(
        path, r"^  annotations:\n", '  annotations:\n    nginx.ingress.kubernetes.io/proxy-body-size: "20m"\n'
    )
    key = "nginx.ingress.kubernetes.io/proxy-body-size"
    return done and hand.still(
        lambda state: (
            key in ((state.find(environment, "Ingress") or {"metadata": {}})["metadata"].get("annotations") or {})
        )
    )


def service_port(hand: Hand) -> bool:
    path, environment = hand.where(r"^kind: Service$", hand.base), hand.environment
    if path is None:
        return False
    new = (
        r"\1ports:"
        "\n"
        r"\2- name: admin"
        "\n"
        r"\2  port: 9000"
        "\n"
        r"\2  targetPort: 9000"
        "\n"
        r"\2  protocol: TCP"
        "\n"
        r"\2- "
    )
    return hand.sub(path, r"^( *)ports:\n( *)- ", new) and hand.still(
        lambda state: any(
            port["port"] == 9000
            for each in state.built(environment)
            if each["kind"] == "Service"
            for port in each["spec"]["ports"]
        )
    )


def egress_rule(hand: Hand) -> bool:
    path, environment = hand.where(r"^kind: NetworkPolicy$", hand.base), hand.environment
    if path is None:
        return False
    rule = "- to:" "\n" r"\2  - ipBlock:" "\n" r"\2      cidr: 10.1.0.0/16"
    done = hand.sub(path, r"^( *)egress:\n( *)- ", r"\1egress:" "\n" rf"\2{rule}" "\n" r"\2- ") or hand.sub(
        path, r"^(( *)- Egress)$", r"\1" "\n" r"\2egress:" "\n" rf"\2{rule}"
    )
    return done and hand.still(lambda state: any("10.1.0.0/16" in str(each) for each in state.built(environment)))


def database(hand: Hand) -> bool:
    path, environment = hand.where(r"^kind: Cluster$"), hand.environment
    if path is None:
        return False
    pattern, new, text = hand.rng.choice(
        [
            (r"^( *)size: \S+", r"\1size: 40Gi", "40Gi"),
            (r"^( *)instances: \d+", r"\1instances: 5", "'instances': 5"),
            (r"^( *)imageName: \S+", r"\1imageName: ghcr.io/cloudnative-pg/postgresql:17.7", ":17.7"),
            (
                r"^spec:\n",
                "spec:\n  postgresql:\n    parameters:\n      max_connections: '300'\n",
                "'max_connections': '300'",
            ),
            (r"^( *)memory: \S+", r"\1memory: 777Mi", "777Mi"),
        ]
    )
    return hand.sub(path, pattern, new) and hand.still(lambda state: text in str(state.find(environment, "Cluster")))


def pointer(hand: Hand) -> bool:
    """What Flux reads to find the service, outside of the service's directory."""
    path = next(
        (each for each in sorted(hand.files) if each.startswith("delivery/") and each.endswith("shop.yaml")), None
    )
    if path is None:
        return False
    pattern, new, text = hand.rng.choice(
        [
            (r"^( *)interval: \S+", r"\1interval: 3m", b"interval: 3m"),
            (r"^spec:\n", "spec:\n  suspend: true\n", b"suspend: true"),
        ]
    )
    return hand.sub(path, pattern, new) and hand.still(lambda state: text in state.files.get(path, b""))


VALUE_EDITS: tuple[tuple[Callable[[Hand], bool], float], ...] = (
    (tag_bumped, 8), (setter_comment, 1), (digest_pinned, 1.5), (registry_changed, 1), (replicas, 2), (autoscaler_bounds, 1),
    (env_value, 2), (env_appended, 2), (env_inserted, 1), (env_deleted, 1), (env_commented_out, 0.7), (env_commented_item, 1),
    (env_from_secret, 0.7), (memory, 1.5), (cpu_request, 1.2), (cpu_limit, 1.2), (args, 1.2), (command, 0.5), (sidecar, 1.2),
    (init_container, 0.5), (probe, 1.2), (probe_path, 0.5), (probe_deleted, 0.3), (volume, 1), (pod_field, 1), (rollout_field, 1),
    (read_only_off, 0.7), (pod_annotation, 0.7), (object_annotation, 2), (object_label, 1.2), (ingress_host, 1.5),
    (ingress_annotation, 1.2), (service_port, 0.7), (egress_rule, 1), (database, 2), (pointer, 0.7),
)  # fmt: skip
__all__ = ["ROOT", "VALUE_EDITS"]
