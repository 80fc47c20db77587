"""Whatever a server does, one question has an end: in time, in bytes, and in one sentence."""

import os
import socket
import time

import pytest
from misbehaving import CERTIFICATES, FAULTS, context, listening, misbehaving

from atmos_cli.adapters import prometheus, smoke, webhook
from atmos_cli.adapters.kubernetes import transport
from atmos_cli.adapters.kubernetes.client import ClusterClient
from atmos_cli.adapters.kubernetes.events import events
from atmos_cli.adapters.kubernetes.kubeconfig import Access
from atmos_cli.diagnostics import AtmosError, Code

LIMIT = 0.1
LOOKED_UP = socket.getaddrinfo
ENOUGH = 5.0  # a busy machine's; without a deadline each of these takes 30 seconds and more


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch):
    for module in (prometheus, transport):
        monkeypatch.setattr(module, "SECONDS", LIMIT)
        monkeypatch.setattr(module, "QUESTION_SECONDS", 2 * LIMIT)
    for module in (webhook, smoke):
        monkeypatch.setattr(module, "SECONDS", LIMIT)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "ca.pem"))
    monkeypatch.setattr(socket, "getaddrinfo", _here)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def _here(host, *args, **options):
    """The name that the certificate has is this machine; nobody is asked for any other."""
    return LOOKED_UP("127.0.0.1" if host in ("api.test", "127.0.0.1") else "192.0.2.1", *args, **options)


def metrics(url):
    with prometheus.PrometheusClient(url, pause=lambda _: None) as server:
        server.query("up", at=1.0)


def cluster(url):
    access = Access("test", url, ca=(CERTIFICATES / "ca.pem").read_text())
    with ClusterClient(access, pause=lambda _: None) as server:
        server.list("v1", "Pod")


def chat(url):
    webhook.post("CHAT", {"text": "hello"}, environ={"CHAT": url})


def user(url):
    """Only the status counts here, so a server that gave one has answered."""
    found = smoke.Web()("get", url)
    if not found["status"]:
        raise AtmosError(*_said(found["why"]))


def _said(why):
    from atmos_cli.diagnostics import Diagnostic

    return (Diagnostic(Code.WEBHOOK_FAILED, why),)


def took(ask, url):
    began = time.monotonic()
    try:
        ask(url)
    except AtmosError as error:
        (found,) = error.diagnostics
        assert "\n" not in found.message
        assert "certificate" not in found.message
        return time.monotonic() - began, found.code
    return time.monotonic() - began, None


@pytest.mark.sample(20)
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("ask", "code"),
    [(metrics, Code.METRICS_UNREACHABLE), (cluster, Code.CLUSTER_UNREACHABLE), (chat, Code.WEBHOOK_FAILED)],
    ids=["metrics", "cluster", "webhook"],
)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_server_that_misbehaves_is_given_up_in_time(fault, ask, code, tls):
    with misbehaving(fault, tls=tls) as url:
        seconds, said = took(ask, url)
    assert said is code
    assert seconds < ENOUGH


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_smoke_probe_ends_in_time(fault):
    with misbehaving(fault, tls=False) as url:
        seconds, _ = took(user, url)
    assert seconds < ENOUGH


def half_a_handshake(line):
    line.connection.recv(65536)
    line.drip(b"\x16\x03\x03\x40\x00", *[b"x"] * 10000)


def no_handshake(line):
    line.wait()


@pytest.mark.parametrize("fault", [half_a_handshake, no_handshake])
@pytest.mark.parametrize("ask", [metrics, cluster, chat, user])
def test_a_handshake_has_the_same_deadline(fault, ask):
    with listening(fault) as port:
        seconds, said = took(ask, f"https://api.test:{port}")
    assert said is not None
    assert seconds < ENOUGH


def tunnel(then):
    """A proxy, reached by TLS, that says the tunnel is there and then lets `then` speak through it."""

    def serve(line):
        line.connection.settimeout(30)
        with secure.wrap_socket(line.connection, server_side=True) as line.connection:
            line.request()
            line.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            then(line)

    secure = context()
    return serve


@pytest.mark.parametrize("fault", [half_a_handshake, no_handshake])
def test_tls_inside_of_the_tls_of_a_proxy_has_the_same_deadline(fault, monkeypatch):
    with listening(tunnel(fault)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"https://api.test:{port}")
        began = time.monotonic()
        with pytest.raises(AtmosError, match="it gave no answer in time"):
            metrics("https://metrics.test")
    assert LIMIT < time.monotonic() - began < ENOUGH


def test_all_addresses_of_a_name_share_one_deadline(monkeypatch):
    """Each is one that nobody answers at: by the standard library's rule, each would be given the whole time."""
    from atmos_cli.adapters import carrier

    monkeypatch.setattr(smoke, "SECONDS", 1.0)  # a busy machine may sleep long between two addresses
    tried = []

    def refuse(_self, host, port, timeout=None, **_):
        tried.append(timeout)
        time.sleep(0.1)
        raise carrier.httpcore.ConnectError("no")

    many = [(socket.AF_INET, 0, 0, "", (f"192.0.2.{n}", 443)) for n in range(1, 200)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: many)
    monkeypatch.setattr(carrier.httpcore.SyncBackend, "connect_tcp", refuse)
    took(user, "https://many.test")
    assert 1 < len(tried) < 20
    assert tried == sorted(tried, reverse=True)


def test_a_watch_outlives_the_deadline_of_an_answer_and_ends_at_its_own():
    """As long as the server was asked to go on, and a little: not for as long as it likes to drip."""
    line_of_json = b'{"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "2"}}}\n'
    chunk = b"%x\r\n%s\r\n" % (len(line_of_json), line_of_json)
    kinds = (
        b'{"kind": "APIResourceList", "apiVersion": "v1", '
        b'"resources": [{"name": "pods", "kind": "Pod", "namespaced": true}]}'
    )
    found = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(kinds), kinds)
    asked = []

    def serve(line):
        head = line.connection.recv(65536)
        asked.append(head)
        if b"watch=true" in head:
            line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            line.drip(chunk)
        line.send(found)

    with listening(serve) as port, ClusterClient(Access("test", f"http://127.0.0.1:{port}")) as server:
        began, count = time.monotonic(), 0
        for _ in events(server, "v1", "Pod", namespace="shop", since="1", opened=lambda _: None):
            count += 1
            if time.monotonic() - began > 3 * LIMIT:
                break
    assert count > 2
    assert any(b"watch=true" in head for head in asked)


def test_the_headers_of_a_watch_have_the_deadline_of_an_answer():
    from misbehaving import headers_drip

    with misbehaving(headers_drip, tls=False) as url:
        server = transport.Transport(Access("test", url), name="it")
        began = time.monotonic()
        with pytest.raises(transport._transport_errors()), server.stream("/api", params={}, seconds=60.0):
            pass
        server.close()
    assert time.monotonic() - began < ENOUGH
