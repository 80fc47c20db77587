"""Runs atmos as a user does, in process, with a Git identity of its own and no global configuration."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from atmos_cli.entry import main
from tests.cli.codes_without_a_row import ELSEWHERE
from tests.cli.filled import fill_in


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def codes(self):
        return [each["code"] for each in self.json["diagnostics"]]


@pytest.fixture(autouse=True)
def own_git(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    config = home / "gitconfig"
    config.write_text("[user]\n\tname = Dev\n\temail = dev@example.test\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NO_COLOR", "1")
    return config


@pytest.fixture
def atmos(capsys):
    def run(*args, cwd=None):
        import os

        before = Path.cwd()
        capsys.readouterr()
        if cwd:
            os.chdir(cwd)
        try:
            with pytest.raises(SystemExit) as stop:
                main([str(arg) for arg in args])
        finally:
            os.chdir(before)
        captured = capsys.readouterr()
        if args[:1] == ("validate",) or args[:2] == ("new", "service"):
            strange = set(re.findall(r"ATM\d{3}", captured.out + captured.err)) & ELSEWHERE.keys()
            assert not strange, f"{args[0]} can give {strange}: that wants a row in damages.py or refusals.py"
        return Ran(stop.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def git():
    def run(*args, cwd):
        done = subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """`made_once(name, root, make)` returns what `make()` does, which changes `root`; from the second time on it copies.

    Command lines, commits and signatures take a hundred times what copying their outcome takes.
    """
    home, answers = tmp_path_factory.mktemp("made"), {}

    def at(name, root, make):
        if name in answers:
            shutil.rmtree(root)
            shutil.copytree(home / name, root, symlinks=True)
        else:
            answers[name] = make()
            shutil.copytree(root, home / name, symlinks=True)
        return answers[name]

    return at


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory):
    """Made by the first test that needs it, since making it takes a command line."""
    return tmp_path_factory.mktemp("shop")


@pytest.fixture
def repo(shop_template, tmp_path, atmos):
    """A committed GitOps repo with the default environments, as `atmos init` makes it and people fill it in."""
    made = shop_template / "repo"
    if not made.exists():
        done = atmos("init", made, "--yes", "--git-url", "https://git.example.test/shop/gitops.git")
        assert done.code == 0, done.err
        fill_in(made)
    return shutil.copytree(made, tmp_path / "gitops", symlinks=True)


@pytest.fixture
def shop(shop_template, repo, atmos):
    """The repo with one service, `checkout`."""
    made = shop_template / "shop"
    if not made.exists():
        done = atmos("new", "service", "node, port 80, postgres, called checkout", "--repo", repo, "--yes")
        assert done.code == 0, done.out + done.err
        shutil.copytree(repo, made, symlinks=True)
        return repo
    shutil.rmtree(repo)
    return shutil.copytree(made, repo, symlinks=True)


def state(root):
    """Everything that a person could lose: files, index, HEAD, refs."""
    files = {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and ".git" not in p.relative_to(root).parts
    }
    run = lambda *args: subprocess.run(["git", *args], cwd=root, capture_output=True, text=True, check=False).stdout  # noqa: E731
    return files, run("status", "--porcelain=v1"), run("rev-parse", "HEAD"), run("for-each-ref")


@pytest.fixture(scope="session")
def approving_template(tmp_path_factory):
    """Made by the first test that needs it, since making it takes a command line."""
    return {"home": tmp_path_factory.mktemp("approving")}


@pytest.fixture
def world(approving_template, tmp_path, atmos):
    """A fresh copy of the repo of `tests/cli/approving.py`."""
    from .approving import World, make_keys, make_template

    template, home = approving_template, approving_template["home"]
    if "root" not in template:
        (home / "keys").mkdir()
        keys = make_keys(home / "keys")
        template |= {"keys": keys, "root": make_template(home / "repo", atmos, keys).root}
    root = tmp_path / "repo"
    shutil.copytree(template["root"], root)
    return World(root, atmos, template["keys"])


@pytest.fixture(scope="session")
def rolling_template(tmp_path_factory):
    return {"home": tmp_path_factory.mktemp("rolling")}


@pytest.fixture
def deployed(rolling_template, tmp_path, atmos):
    """A fresh copy of the repo of `tests/cli/rolling.py`."""
    from .rolling import copied, make

    if "world" not in rolling_template:
        rolling_template["world"] = make(rolling_template["home"] / "repo", atmos)
    made = copied(rolling_template["world"], tmp_path / "repo")
    made.run = atmos
    return made
