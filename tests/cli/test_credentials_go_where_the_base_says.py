"""A change decides neither where a credential goes nor which one; a server on loopback keeps what it was sent."""

import json
import shutil
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

EMPTY = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
SECRET = "AKIAvictimSECRET"
BACKTEST = ("verify", "backtest", "checkout", "--env", "prod", "--hours", "2", "--output", "json")


@dataclass
class Server:
    """A Prometheus that knows nothing, or an API server that refuses everything."""

    url: str = ""
    tokens: list = field(default_factory=list)
    asked: list = field(default_factory=list)


@pytest.fixture
def servers():
    """As many as a test wants, each with what it received."""
    running = []

    def make(status=200):
        found = Server()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                found.asked.append(self.rfile.read(int(self.headers.get("content-length") or 0)).decode())
                found.tokens.append(self.headers.get("authorization"))
                self.send_response(status)
                self.send_header("content-length", str(len(EMPTY)))
                self.end_headers()
                self.wfile.write(EMPTY)

            do_GET = do_POST  # noqa: N815 - named by http.server

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        found.url = f"http://127.0.0.1:{server.server_port}"
        return found

    yield make
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def place(shop, git, own_git, monkeypatch):
    """The repo as a clone has it: `origin` had this `main`, and a change is checked out."""
    monkeypatch.setenv("HOME", str(own_git.parent))
    for name in ("XDG_CONFIG_HOME", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUD_SECRET", SECRET)
    return Place(shop, git)


@dataclass
class Place:
    root: object
    git: object

    def configure(self, text="", *, replace=None):
        """Write `text` below the only cluster of atmos-cli.yaml, which is as `atmos init` made it."""
        self.git("checkout", "-q", "HEAD", "--", "atmos-cli.yaml", cwd=self.root)
        file = self.root / "atmos-cli.yaml"
        before, _, after = file.read_text().partition(f"  {self.cluster}:\n")
        assert after
        lines = "".join(f"    {line}\n" for line in text.splitlines())
        changed = f"{before}  {self.cluster}:\n{lines}{after}"
        file.write_text(changed if replace is None else changed.replace(*replace))

    @property
    def cluster(self):
        from atmos_cli.config import read_config
        from atmos_cli.engines.registry import ENGINES

        return read_config((self.root / "atmos-cli.yaml").read_bytes(), engines=ENGINES).environments["prod"].cluster

    def commit(self, message="x"):
        self.git("commit", "-qam", message, cwd=self.root)

    def publish(self):
        """What is checked out is the `main` that `origin` has; what follows is a change."""
        if self.git("status", "--porcelain", cwd=self.root):
            self.commit("base")
        self.git("update-ref", "refs/remotes/origin/main", "HEAD", cwd=self.root)
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", cwd=self.root)
        self.git("checkout", "-qb", "change", cwd=self.root)

    def without_base(self):
        """The only branch has a name of its own, which no more than the checkout says is the base."""
        file = self.root / "atmos-cli.yaml"
        file.write_text(file.read_text().replace("branch: main", "branch: work"))
        self.git("branch", "-qm", "work", cwd=self.root)

    def metrics(self, url, *, token="", **more):
        lines = [f"url: {url}", *([f"tokenEnv: {token}"] if token else []), *(f"{k}: {v}" for k, v in more.items())]
        return "\n".join(["prometheus:", *(f"  {line}" for line in lines)])


def test_what_the_base_says_is_sent_where_the_base_says(place, servers, atmos):
    good = servers()
    place.configure(place.metrics(good.url, token="CLOUD_SECRET"))
    place.publish()
    done = atmos(*BACKTEST, "--repo", place.root)
    assert done.code == 0, done.out
    assert set(good.tokens) == {f"Bearer {SECRET}"}
    assert done.json["diagnostics"] == []


@pytest.mark.slow
@pytest.mark.parametrize("committed", [False, True])
def test_a_change_of_the_url_sends_nothing_there_and_is_said(place, servers, atmos, committed):
    good, evil = servers(), servers()
    place.configure(place.metrics(good.url, token="CLOUD_SECRET"))
    place.publish()
    (place.root / "atmos-cli.yaml").write_text((place.root / "atmos-cli.yaml").read_text().replace(good.url, evil.url))
    if committed:
        place.commit()
    done = atmos(*BACKTEST, "--repo", place.root)
    assert (evil.asked, set(good.tokens)) == ([], {f"Bearer {SECRET}"})
    (note,) = done.json["diagnostics"]
    assert (note["code"], note["severity"]) == ("ATM817", "warning")
    assert f"`clusters.{place.cluster}.prometheus` is not what it is on origin/main" in note["message"]
    assert "land on main first" in note["hint"]


def test_a_change_of_the_variable_or_the_matchers_counts_for_nothing(place, servers, atmos, monkeypatch):
    good = servers()
    monkeypatch.setenv("METRICS", "theirs")
    place.configure(place.metrics(good.url, token="METRICS", matchers="{cluster: eu}"))
    place.publish()
    text = (place.root / "atmos-cli.yaml").read_text()
    (place.root / "atmos-cli.yaml").write_text(text.replace("METRICS", "CLOUD_SECRET").replace("cluster: eu", "all: x"))
    done = atmos(*BACKTEST, "--repo", place.root)
    assert [each["code"] for each in done.json["diagnostics"]] == ["ATM817"]
    assert set(good.tokens) == {"Bearer theirs"}
    assert all("all%3D%22x" not in each for each in good.asked)


def test_metrics_that_only_the_change_has_are_not_asked(place, servers, atmos):
    evil = servers()
    place.publish()
    place.configure(place.metrics(evil.url, token="CLOUD_SECRET"))
    done = atmos(*BACKTEST, "--repo", place.root)
    assert (done.code, done.codes, evil.asked) == (2, ["ATM813"], [])
    assert "on origin/main" in done.json["diagnostics"][0]["hint"]


def test_a_cluster_that_only_the_change_has_is_not_asked(place, servers, atmos):
    """Nor does an environment go to another cluster than on the base branch."""
    good, evil = servers(), servers()
    place.configure(place.metrics(good.url))
    place.publish()
    file = place.root / "atmos-cli.yaml"
    cluster = f"  theirs:\n    prometheus: {{url: {evil.url}, tokenEnv: CLOUD_SECRET}}\n"
    text = file.read_text().replace("clusters:\n", f"clusters:\n{cluster}", 1)
    file.write_text(text.replace(f"cluster: {place.cluster}", "cluster: theirs"))
    done = atmos(*BACKTEST, "--repo", place.root)
    assert evil.asked == []
    assert set(good.tokens) == {None}
    assert "`environments.prod.cluster` is not what it is on origin/main" in done.out

    extra = "  night:\n    cluster: theirs\n"
    file.write_text(text.replace("environments:\n", f"environments:\n{extra}", 1))
    status = atmos("status", "--repo", place.root, "--output", "json")
    assert status.code == 2
    assert evil.asked == []


def test_a_branch_that_the_change_names_is_not_the_base(place, servers, atmos):
    """Its own branch says whatever it likes, there and here, also where `origin` has it."""
    evil = servers()
    place.publish()
    place.configure(place.metrics(evil.url, token="CLOUD_SECRET"), replace=("branch: main", "branch: change"))
    place.commit()
    assert "branch: change" in (place.root / "atmos-cli.yaml").read_text()
    place.git("update-ref", "refs/remotes/origin/change", "HEAD", cwd=place.root)
    assert atmos(*BACKTEST, "--repo", place.root).codes == ["ATM813"]
    place.git("symbolic-ref", "-d", "refs/remotes/origin/HEAD", cwd=place.root)
    assert atmos(*BACKTEST, "--repo", place.root).codes == ["ATM813"]
    assert evil.asked == []


def test_the_default_branch_may_say_that_another_one_is_the_base(place, servers, atmos):
    good, evil = servers(), servers()
    place.configure(place.metrics(good.url, token="CLOUD_SECRET"))
    place.commit()
    place.git("update-ref", "refs/remotes/origin/live", "HEAD", cwd=place.root)
    place.configure(replace=(good.url, evil.url))
    text = (place.root / "atmos-cli.yaml").read_text()
    (place.root / "atmos-cli.yaml").write_text(text.replace(good.url, evil.url).replace("branch: main", "branch: live"))
    place.publish()
    atmos(*BACKTEST, "--repo", place.root)
    assert (evil.asked, set(good.tokens)) == ([], {f"Bearer {SECRET}"})


def test_a_root_that_only_the_change_has_is_trusted_in_nothing(place, servers, atmos, monkeypatch, tmp_path):
    """The nearest atmos-cli.yaml is the root, so a change can bring one of its own."""
    evil = servers()
    monkeypatch.setenv("ATMOS_CLI_METRICS", SECRET)
    place.publish()
    place.configure(place.metrics(evil.url, token="ATMOS_CLI_METRICS"))
    inner = place.root / "apps" / "inner"
    shutil.copytree(place.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".git"))
    shutil.move(tmp_path / "copy", inner)
    done = atmos(*BACKTEST, "--repo", inner)
    assert (done.code, done.codes, evil.asked) == (2, ["ATM817"], [])


