"""What people type is understood as the tables say, or refused with a hint that works when it is typed."""

from __future__ import annotations

import re

import pytest

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.gitops.intent import understand
from atmos_cli.gitops.intent_flags import Flags
from tests.intent.answers import TEAMS, answered, catalogue, config, refusal, rows

PEOPLE = rows("people_type.txt")
HELD_OUT = rows("held_out.txt")
BOTH = (*PEOPLE, *HELD_OUT)
# What a hint may have in backticks beside words of an intent: fields and values of files, commands of other programs.
NOT_TYPED = re.compile(
    r"verify\.engine: argo-rollouts|flagger|scaling\.cpu|nvidia\.com/gpu|docker .*|atmos .*|image NAME:TAG|NAME|"
    r"\d+|[a-z0-9]+|--?[a-z]+"
)
TYPED = re.compile(r"`([^`]+)`")


@pytest.mark.parametrize("row", [r for r in BOTH if not r.hints], ids=lambda row: row.phrase)
def test_a_phrase_means_what_the_table_says(row):
    assert answered(row.phrase) == row.answer


@pytest.mark.parametrize("row", [r for r in BOTH if r.hints], ids=lambda row: row.phrase)
def test_a_phrase_that_is_refused_has_a_hint_that_leads_on(row):
    hints = refusal(row.phrase)
    assert hints, "accepted"
    said = " / ".join(hints)
    for hint in row.hints:
        assert hint in said
    assert answered(row.typed) == row.answer


@pytest.mark.parametrize("row", [r for r in BOTH if r.hints], ids=lambda row: row.phrase)
def test_each_snippet_of_a_hint_can_be_typed(row):
    for snippet in {s for hint in refusal(row.phrase) for s in TYPED.findall(hint)}:
        if NOT_TYPED.fullmatch(snippet) is None:
            own = snippet.startswith(("image ", "node", "named "))
            answered(snippet if own and "named" not in snippet else f"node, {snippet}")


def test_the_tables_are_whole():
    assert len(PEOPLE) == 134
    assert len(HELD_OUT) >= 60
    phrases = [row.phrase for row in BOTH]
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("node 26", "language=node"),
        ("node 27", "language=node port=27:27"),
        ("python 4", "language=python port=4:4"),
        ("rails 8", "language=ruby size=m"),
        ("rails 80", "language=ruby port=80:80 size=m"),
        ("spring boot 4 8080", "language=java port=8080:8080 size=m"),
        ("java:8080", "language=java port=8080:8080"),
    ],
)
def test_a_number_behind_a_language_is_a_version_only_if_there_has_been_one(text, meant):
    assert answered(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "node, postgres in prod",
        "node, 3 replicas in prod",
        "node, size l in dev and staging",
        "node, env LOG_LEVEL=debug in dev",
        "node with metrics on 9090",
        "node, prod",
        "node, 20Gi",
        "node, 512m memory",
        "node, size m, 2 cpu, 4Gi memory",
        "node, 2 cpu, 4 cpu",
        "node, env A=1, env A=2",
        "node, secret A_KEY, env A_KEY=1",
        "node, volume /data 1Gi, disk /data 2Gi",
        "node, depends on cart port 80, depends on cart port 81",
        "node, for team a, for team b",
        "node, health check at /a, health check at /b",
        "node, postgres 17, postgres 18",
        "node, host *.acme.io",
        "php, port 9000",
    ],
)
def test_what_may_be_meant_in_two_ways_or_cannot_be_done_is_refused(text):
    assert refusal(text)


def test_a_part_for_one_environment_names_the_command_that_changes_it():
    (hint,) = refusal("node, size l in prod")
    assert 'then run `atmos change NAME "size l in prod"`' in hint


def test_what_is_called_on_no_port_gets_that_of_the_service():
    def port_of(team, service):
        return 8080 if (team, service) == ("main", "cart") else None

    found = understand(
        "node, depends on cart and shop/pay",
        Flags(),
        config=config(),
        catalogue=catalogue(),
        teams=TEAMS[:1],
        port_of=port_of,
    )
    assert [(each.service, each.port) for each in found.spec.dependencies] == [("cart", 8080), ("pay", 80)]


def test_a_persistent_volume_allows_one_replica_and_the_plan_says_so():
    found = understand("node, volume /data", Flags(), config=config(), catalogue=catalogue(), teams=TEAMS[:1])
    said = {row.field: row for row in found.rows}
    assert (said["replicas"].value, said["replicas"].source) == ("1", "the persistent volume")
    assert said["volumes"].note == "1Gi is the default"


def test_fastcgi_is_no_http():
    with pytest.raises(AtmosError) as caught:
        answered("php, port 9000")
    (only,) = caught.value.diagnostics
    assert only.code is Code.SPEC_PORT_INVALID
    assert "FastCGI" in only.message
