"""A selector says what was meant, whatever the names and labels are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.verify.model import Target
from atmos_cli.verify.traffic.promql import filled, literal, quoted, selector
from atmos_cli.verify.traffic.sources import KINDS, candidates, fill

TARGET = Target("shop", "web", "prod", "eu", "shop-prod", "argocd", "web")
HOSTILE = Target("t", 's"} or up{a="', "e", "c", 'n\\" $svc $wl\n\x00\x7f', "flux", ".*|^$(x){1}")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def unquoted(text):
    """What the lexer of Prometheus makes of a double-quoted string."""
    inner = STRING.fullmatch(text).group(1)
    escapes = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
    return re.sub(
        r"\\(?:u([0-9a-f]{4})|(.))", lambda m: chr(int(m.group(1), 16)) if m.group(1) else escapes[m.group(2)], inner
    )


def strings(query):
    """The values of a selector, and the query with all of them cut out."""
    return [unquoted(found.group()) for found in STRING.finditer(query)], STRING.sub("S", query)


@given(st.text())
def test_a_quoted_value_is_the_value(text):
    clean = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert unquoted(quoted(text)) == clean
    assert all(c.isprintable() or ord(c) > 0x9F for c in quoted(text))


@given(st.text())
def test_an_escaped_value_matches_only_itself(text):
    assert re.fullmatch(literal(text), text)
    assert not re.fullmatch(literal(text), text + "x")


def test_a_value_brings_no_variable_of_its_own():
    assert filled("$a/$b", {"a": "$b", "b": "x"}, regex=False) == "$b/x"
    assert filled("$a.*", {"a": "x.$b"}, regex=True) == r"x\.\$b.*"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_hostile_names_change_no_selector(kind):
    shape = re.compile(r"[a-z_]+\{([a-z0-9_]+(=|!=|=~|!~)S)(,[a-zA-Z0-9_]+(=|!=|=~|!~)S)*\}\Z")
    extra = {"cluster": 'eu"} or vector(1)#', "odd.name": "x"}
    for text in filter(
        None,
        (
            fill(kind, HOSTILE, {"cluster": extra["cluster"]}).__getattribute__(f)
            for f in ("requests", "histogram", "siblings")
        ),
    ):
        values, cut = strings(text)
        assert shape.match(cut), text
        assert values[-1] == extra["cluster"]
    assert '"odd.name"="x"' in fill(kind, TARGET, extra).requests


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_source_says_which_requests_failed(kind):
    source = fill(kind, TARGET, {})
    label = kind.bad[0][0]
    failing = {"grpc_code": "Internal", "classification": "failure", "envoy_response_code_class": "5"}.get(label, "503")
    fine = {"grpc_code": "OK", "classification": "success", "envoy_response_code_class": "2"}.get(label, "404")
    assert source.is_bad({label: failing})
    assert not source.is_bad({label: fine})
    assert source.code({label: failing}) == failing


def test_edge_sources_come_first_and_one_can_be_named():
    found = candidates(TARGET, "auto", {})
    assert [s.edge for s in found] == sorted((s.edge for s in found), reverse=True)
    assert found[0].name == "ingress-nginx"
    assert [s.name for s in candidates(TARGET, "generic-app", {})] == [
        "generic-app",
        "generic-app-duration",
        "generic-app-requests",
    ]
    assert candidates(TARGET, "no such", {}) == ()


def test_pods_of_another_deployment_are_not_ours():
    (source,) = candidates(TARGET, "spring", {})
    pattern = strings(source.requests)[0][1]
    assert re.fullmatch(pattern, "web-79c5d8b4c6-abcde")
    assert not re.fullmatch(pattern, "web-admin-79c5d8b4c6-abcde")
    assert not re.fullmatch(pattern, "webb-79c5d8b4c6-abcde")


def test_a_selector_reads_as_promql():
    assert selector("m", (("a", "=", 'x"y'), ("b", "=~", r"x\.y"))) == r'm{a="x\"y",b=~"x\\.y"}'