def test_without_a_base_a_variable_is_not_sent(place, servers, atmos):
    evil = servers()
    place.configure(place.metrics(evil.url, token="CLOUD_SECRET"))
    place.without_base()
    done = atmos(*BACKTEST, "--repo", place.root)
    assert (done.code, done.codes, evil.asked) == (2, ["ATM817"], [])
    (found,) = done.json["diagnostics"]
    assert "`allowedTokenEnv: [CLOUD_SECRET]`" in found["hint"]
    assert "`ATMOS_CLI_CLOUD_SECRET`" in found["hint"]
    assert SECRET not in done.out + done.err


def test_without_a_base_a_variable_of_ours_is_sent(place, servers, atmos, monkeypatch):
    good = servers()
    monkeypatch.setenv("ATMOS_CLI_METRICS", "ours")
    place.configure(place.metrics(good.url, token="ATMOS_CLI_METRICS"))
    place.without_base()
    assert atmos(*BACKTEST, "--repo", place.root).code == 0
    assert set(good.tokens) == {"Bearer ours"}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["xdg", "home"])
def test_without_a_base_the_user_may_allow_a_variable(place, servers, atmos, tmp_path, monkeypatch, own_git, where):
    good = servers()
    place.configure(place.metrics(good.url, token="CLOUD_SECRET"))
    place.without_base()
    directory = tmp_path / "settings" if where == "xdg" else own_git.parent / ".config"
    (directory / "atmos-cli").mkdir(parents=True)
    (directory / "atmos-cli" / "config.yaml").write_text("allowedTokenEnv: [CLOUD_SECRET]\n")
    if where == "xdg":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(directory))
    assert atmos(*BACKTEST, "--repo", place.root).code == 0
    assert set(good.tokens) == {f"Bearer {SECRET}"}


