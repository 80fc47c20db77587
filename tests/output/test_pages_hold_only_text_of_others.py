"""Pages and comments of a repo and clusters whose names are markup and control sequences, made by the real command line."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree.ElementTree import fromstring

import pytest

from atmos_cli.output.junit import junit
from atmos_cli.output.markdown import verdict_comment
from tests.cli.status_support import crashing, new_world
from tests.verify.fake_cluster import FakeCluster
from tests.verify.test_report_is_safe_to_paste import TARGET, verdict

from .hostile import SEQUENCES, raw

EVIL = "\"'><img src=x onerror=alert(1)><a href=javascript:1>"
NAMES = [EVIL, "\x1b[31m\u202e<b>\x9b31m\n::error::pwned", "##vso[a]b\x07|@everyone[x](http:x)`rm`&lt;b&gt;"]
ELEMENTS = {"a", "b", "img", "script", "iframe", "link", "form", "object", "embed", "base", "math"}
ATTRIBUTES = re.compile(r"on\w+|src|href|srcset|action|data|formaction|ping|poster")


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.text = set(), [], ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.found |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data):
        self.text += data


def is_plain(text):
    assert not raw(text)
    page = Page(text)
    assert not page.found & ELEMENTS
    assert not [each for each in page.found if ATTRIBUTES.fullmatch(each)]
    return page


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: s}
spec:
  replicas: 2
  selector: {matchLabels: {app: s}}
  template:
    metadata: {labels: {app: s}}
    spec:
      containers:
      - {name: s, image: "s:1", resources: {requests: {cpu: "1", memory: 1Gi}}}
"""
PRICES = """\
name: %s
currency: EUR
asOf: 2026-10-01
per: hour
items:
  cpu: {price: "0.02", unit: core}
  memory: {price: "0.003", unit: GiB}
"""


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def hostile(shop, git, name):
    """A team, a service and a price sheet of such a name, in a repo whose next commit asks for more."""
    overlay = shop / "apps" / name / f"s{name}" / "overlays/dev"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text("resources: [deployment.yaml]\n")
    (overlay / "deployment.yaml").write_text(DEPLOYMENT)
    (shop / "platform/prices.yaml").write_text(PRICES % json.dumps(name.replace("\n", " ")))
    budget = shop / "platform/budgets/dev.yaml"
    budget.write_text(f"{budget.read_text()}serviceDefault: {{pods: {{limit: '9'}}}}\n")
    git("add", "-A", cwd=shop)
    git("commit", "-qm", "Add them", cwd=shop)
    git("checkout", "-qb", "more", cwd=shop)
    (overlay / "deployment.yaml").write_text(DEPLOYMENT.replace("replicas: 2", "replicas: 3"))
    git("commit", "-qam", "More", cwd=shop)
    return shop


@pytest.mark.sample
@pytest.mark.parametrize("by", ["team", "service"])
def test_the_page_of_a_budget(hostile, atmos, tmp_path, name, by):
    path = tmp_path / "budget.html"
    done = atmos("budget", "show", "--by", by, "--html", path, "--repo", hostile)
    assert done.code == 0, done.err
    page = is_plain(path.read_text())
    assert name.split("\n")[0].lstrip("\x1b\u202e#")[:3] in page.text


def test_the_comment_on_a_budget(hostile, atmos, name):
    done = atmos("budget", "diff", "main..HEAD", "-o", "markdown", "--repo", hostile)
    assert done.code == 0, done.err
    assert not raw(done.out)
    body = done.out.removeprefix("<!-- atmos-budget -->")
    assert "| service " in body
    assert "at the prices of" in body
    assert not re.search(r"(?<!\\)(?:<(?!!-- -->)|\[|`|&(?=\w+;))|@(?=\w)|javascript:(?!1)|://", body), body
    cells = {line.replace(r"\|", "").count("|") for line in body.splitlines() if line.startswith("|")}
    assert cells == {8}


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return "argocd", tmp_path_factory.mktemp("template") / "gitops"


@pytest.mark.slow
def test_the_page_of_a_tree(template, tmp_path, atmos, git, monkeypatch, name):
    made = new_world(*template, tmp_path / "gitops", atmos, git)
    monkeypatch.setattr("atmos_cli.commands.status.connect", made.connect)
    made.sync()
    pod = made.find("dev", "Pod")
    crashing(pod)
    pod["metadata"]["name"] = name
    waiting = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    waiting |= {"message": name * 2, "reason": name}
    pod["spec"]["containers"][0]["name"] = name
    made.clusters["prod"] = FakeCluster(reason=name)
    path = tmp_path / "tree.html"
    done = atmos("tree", "checkout", "--html", path, "--repo", made.root)
    assert done.code == 1, done.err
    assert not raw(done.out + done.err)
    page = is_plain(path.read_text())
    assert "31m" in page.text or "onerror" in page.text or "everyone" in page.text
    assert not raw(atmos("tree", "checkout", "--repo", made.root).out)


@pytest.mark.parametrize("sequence", sorted(SEQUENCES))
def test_verdicts_in_xml_and_markdown(sequence):
    evil = f"{EVIL}{SEQUENCES[sequence]}"
    found = replace(verdict(evil, next=evil), target=replace(TARGET, service=evil, environment=evil, team=evil))
    suite = fromstring(junit([found]).split("\n", 1)[1])  # noqa: S314 - our own output
    assert [each.tag for each in suite.iter()] == ["testsuite", "testcase", "failure"]
    assert not raw(junit([found]))
    text = verdict_comment([found])
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    assert not re.search(r"(?<!\\)<(?!!--)", "\n".join(lines))
    assert len(lines) == len(verdict_comment([verdict("x", next="x")]).splitlines()) - 1
