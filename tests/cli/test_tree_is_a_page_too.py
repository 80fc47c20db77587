"""`atmos tree` on a terminal, for machines, and as a page that works offline, in a real browser."""

import subprocess
from html.parser import HTMLParser

import pytest

from tests.verify.fake_cluster import FakeCluster

from .status_support import crashing, new_world

EVIL = "<img src=x onerror=alert(1)><script>document.title='owned'</script>"


@pytest.fixture(scope="module", params=["argocd", "flux"])
def template(request, tmp_path_factory):
    return request.param, tmp_path_factory.mktemp("template") / "gitops"


@pytest.fixture
def world(template, tmp_path, atmos, git, monkeypatch):
    made = new_world(*template, tmp_path / "gitops", atmos, git)
    monkeypatch.setattr("atmos_cli.commands.status.connect", made.connect)
    made.sync()
    return made


@pytest.fixture
def tree(world, atmos):
    def run(*args):
        return atmos("tree", "checkout", *args, "--repo", world.root)

    return run


def kinds(node, depth=0):
    return [(depth, node["kind"]), *(found for child in node["children"] for found in kinds(child, depth + 1))]


@pytest.mark.slow
def test_a_healthy_service_is_one_tree_from_the_engine_to_its_containers(tree):
    done = tree("--env", "dev", "-o", "json")
    assert done.code == 0, done.out
    (grown,) = done.json["data"]["trees"]
    assert grown["root"]["kind"] in ("Application", "Kustomization")
    below = [each for each in kinds(grown["root"]) if each[1] != "GitRepository"]
    assert below[1:5] == [(1, "Deployment"), (2, "ReplicaSet"), (3, "Pod"), (4, "container")]
    assert (2, "EndpointSlice") in below


@pytest.mark.slow
def test_every_environment_is_shown_when_none_is_named(tree, world):
    world.clusters["prod"] = FakeCluster(reason="connection refused")
    done = tree()
    assert done.code == 1
    for name in ("dev on dev", "staging on staging", "prod on prod  unreachable"):
        assert f"main/checkout in {name}" in done.out
    assert "hint: is it on?" in done.err


def test_no_cluster_at_all_is_not_a_tree(tree, world):
    world.clusters["dev"] = FakeCluster(reason="connection refused")
    assert tree("--env", "dev").code == 2


def test_what_is_broken_or_gone_is_named_with_its_reason(tree, world):
    crashing(world.find("dev", "Pod"))
    world.clusters["dev"].remove("NetworkPolicy", "checkout-db")
    done = tree("--env", "dev")
    assert done.code == 1
    assert "CrashLoopBackOff" in done.out
    assert "NetworkPolicy checkout-db  missing: does not exist" in done.out


class Outline(HTMLParser):
    """What the page is made of: elements, and what would be fetched."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_holds_nothing_that_is_fetched_or_run_and_every_element_is_closed(tree, world, tmp_path):
    crashing(world.find("dev", "Pod"))
    world.find("dev", "Pod")["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = EVIL
    world.find("dev", "Pod")["metadata"]["name"] = EVIL
    path = tmp_path / "tree.html"
    assert tree("--html", path).code == 1
    text = path.read_text()
    outline = Outline(text)
    assert not outline.open
    assert not outline.links
    assert not {"script", "img", "link", "iframe", "form", "a"} & set(outline.tags)
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_a_page_that_cannot_be_written_is_said(tree, tmp_path):
    done = tree("--env", "dev", "--html", tmp_path / "nowhere" / "x.html", "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM611"])


PROBE = """<!doctype html><iframe id=f src="tree.html" style="width:360px;height:640px;border:0"></iframe><pre id=out></pre>
<script>f.onload = () => {
  const page = f.contentDocument, all = [...page.querySelectorAll('summary')], first = all[0];
  const open = first.parentElement.open; first.click();
  const bad = page.querySelector('.state.bad'), says = e => f.contentWindow.getComputedStyle(e);
  out.textContent = JSON.stringify({
    wide: page.documentElement.scrollWidth, title: page.title, toggles: open !== first.parentElement.open,
    keys: all.every(e => e.tabIndex === 0), named: all.every(e => /applied|healthy|failed|missing|progress|unknown/.test(e.textContent)),
    ran: page.querySelectorAll('img,script').length, colour: says(bad).color, back: says(page.documentElement).colorScheme,
  }) }</script>"""


def browse(tmp_path, *flags):
    import json
    from html import unescape

    (tmp_path / "probe.html").write_text(PROBE)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", *flags]
    address = f"file://{tmp_path}/probe.html"
    command += ["--virtual-time-budget=5000", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    said = done.stdout.split('<pre id="out">')[1].split("</pre>")[0]
    return json.loads(unescape(said))


@pytest.mark.lab
def test_a_browser_shows_it_on_a_phone_in_light_and_in_dark(tree, world, tmp_path):
    """360 px wide without scrolling sideways, by keyboard, with a long name and a hostile message, and nothing runs."""
    pod = world.find("dev", "Pod")
    crashing(pod)
    pod["metadata"]["name"] = "x" * 253
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = EVIL
    tree("--html", tmp_path / "tree.html")
    light, dark = browse(tmp_path), browse(tmp_path, "--blink-settings=preferredColorScheme=0")
    for found in (light, dark):
        assert found["wide"] <= 360
        assert found["title"] == "Objects of main/checkout"
        assert found["toggles"]
        assert found["keys"]
        assert found["named"]
        assert found["ran"] == 0
        assert found["back"] == "light dark"
    assert light["colour"] != dark["colour"]
    shot = tmp_path / "page.png"
    shoot = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", f"--screenshot={shot}"]
    subprocess.run([*shoot, f"file://{tmp_path}/tree.html"], capture_output=True, timeout=90, check=True)
    assert shot.stat().st_size > 10_000
