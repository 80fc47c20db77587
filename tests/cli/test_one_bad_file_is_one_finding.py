"""Whatever a single file of a repo is, validate says what is wrong with it and goes on to all the others."""

import os
import random
import shutil
import subprocess
import sys

import pytest


def loop(path):
    path.symlink_to(path.name)


def link_out(path):
    path.symlink_to("/etc/hostname")


def huge(path):
    with path.open("wb") as file:
        file.truncate(17_000_000)


def no_file(path):
    path.mkdir()


def pipe(path):
    os.mkfifo(path)


def dangling(path):
    path.symlink_to("nowhere")


def no_yaml(path):
    path.write_bytes(b"\x00\xff{")


def binary_list(path):
    path.write_text("- [" * 3000)


FAULTS = [loop, link_out, huge, no_file, pipe, dangling, no_yaml, binary_list]
# A pipe that Git reads to its end blocks Git itself, and what Git ignores or how it ends lines is no manifest.
GITS_OWN = {".gitattributes", ".gitignore"}
READS = {loop: "ATM618", link_out: "ATM614", huge: "ATM615"}


@pytest.fixture
def broken(shop, git):
    """With an error of its own, which must be among the findings whatever else is wrong."""
    deployment = shop / "apps/main/checkout/base/deployment.yaml"
    deployment.write_text(deployment.read_text().replace("kind: Deployment\n", "kind: Deployment\nextra: field\n"))
    git("commit", "-qam", "break", cwd=shop)
    return shop


def files(root):
    every = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [path for path in every if ".git" not in path.parts and path.name not in GITS_OWN]


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
def test_it_is_named_among_the_others(atmos, broken, tmp_path, fault):
    seed = random.randrange(2**32)
    chosen = random.Random(seed).sample(files(broken), 6)
    for path in chosen:
        trial = tmp_path / "trial"
        shutil.rmtree(trial, ignore_errors=True)
        shutil.copytree(broken, trial, symlinks=True)
        (trial / path).unlink()
        fault(trial / path)
        done = atmos("validate", "-o", "json", "--repo", trial)
        context = f"seed {seed}, {path}: {done.out[-2000:]}{done.err[-2000:]}"
        if path.name == "atmos-cli.yaml":
            assert done.code in (1, 2), context
            continue
        assert done.code == 1, context
        said = done.json["diagnostics"]
        if path.as_posix() != "apps/main/checkout/base/deployment.yaml" and "checkout" not in path.parts:
            assert "ATM311" in done.codes, context
        if fault in READS and path.suffix in (".yaml", ".yml") and not path.name.startswith("."):
            named = [each for each in said if each["code"] == READS[fault]]
            assert any((each["where"] or {}).get("path") == path.as_posix() for each in named), context


def test_without_permission(broken):
    """Root may read everything, unless it gives that right up."""
    (broken / "tenants/dev/main/limitrange.yaml").chmod(0)
    (broken / "tenants/prod").chmod(0)
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    command = [sys.executable, "-m", "atmos_cli", "validate", "--repo", str(broken)]
    done = subprocess.run(
        command if os.geteuid() else [*without, *command], capture_output=True, text=True, check=False
    )
    (broken / "tenants/prod").chmod(0o755)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "cannot read tenants/dev/main/limitrange.yaml: permission denied" in done.stdout
    assert "cannot read tenants/prod: permission denied" in done.stdout
    assert "ATM311" in done.stdout
