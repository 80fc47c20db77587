"""Repositories that a change brings along, and settings by which Git would run what lies in the checkout."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.hostile.trees import places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

ID = "1" * 40


def settings(box: Box, name: str) -> str:
    """Everything in a Git configuration that starts a program, each a canary."""
    run = box.canary(name)
    return f"""[core]
\trepositoryformatversion = 0
\tbare = false
\tfsmonitor = "{run}; false"
\thooksPath = {box.root}/hooks
\tsshCommand = "{run}; false"
\tgitProxy = {box.root}/hooks/program
\tpager = "{run}"
\teditor = "{run}"
\taskPass = {box.root}/hooks/program
[filter "evil"]
\tclean = "{run}; cat"
\tsmudge = "{run}; cat"
\trequired = true
[diff]
\texternal = {box.root}/hooks/program
[diff "evil"]
\ttextconv = "{run}; cat"
\tcommand = {box.root}/hooks/program
[merge "evil"]
\tdriver = "{run}; false"
[gpg]
\tprogram = {box.root}/hooks/program
[gpg "ssh"]
\tprogram = {box.root}/hooks/program
[credential]
\thelper = "!{run}"
[uploadpack]
\tpackObjectsHook = {box.root}/hooks/program
[alias]
\tstatus = "!{run}"
\trev-parse = "!{run}"
"""


def programs(box: Box, name: str) -> None:
    for hook in (
        "program",
        "post-index-change",
        "pre-commit",
        "reference-transaction",
        "post-checkout",
        "fsmonitor-watchman",
    ):
        box.program(box.clear(f"hooks/{hook}"), name)
    box.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")


def bare_repository(box: Box, rng: random.Random, at: str, name: str) -> None:
    prefix = f"{at}/" if at else ""
    worktree = rng.choice(("\tworktree = ..\n", "", "\tworktree = .\n"))
    include = f"[include]\n\tpath = {box.root}/{prefix}more\n"
    text = settings(box, name).replace(
        "\tbare = false\n", rng.choice(("\tbare = false\n", "\tbare = true\n")) + worktree
    )
    box.write(f"{prefix}more", settings(box, name + "-included"))
    box.write(f"{prefix}config", include if rng.random() < 0.3 else text)
    box.write(f"{prefix}HEAD", rng.choice(("ref: refs/heads/main\n", f"{ID}\n")))
    box.write(f"{prefix}objects/.k", "")
    box.write(f"{prefix}refs/heads/.k", "")
    if rng.random() < 0.5:
        box.write(f"{prefix}objects/info/alternates", f"{box.root}/../.git/objects\n{box.victim}\n")
    programs(box, name)


def bare_repository_beside_the_settings(box: Box, rng: random.Random) -> None:
    bare_repository(box, rng, "", "bare")


def bare_repository_below(box: Box, rng: random.Random) -> None:
    bare_repository(box, rng, rng.choice([each for each in places.DIRECTORIES if each]), "bare-below")


def git_file_that_leads_away(box: Box, rng: random.Random) -> None:
    """A `.git` file below, or in place of the repository itself where the tree was unpacked."""
    bare_repository(box, rng, "evil", "git-file")
    at = rng.choice([each for each in places.DIRECTORIES if each and not each.startswith("platform/appr")])
    if not (box.root / ".git").exists() and rng.random() < 0.7:
        at = ""
    target = rng.choice(("evil", str(box.root / "evil"), "../evil", str(box.victim), "/dev/zero", ".", "\x1b[31m"))
    box.write(f"{at}/.git".lstrip("/"), f"gitdir: {target}\n")


def git_directory_below(box: Box, rng: random.Random) -> None:
    at = rng.choice([each for each in places.DIRECTORIES if each])
    bare_repository(box, rng, f"{at}/.git", "git-below")


def submodules(box: Box, rng: random.Random) -> None:
    run = box.canary("submodule")
    box.write(".gitmodules", f'[submodule "x"]\n\tpath = apps/sub\n\turl = ext::sh -c {run}\n\tupdate = !{run}\n')
    bare_repository(box, rng, "apps/sub/.git", "submodule")
    box.write("apps/sub/thing/service.yaml", "name: x\n")
    if (box.root / ".git").is_dir():
        head = box.git("rev-parse", "HEAD")
        box.git("update-index", "--add", "--cacheinfo", f"160000,{head},apps/sub", check=False)


def drivers_of_the_users_own_settings(box: Box, rng: random.Random) -> None:
    """The user has filters, drivers and a monitor; the change asks for them by attributes. A check starts none."""
    programs(box, "driver")
    if (box.root / ".git").is_dir():
        with (box.root / ".git" / "config").open("a") as file:
            file.write(settings(box, "driver"))
        os.utime(box.root / "atmos-cli.yaml", (1, 1), follow_symlinks=False)  # so that Git has to look at its content


def replaced_objects(box: Box, rng: random.Random) -> None:
    if not (box.root / ".git").is_dir():
        return
    head, tree = box.git("rev-parse", "HEAD"), box.git("mktree", text="")
    empty = box.git("commit-tree", "-m", "nothing", tree)
    box.git("replace", head, empty, check=False)
    (box.root / ".git" / "info").mkdir(exist_ok=True)
    (box.root / ".git" / "info" / "grafts").write_text(f"{head} {empty}\n")
    (box.root / ".git" / "shallow").write_text(f"{ID}\n" if rng.random() < 0.5 else f"{head}\n")


FEATURES = (
    *([bare_repository_beside_the_settings] * 3),
    bare_repository_below,
    git_file_that_leads_away,
    git_file_that_leads_away,
    git_directory_below,
    submodules,
    drivers_of_the_users_own_settings,
    drivers_of_the_users_own_settings,
    replaced_objects,
)