def test_a_checkout_cannot_bring_the_user_s_own_settings(place, servers, atmos, monkeypatch):
    """A relative directory would be one in the checkout."""
    evil = servers()
    place.configure(place.metrics(evil.url, token="CLOUD_SECRET"))
    place.without_base()
    (place.root / "atmos-cli").mkdir()
    (place.root / "atmos-cli" / "config.yaml").write_text("allowedTokenEnv: [CLOUD_SECRET]\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", ".")
    assert atmos(*BACKTEST, cwd=place.root).codes == ["ATM817"]
    assert evil.asked == []


@pytest.mark.parametrize(
    ("text", "said"), [("allowedTokenEnvs: []\n", "did you mean `allowedTokenEnv`?"), ("- x\n", "one mapping")]
)
def test_a_mistake_in_the_user_s_own_settings_has_a_place(place, atmos, own_git, text, said):
    file = own_git.parent / ".config" / "atmos-cli" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    done = atmos(*BACKTEST, "--repo", place.root)
    (found,) = done.json["diagnostics"]
    assert (done.code, found["code"], found["where"]["line"]) == (2, "ATM701", 1)
    assert found["where"]["path"] == str(file)
    assert said in f"{found['message']} {found['hint']}"


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    def write(**urls):
        value = {
            "clusters": [{"name": name, "cluster": {"server": url}} for name, url in urls.items()],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in urls],
            "users": [{"name": name, "user": {"token": f"token-of-{name}"}} for name in urls],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(value))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))

    return write


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["context", "hub"])
def test_a_change_does_not_pick_the_login(place, servers, atmos, kubeconfig, setting):
    good, other = servers(403), servers(403)
    kubeconfig(ours=good.url, admin=other.url)
    place.configure("context: ours\nhub: ours")
    place.publish()
    file = place.root / "atmos-cli.yaml"
    file.write_text(file.read_text().replace(f"{setting}: ours", f"{setting}: admin"))
    done = atmos("status", "checkout", "--env", "prod", "--repo", place.root, "--output", "json")
    assert (other.asked, set(good.tokens)) == ([], {"Bearer token-of-ours"})
    assert f"`clusters.{place.cluster}.{setting}` is not what it is on origin/main" in done.out


