"""Changes of `atmos-cli.yaml` and budgets, and hand edits of what `init` makes from them."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from tests.update.hand import Hand
from tests.update.hand_files import _indented

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.update.worlds import Files

Config = dict[str, Any]
CONFIG: Config = {
    "version": 1,
    "git": {"url": "https://git.example.test/g.git"},
    "clusters": {"dev": {"engine": "argocd"}, "prod": {"engine": "flux"}},
    "environments": {
        "dev": {"cluster": "dev", "replicas": 1},
        "staging": {"cluster": "dev", "replicas": 2},
        "prod": {"cluster": "prod", "production": True, "replicas": 2},
    },
    "teams": {"core": {"groups": ["acme:core", "acme:oncall"]}},
}


def environment_added(config: Config) -> None:
    config["environments"]["qa"] = {"cluster": "dev"}


def environment_removed(config: Config) -> None:
    del config["environments"]["staging"]


def engine(config: Config) -> None:
    config["clusters"]["dev"]["engine"] = "flux"


def url(config: Config) -> None:
    config["git"]["url"] = "https://git.example.test/other.git"


def branch(config: Config) -> None:
    config["git"]["branch"] = "trunk"


def monitoring(config: Config) -> None:
    config["environments"]["prod"]["monitoring"] = {"namespace": "monitoring"}


def groups(config: Config) -> None:
    config["teams"] = {"core": {"groups": ["acme:core"]}, "main": {"groups": ["acme:main"]}}


def no_groups(config: Config) -> None:
    del config["teams"]


def cluster_added(config: Config) -> None:
    config["clusters"]["staging"] = {"engine": "flux"}
    config["environments"]["staging"]["cluster"] = "staging"


CONFIG_CHANGES: tuple[Callable[[Config], None], ...] = (
    environment_added, environment_removed, engine, url, branch, monitoring, cluster_added,
    groups, no_groups,
)  # fmt: skip


def changed_config(rng: random.Random) -> tuple[tuple[str, ...], Config]:
    config = copy.deepcopy(CONFIG)
    chosen = rng.sample(CONFIG_CHANGES, rng.randint(1, 2))
    if {environment_removed, cluster_added} <= set(chosen):
        chosen = [environment_removed]
    if {groups, no_groups} <= set(chosen):
        chosen = [groups]
    for change in chosen:
        change(config)
    return tuple(each.__name__ for each in chosen), config


def _any(hand: Hand, pattern: str) -> str:
    return hand.rng.choice(sorted(path for path in hand.files if re.search(pattern, path)))


def _edit(pattern: str, old: str, new: str, count: int = 1) -> Callable[[Hand], bool]:
    return lambda hand: hand.sub(_any(hand, pattern), old, new, count=count)


def _listed(hand: Hand) -> bool:
    path = _any(hand, r"^tenants/.*/kustomization\.yaml$")
    hand.files[path.replace("kustomization.yaml", "extra.yaml")] = (
        b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n"
    )
    return hand.lists("extra.yaml", path)


def _deleted(hand: Hand) -> bool:
    path = _any(hand, r"^tenants/.*/limitrange\.yaml$")
    del hand.files[path]
    return hand.unlists("limitrange.yaml", path.replace("limitrange", "kustomization"))


def _dashes(hand: Hand) -> bool:
    path = _any(hand, r"^(argocd|clusters|tenants)/.*\.yaml$")
    return hand.put(path, _indented(hand.text(path)))


def _beside(hand: Hand) -> bool:
    path = _any(hand, r"^(argocd|clusters|tenants|delivery)/.*\.yaml$")
    return hand.sub(path, r"^( *[a-z]\w+: [\w./-]+)$", rf"\1 # see #{hand.rng.randrange(1000)}")


def _crlf(hand: Hand) -> bool:
    path = _any(hand, r"^(argocd|clusters|tenants|delivery)/.*\.yaml$")
    hand.files[path] = hand.text(path).replace("\n", "\r\n").encode()
    return True


PLATFORM_EDITS: dict[str, Callable[[Hand], bool]] = {
    "a label on a namespace": _edit(
        r"^tenants/.*/namespace\.yaml$", r"^  labels:\n", "  labels:\n    acme.example/cost: web\n"
    ),
    "a quota by hand": _edit(r"^tenants/.*/resourcequota\.yaml$", r"^( *)pods: .*$", r'\1pods: "77"'),
    "a subject more": _edit(
        r"^tenants/.*/rolebinding\.yaml$",
        r"^subjects:\n",
        "subjects:\n- kind: Group\n  name: oncall\n  apiGroup: rbac.authorization.k8s.io\n",
    ),
    "another retry": _edit(r"^argocd/applicationsets/", r"limit: \d+", "limit: 9"),
    "another interval": _edit(r"^clusters/", r"interval: \S+", "interval: 7m"),
    "suspended": _edit(r"^clusters/.*/apps\.yaml$", r"^spec:\n", "spec:\n  suspend: true\n"),
    "an owner more": _edit(r"^CODEOWNERS$", r"\Z", "/docs/ @acme/writers\n"),
    "a step in the workflow": _edit(
        r"^\.github/workflows/", r"^( *)- run: atmos", r"\1- run: echo hello" "\n" r"\1- run: atmos"
    ),
    "ignored more": _edit(r"^\.sourceignore$", r"\Z", "!/extra/\n"),
    "a comment on top": _edit(r"\.yaml$", r"\A", "# owner: platform\n"),
    "a comment beside": _beside,
    "a resource listed": _listed,
    "a limit range deleted": _deleted,
    "dashes indented": _dashes,
    "Windows line ends": _crlf,
}


def edited_platform(rng: random.Random, files: Files, environments: tuple[str, ...]) -> tuple[tuple[str, ...], Files]:
    names = []
    for name in rng.sample(sorted(PLATFORM_EDITS), rng.randint(0, 3)):
        own = {
            path: data for path, data in files.items() if not path.startswith("platform/") and path != "atmos-cli.lock"
        }
        hand = Hand({path: data for path, data in own.items() if path != "atmos-cli.yaml"}, rng, environments)
        before = set(hand.files)
        if PLATFORM_EDITS[name](hand):
            names.append(name)
            files = {
                **{path: data for path, data in files.items() if path not in before - set(hand.files)},
                **hand.files,
            }
    return tuple(names), files
