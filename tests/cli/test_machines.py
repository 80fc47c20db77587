"""The JSON contract: what programs may rely on."""

import json

import pytest

from atmos_cli.diagnostics import Code, Diagnostic, Location, Severity
from atmos_cli.output.json.envelope import envelope

ENVELOPE = {"atmosResultVersion", "command", "status", "exitCode", "data", "diagnostics"}
DIAGNOSTIC = {"code", "severity", "message", "where", "environment", "hint"}
WHERE = {"path", "line", "column", "field", "resource"}


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    ("args", "keys"),
    [
        (
            ["init", ".", "--yes"],
            {
                "root",
                "environments",
                "teams",
                "files",
                "kept",
                "foreign",
                "takesAlong",
                "placeholders",
                "seen",
                "written",
                "next",
            },
        ),
        (
            ["new", "service", "go, called cart", "--yes"],
            {
                "service",
                "team",
                "environments",
                "plan",
                "effects",
                "budget",
                "files",
                "placeholders",
                "next",
                "written",
            },
        ),
        (["validate"], {"files", "deployments", "budget"}),
        (["render", "checkout"], {"resources"}),
        (["diff"], {"changes", "effects"}),
        (
            ["deploy", "checkout", "--image", ":1.0.1"],
            {"service", "team", "environments", "images", "effects", "files", "written"},
        ),
        (["explain", "ATM401"], {"codes"}),
        (["blueprint", "list"], {"blueprints"}),
        (["blueprint", "lint", "web"], {"blueprints"}),
        (["blueprint", "test", "web"], {"cases"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_command_answers_with_the_envelope(shop, atmos, args, keys):
    done = atmos(*args, "--output", "json", cwd=shop)
    assert done.code == 0, done.out + done.err
    assert len(done.out.splitlines()) == 1
    assert set(done.json) == ENVELOPE
    assert done.json["atmosResultVersion"] == "1"
    assert done.json["status"] == "success"
    assert done.json["exitCode"] == 0
    assert set(done.json["data"]) == keys
    for each in done.json["diagnostics"]:
        assert set(each) == DIAGNOSTIC
        assert each["where"] is None or set(each["where"]) == WHERE


@pytest.mark.parametrize(("code", "status"), [(0, "success"), (1, "refused"), (2, "error"), (3, "error")])
def test_status_follows_the_exit_code(code, status):
    found = Diagnostic(Code.USAGE, "said", severity=Severity.WARNING, where=Location("a", 1), hint="do")
    value = json.loads(envelope("x", data={}, diagnostics=[found], exit_code=code))
    assert (value["status"], value["exitCode"]) == (status, code)
    assert value["diagnostics"][0]["where"] == {"path": "a", "line": 1, "column": None, "field": None, "resource": None}


def test_findings_have_places_and_hints(shop, atmos):
    deployment = shop / "apps/main/checkout/base/deployment.yaml"
    deployment.write_text(deployment.read_text().replace("imagePullPolicy", "imagePulPolicy"))
    done = atmos("validate", "--repo", shop, "-o", "json")
    assert done.code == 1
    assert done.json["status"] == "refused"
    found = [d for d in done.json["diagnostics"] if d["code"] == "ATM311"]
    assert {d["environment"] for d in found} == {"dev", "staging", "prod"}
    line = deployment.read_text().splitlines()[found[0]["where"]["line"] - 1]
    assert "imagePulPolicy" in line
    assert "imagePullPolicy" in found[0]["hint"] + found[0]["message"]


@pytest.mark.slow
def test_a_spec_is_checked_against_its_place(shop, atmos):
    spec = shop / "apps/main/checkout/service.yaml"
    spec.write_text(spec.read_text().replace("name: checkout", "name: basket"))
    assert "ATM108" in atmos("validate", "--repo", shop, "-o", "json").codes
    spec.write_text(spec.read_text().replace("language: node", "langauge: node"))
    found = atmos("validate", "--repo", shop, "-o", "json").json["diagnostics"]
    assert [d["hint"] for d in found if d["code"] == "ATM104" and "langauge" in d["message"]] == [
        "did you mean `language`?"
    ]


@pytest.mark.slow
def test_only_findings_in_the_paths(shop, atmos):
    deployment = shop / "apps/main/checkout/base/deployment.yaml"
    deployment.write_text(deployment.read_text().replace("imagePullPolicy", "imagePulPolicy"))
    assert atmos("validate", shop / "apps", "--repo", shop).code == 1
    assert atmos("validate", shop / "tenants", "--repo", shop).code == 0


def test_a_person_reads_one_line_for_all_environments(shop, atmos):
    deployment = shop / "apps/main/checkout/base/deployment.yaml"
    deployment.write_text(deployment.read_text().replace("imagePullPolicy", "imagePulPolicy"))
    done = atmos("validate", "--repo", shop)
    assert done.out.count("ATM311") == 1
    assert "[dev, prod, staging]" in done.out


def test_schema_and_explain(shop, atmos):
    schema = json.loads(atmos("schema", "spec").out)
    assert schema["properties"]["language"]
    assert "budget" in atmos("explain", "ATM401").out
    assert len(atmos("explain", "all").out.splitlines()) == len(list(Code))


def test_a_reader_that_goes_away_is_no_error(shop):
    import subprocess
    import sys

    writing = subprocess.Popen(
        [sys.executable, "-m", "atmos_cli", "explain", "all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=shop,
    )
    writing.stdout.close()
    assert writing.stderr.read() == ""
    assert writing.wait() == 0
    writing.stderr.close()