def test_a_cluster_that_only_the_change_has_is_no_place_for_a_token(place, servers, atmos):
    evil = servers()
    place.publish()
    file = place.root / "atmos-cli.yaml"
    cluster = f"clusters:\n  theirs:\n    prometheus: {{url: {evil.url}, tokenEnv: CLOUD_SECRET}}\n"
    text = file.read_text().replace("clusters:\n", cluster, 1)
    file.write_text(text.replace("environments:\n", "environments:\n  night: {cluster: theirs}\n", 1))
    overlays = place.root / "apps/main/checkout/overlays"
    shutil.copytree(overlays / "prod", overlays / "night")
    place.git("add", "-A", cwd=place.root)
    place.commit()
    night = ["night" if each == "prod" else each for each in BACKTEST]
    done = atmos(*night, "--repo", place.root, "--output", "json")
    assert (done.code, done.codes, evil.asked) == (2, ["ATM817"], [])


def test_without_a_base_no_login_is_used_that_the_user_did_not_allow(place, servers, atmos, kubeconfig, own_git):
    other = servers(403)
    kubeconfig(admin=other.url)
    place.configure("context: admin")
    place.without_base()
    ask = ("status", "checkout", "--env", "prod", "--repo", place.root, "--output", "json")
    done = atmos(*ask)
    assert (done.code, done.codes, other.asked) == (2, ["ATM817"], [])
    assert "`allowedContexts: [admin]`" in done.out
    file = own_git.parent / ".config" / "atmos-cli" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("allowedContexts: [admin]\n")
    atmos(*ask)
    assert set(other.tokens) == {"Bearer token-of-admin"}


@pytest.mark.parametrize("url", ["http://192.0.2.1:9090", "http://metrics.invalid", "http://evil.localhost"])
def test_no_token_goes_over_plain_http_to_another_machine(place, atmos, url, monkeypatch):
    """Refused before anything is connected, and so before a name is looked up."""
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    place.configure(place.metrics(url, token="CLOUD_SECRET"))
    place.publish()
    done = atmos(*BACKTEST, "--repo", place.root)
    assert (done.code, done.codes) == (2, ["ATM818"])
    assert SECRET not in done.out + done.err


def test_no_password_in_a_url_goes_over_plain_http(place, atmos, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    ask = ("budget", "rightsize", "checkout", "--prometheus", "http://me:hunter2@192.0.2.1", "--repo", place.root)
    done = atmos(*ask)
    assert done.code == 2
    assert "plain http" in done.err + done.out
    assert "hunter2" not in done.err + done.out


def test_no_login_of_a_cluster_goes_over_plain_http(place, atmos, kubeconfig, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    kubeconfig(ours="http://192.0.2.1")
    place.configure("context: ours")
    place.publish()
    done = atmos("status", "checkout", "--env", "prod", "--repo", place.root, "--output", "json")
    assert (done.code, done.codes) == (2, ["ATM818"])


def test_no_webhook_is_posted_to_over_plain_http(place, atmos, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    monkeypatch.setenv("CHAT", "http://192.0.2.1/services/hunter2")
    done = atmos("verify", "checkout", "--webhook", "CHAT", "--repo", place.root)
    assert done.code == 2
    assert "ATM818" in done.err
    assert "hunter2" not in done.err + done.out
