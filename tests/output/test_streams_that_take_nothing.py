"""Closed and full standard streams: exit 2 with one sentence on the stream that still works, never a traceback."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.sample

ATMOS = f"{sys.executable} -m atmos_cli"


def shell(command, cwd):
    done = subprocess.run(["bash", "-c", command], cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    assert "ATM999" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "validate",
        "validate -o json",
        "validate --help",
        "--help",
        "--version",
        "render checkout",
        "new service go --name cart --dry-run",
        "schema spec",
        "explain ATM999",
        "bogus -o json",
    ],
)
@pytest.mark.parametrize(("where", "reason"), [(">/dev/full", "no space left on device"), (">&-", "is closed")])
def test_without_standard_output(shop, command, where, reason):
    code, out, err = shell(f"{ATMOS} {command} {where}", shop)
    assert code == 2
    assert not out
    assert len(err.splitlines()) == 2
    assert "ATM910" in err
    assert reason in err


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_without_standard_error_a_good_repo_is_good(shop, where):
    code, out, _ = shell(f"{ATMOS} validate {where}", shop)
    assert code == 0
    assert out.splitlines()[-1].startswith("62 files, 3 deployments: ")


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize(("command", "said"), [("bogus", "ATM901"), ("validate nowhere", "ATM901")])
def test_without_standard_error_the_reason_is_said_on_the_other(shop, where, command, said):
    code, out, _ = shell(f"{ATMOS} {command} {where}", shop)
    assert code == 2
    assert said in out
    assert len(out.splitlines()) == 2


@pytest.mark.slow
@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_a_plan_whose_findings_cannot_be_told_is_no_success(shop, where):
    intent = "node, port 80"
    code, plan, err = shell(f"{ATMOS} new service '{intent}' --name cart --dry-run", shop)
    assert code == 0
    assert err, "there are warnings to be told"
    code, out, _ = shell(f"{ATMOS} new service '{intent}' --name cart --dry-run {where}", shop)
    assert code == 2
    assert out.startswith(plan)
    assert "ATM910" in out


@pytest.mark.slow
@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full"])
def test_json_stays_json_without_standard_error(shop, where):
    import json

    code, out, _ = shell(f"{ATMOS} new service go --name cart --dry-run -o json {where}", shop)
    assert code == json.loads(out)["exitCode"] == 0


@pytest.mark.slow
def test_without_both_the_status_is_all_that_can_be_said(shop):
    assert shell(f"{ATMOS} validate >&- 2>&-", shop)[0] == 2
    assert shell(f"{ATMOS} validate >/dev/full 2>/dev/full", shop)[0] == 2


@pytest.mark.slow
def test_closed_standard_input_is_no_terminal(shop):
    assert shell(f"{ATMOS} new service go --name cart --dry-run <&-", shop)[0] == 0


@pytest.mark.slow
def test_nothing_is_written_when_it_could_not_be_told(shop, git):
    before = git("rev-parse", "HEAD", cwd=shop)
    for where in (">&-", ">/dev/full"):
        assert shell(f"{ATMOS} new service go --name cart --yes {where}", shop)[0] == 2
    assert git("rev-parse", "HEAD", cwd=shop) == before
    assert not (shop / "apps/main/cart").exists()


@pytest.mark.parametrize("command", ["validate", "render checkout", "bogus -o json", "--help"])
def test_a_reader_that_has_enough_is_no_fault(shop, command):
    code, _, err = shell(f"set -o pipefail; {ATMOS} {command} | head -c 1", shop)
    assert code == (2 if "bogus" in command else 0)
    assert not err


@pytest.mark.slow
def test_no_file_takes_the_place_of_a_closed_stream(shop):
    """Without a guard the first file opened is number 2, and a child's complaint is written into it."""
    code, _, _ = shell(f"{ATMOS} new service go --name cart --yes --write files 2>&-", shop)
    assert code in (0, 2)
    assert shell(f"{ATMOS} validate", shop)[0] == 0
