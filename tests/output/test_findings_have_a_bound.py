"""A hundred findings of a file, then how many more; all of them count."""

import json
import os
import resource
import subprocess
import sys

import pytest

from atmos_cli.diagnostics import Code, Diagnostic, Location, Severity, capped, more
from atmos_cli.yamlio.duplicates import duplicates

from .hostile import run


def finding(number, severity=Severity.ERROR, path="a.yaml"):
    return Diagnostic(Code.USAGE, f"number {number}", severity, Location(path, number))


def test_up_to_a_hundred_are_shown_as_they_are():
    found = tuple(finding(number) for number in range(100))
    assert capped(found) == found


def test_of_more_the_first_hundred_and_a_count():
    shown = capped(finding(number) for number in range(1000))
    assert shown == (*(finding(number) for number in range(100)), more("a.yaml", 900))
    assert shown[-1].code is Code.FINDINGS_LEFT_OUT
    assert shown[-1].message == "and 900 more errors in this file"
    assert sum(each.count for each in shown) == 1000


def test_errors_come_before_warnings_when_not_all_can_be_shown():
    found = [*(finding(number, Severity.WARNING) for number in range(500)), finding(501)]
    shown = capped(found)
    assert finding(501) in shown
    assert sum(each.severity is Severity.WARNING for each in shown) == 100
    assert shown[-1] == more("a.yaml", 401, Severity.WARNING)


def test_counts_are_added_and_files_apart():
    found = [*(finding(number) for number in range(100)), more("a.yaml", 5), finding(7, path="b.yaml"), finding(100)]
    assert [each.count for each in capped(found) if each.code is Code.FINDINGS_LEFT_OUT] == [6]
    assert finding(7, path="b.yaml") in capped(found)


def test_what_belongs_to_no_file_is_never_left_out():
    found = tuple(Diagnostic(Code.USAGE, f"number {number}") for number in range(300))
    assert capped(found) == found


def test_a_key_set_a_thousand_times_is_counted():
    found = duplicates(b"a: 1\n" * 1001, path="a.yaml")
    assert len(found) == 101
    assert sum(each.count for each in found) == 1000


def put(shop, text):
    overlay = shop / "apps/main/checkout/overlays/dev"
    (overlay / "tiny.yaml").write_text(text)
    kustomization = overlay / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("resources:\n", "resources:\n- tiny.yaml\n", 1))


@pytest.mark.sample
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("---\na: 1\n" * 2000, 2000),
        ("--- x\n" * 2000, 2000),
        ("a: {b: 1, b: 2}\n---\n" * 2000, 2000),
        ("apiVersion: v1\nkind: List\nitems:\n" + "- 1\n" * 2000, 2000),
        ("".join(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\nx: 1\n" for n in range(500)), 500),
    ],
    ids=["no objects", "separators", "duplicates", "items", "unknown fields"],
)
def test_in_every_shape_of_output(shop, text, count):
    put(shop, text)
    code, out, _ = run("validate", cwd=shop)
    assert code == 1
    assert out.count("tiny.yaml:") <= 102
    assert f"and {count - 100} more errors in this file" in out
    assert f": {count}" in out.splitlines()[-1] or f": {count + 1}" in out.splitlines()[-1]
    code, out, _ = run("validate", "-o", "json", cwd=shop)
    assert code == 1
    assert sum(each["code"] == "ATM911" for each in json.loads(out)["diagnostics"]) == 1


@pytest.mark.slow
def test_two_hundred_thousand_tiny_documents_take_no_minute(shop, tmp_path):
    put(shop, "---\na: 1\n" * 200_000)

    def bounded():
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    out = tmp_path / "out"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "atmos_cli", "validate"], cwd=shop, stdout=file, stderr=subprocess.STDOUT,
            preexec_fn=bounded,  # noqa: PLW1509 - it only sets a limit
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1, out.read_text()[-2000:]
    assert "and 199900 more errors in this file" in out.read_text()
    assert used.ru_maxrss < 500 * 1024
