"""What an API server answers is taken as it is meant, bounded, and a no becomes a sentence with the next step."""

import gzip
import json

import httpx
import pytest
from fake_api import KINDS, Said, discovered, listing, pod, serving, status

from atmos_cli.adapters.kubernetes import client, discovery, transport
from atmos_cli.adapters.kubernetes.client import ClusterClient
from atmos_cli.adapters.kubernetes.kubeconfig import Access
from atmos_cli.diagnostics import AtmosError, Code

PODS = "/api/v1/namespaces/shop/pods"


class Script:
    """A transport without sockets: discovery is answered, the rest comes from `answer`."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.pauses = []

    def __call__(self, request):
        if request.url.path in KINDS:
            said = discovered(request.url.path)
        else:
            self.requests.append(request)
            said = self.answer(request)
            if isinstance(said, Exception):
                raise said
        content = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        return httpx.Response(said.status, headers=dict(said.headers), content=content)

    def cluster(self):
        access = Access("eu-admin", "https://api.test", token="s3cr3t")
        inner = httpx.MockTransport(self)
        return ClusterClient(access, name="cluster `eu`", inner=inner, pause=self.pauses.append)


def params(request):
    return dict(request.url.params)


def refused(script, call=lambda cluster: cluster.list("v1", "Pod", namespace="shop")):
    with script.cluster() as cluster, pytest.raises(AtmosError) as caught:
        call(cluster)
    (found,) = caught.value.diagnostics
    assert found.code is Code.CLUSTER_UNREACHABLE  # ATM811
    assert "s3cr3t" not in found.message + found.hint
    assert found.message.startswith("cluster `eu` ")
    assert "\n" not in found.message
    return found


def test_a_list_is_read_page_by_page_and_sorted():
    def answer(request):
        if params(request).get("continue") == "next":
            return listing([pod("a"), pod("c", namespace="a")])
        return listing([pod("b"), pod("z")], more="next")

    script = Script(answer)
    with script.cluster() as cluster:
        found = cluster.list("v1", "Pod", selector="app=web")
    assert [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in found] == [
        ("a", "c"),
        ("shop", "a"),
        ("shop", "b"),
        ("shop", "z"),
    ]
    assert {(p["apiVersion"], p["kind"]) for p in found} == {("v1", "Pod")}
    assert [params(r)["labelSelector"] for r in script.requests] == ["app=web"] * 2
    assert params(script.requests[0])["limit"] == "500"


def test_a_list_that_expires_between_pages_begins_again_and_shows_nothing_twice():
    expired = [status(410, "expired", "Expired")]

    def answer(request):
        if "continue" in params(request):
            return expired.pop() if expired else listing([pod("b")])
        return listing([pod("a")], more="next")

    script = Script(answer)
    with script.cluster() as cluster:
        assert [p["metadata"]["name"] for p in cluster.list("v1", "Pod")] == ["a", "b"]
    assert len(script.requests) == 4


def test_a_list_that_always_expires_ends():
    script = Script(lambda r: status(410) if "continue" in params(r) else listing([pod("a")], more="next"))
    assert "faster than" in refused(script).message


def test_a_list_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(client, "MAX_OBJECTS", 10)
    script = Script(lambda _: listing([pod("a")] * 6, more="next"))
    assert "more than 10 pods" in refused(script).message


def test_a_list_of_empty_pages_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(client, "LIST_SECONDS", 0.05)
    script = Script(lambda _: listing([], more="next"))
    assert "its list of pods takes more than 0.05 seconds" in refused(script).message


def test_one_question_has_one_deadline_however_often_it_is_asked(monkeypatch):
    """Four answers of a minute each would be four minutes for one question of `atmos status`."""
    monkeypatch.setattr(transport, "QUESTION_SECONDS", 0.0)
    script = Script(lambda _: httpx.ReadTimeout("timed out"))
    assert "no answer in time" in refused(script).message
    assert (len(script.requests), script.pauses) == (1, [])


def test_a_kind_that_is_not_served_has_no_objects_and_is_not_asked_for_each_time():
    script = Script(lambda _: status(404, "the server could not find the requested resource"))
    with script.cluster() as cluster:
        for _ in range(3):
            assert cluster.list("acme.test/v1", "Widget") == ()
            assert cluster.get("acme.test/v1", "Widget", "w", namespace="shop") is None
            assert cluster.list("v1", "Widget") == ()
    assert [r.url.path for r in script.requests] == ["/apis/acme.test/v1"]


def test_a_kind_that_is_installed_later_is_found_after_a_while(monkeypatch):
    monkeypatch.setattr(discovery, "ASK_AGAIN_SECONDS", -1.0)
    served = []

    def answer(request):
        if request.url.path == "/apis/acme.test/v1":
            return Said(body={"resources": served, "kind": "APIResourceList", "apiVersion": "v1"})
        return listing([{"metadata": {"name": "w", "namespace": "shop"}}])

    with Script(answer).cluster() as cluster:
        assert cluster.list("acme.test/v1", "Widget") == ()
        served.append({"name": "widgets", "kind": "Widget", "namespaced": True})
        assert len(cluster.list("acme.test/v1", "Widget")) == 1


def test_get_gives_the_object_or_none_and_names_cannot_leave_their_place():
    script = Script(lambda r: Said(body=pod("web")) if r.url.path == f"{PODS}/web" else status(404, "not found"))
    with script.cluster() as cluster:
        assert cluster.get("v1", "Pod", "web", namespace="shop")["metadata"]["name"] == "web"
        assert cluster.get("v1", "Pod", "other", namespace="shop") is None
        assert cluster.get("v1", "Pod", "../../secrets/x?y", namespace="a/b") is None
    assert script.requests[-1].url.raw_path == b"/api/v1/namespaces/a%2Fb/pods/..%2F..%2Fsecrets%2Fx%3Fy"


def test_objects_come_without_field_ownership_and_secrets_without_values():
    metadata = {
        "managedFields": [{}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"},
    }
    secret = {"metadata": {"name": "db", "namespace": "shop", **metadata}, "data": {"password": "czNjcjN0"}}
    script = Script(
        lambda r: (
            listing([secret])
            if r.url.path.endswith("secrets")
            else Said(body={**secret, "kind": "Secret", "apiVersion": "v1"})
        )
    )
    with script.cluster() as cluster:
        (listed,) = cluster.list("v1", "Secret", namespace="shop")
        for found in (listed, cluster.get("v1", "Secret", "db", namespace="shop")):
            assert found["data"] == {"password": "***"}
            assert found["metadata"] == {"name": "db", "namespace": "shop", "annotations": {"a": "b"}}


def test_a_server_that_is_busy_is_asked_again_as_late_as_it_wants():
    said = [Said(429, headers={"Retry-After": "3"}), Said(503, headers={"Retry-After": "999999"}), Said(504)]
    script = Script(lambda _: said.pop(0) if said else listing([]))
    with script.cluster() as cluster:
        assert cluster.list("v1", "Pod") == ()
    assert script.pauses == [3.0, 10.0, 1.0]


def test_a_server_that_stays_busy_is_given_up():
    script = Script(lambda _: status(503, "etcd is down"))
    found = refused(script)
    assert "could not list pods in shop: 503 etcd is down" in found.message
    assert len(script.requests) == transport.ATTEMPTS


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("[Errno 111] Connection refused"), "the connection was refused"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), "Name or service not known"),
        (httpx.ReadTimeout("timed out"), "no answer in time"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "disconnected"),
    ],
)
def test_a_server_that_cannot_be_reached_says_why(error, said):
    script = Script(lambda _: error)
    found = refused(script)
    assert said in found.message
    assert "(https://api.test)" in found.message
    assert "kubectl --context eu-admin version" in found.hint
    assert len(script.requests) == transport.ATTEMPTS


def test_a_connection_that_broke_once_is_no_problem():
    errors = [httpx.ReadError("reset")]
    script = Script(lambda _: errors.pop() if errors else listing([]))
    with script.cluster() as cluster:
        assert cluster.list("v1", "Pod") == ()


def test_forbidden_names_verb_and_resource_and_the_check():
    script = Script(lambda _: status(403, 'pods is forbidden: User "ci" cannot list resource "pods"', "Forbidden"))
    found = refused(script)
    assert "does not let you list pods in shop" in found.message
    assert 'User "ci"' in found.message
    assert "`kubectl --context eu-admin auth can-i list pods -n shop`" in found.hint
    everywhere = refused(script, lambda cluster: cluster.list("apps/v1", "Deployment"))
    assert "auth can-i list deployments.apps -A" in everywhere.hint


def test_unauthorized_says_who_to_log_in_as():
    found = refused(Script(lambda _: status(401, "Unauthorized")))
    assert "does not accept the credentials of context eu-admin" in found.message
    assert "log in again" in found.hint


@pytest.mark.parametrize(
    "said",
    [
        Said(200, b"<html>please log in</html>"),
        Said(302, b"", {"Location": "https://elsewhere.test"}),
        Said(200, b"[]"),
        Said(200, b"[" * 200_000),
        Said(200, b"{}"),
        Said(200, {"kind": "PodList", "apiVersion": "v1", "items": {"a": 1}}),
        Said(200, {"kind": "PodList", "apiVersion": "v1", "items": [1, "x"]}),
        Said(404, b"<html>nginx</html>"),
        *(
            Said(200, b'{"kind": "PodList", "apiVersion": "v1", "items": [{"spec": {"n": %s}}]}' % number)
            for number in (b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"9" * 400, b"9" * 5000)
        ),
        Said(200, b"\xff\xfe", {"Content-Encoding": "gzip"}),
    ],
    ids=str,
)
def test_what_no_api_server_says_is_refused(said):
    refused(Script(lambda _: said))


def test_hostile_metadata_does_no_harm():
    items = [{"metadata": []}, {"metadata": {"name": 7, "annotations": []}}, {"metadata": {"name": None}}, {}]
    odd = {"kind": "List", "apiVersion": "v1", "metadata": "x", "items": [*items, pod("a")]}
    with Script(lambda _: Said(body=odd)).cluster() as cluster:
        assert len(cluster.list("v1", "Pod")) == 5


def test_an_answer_is_bounded_also_when_it_was_compressed(monkeypatch):
    monkeypatch.setattr(transport, "MAX_BYTES", 1 << 20)
    bomb = gzip.compress(b" " * (50 << 20))
    script = Script(lambda _: Said(200, bomb, {"Content-Encoding": "gzip"}))
    assert "more than 1 MiB" in refused(script).message
    assert len(script.requests) == 1


def test_control_characters_of_a_server_stay_out_of_the_message():
    found = refused(Script(lambda _: status(403, "\x1b[2J\x1b]0;x\x07no\nsecond line" + "x" * 9999)))
    assert "\x1b" not in found.message
    assert len(found.message) < 500


def test_logs_are_the_last_lines_without_control_characters():
    text = "one\r\n\x1b[31mtwo\x1b[0m\nthree\tfour\n"
    script = Script(lambda _: Said(200, text.encode() + b"\xff\n"))
    with script.cluster() as cluster:
        found = cluster.logs("web-1", "app", namespace="shop", previous=True, lines=3)
    assert found == ("two", "three four", "\N{REPLACEMENT CHARACTER}")
    asked = params(script.requests[0])
    assert (asked["container"], asked["tailLines"], asked["previous"]) == ("app", "3", "true")


@pytest.mark.parametrize("code", [400, 404, 500, 502, 503])
def test_a_container_without_a_log_has_no_lines(code):
    script = Script(lambda _: status(code, "previous terminated container not found"))
    with script.cluster() as cluster:
        assert cluster.logs("web-1", "app", namespace="shop", previous=True, lines=9) == ()
    assert len(script.requests) == 1


def test_annotate_patches_only_annotations_under_the_given_manager():
    script = Script(lambda _: Said(body=pod("web")))
    with script.cluster() as cluster:
        cluster.annotate(
            "apps/v1", "Deployment", "web", namespace="shop", annotations={"a/b": "1"}, manager="flux-client-side-apply"
        )
    (request,) = script.requests
    assert (request.method, request.url.path) == ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web")
    assert request.headers["Content-Type"] == "application/merge-patch+json"
    assert params(request) == {"fieldManager": "flux-client-side-apply"}
    assert json.loads(request.content) == {"metadata": {"annotations": {"a/b": "1"}}}


def test_annotating_what_is_not_there_is_an_error():
    def annotate(cluster):
        cluster.annotate("apps/v1", "Deployment", "web", namespace="shop", annotations={})

    assert "has no Deployment `web`" in refused(Script(lambda _: status(404, "not found")), annotate).message


def test_a_real_server_that_is_not_there():
    with serving(lambda _: Said()) as api:
        gone = api.access()
    with (
        ClusterClient(gone, pause=lambda _: None) as cluster,
        pytest.raises(AtmosError, match="the connection was refused"),
    ):
        cluster.list("v1", "Pod")


@pytest.mark.parametrize("server", ["https://[::1", "https://a b", "https://\u0130\u0130..test", "http://x:99999999"])
def test_an_address_that_is_none_is_said(server):
    with ClusterClient(Access("eu", server), pause=lambda _: None) as cluster, pytest.raises(AtmosError) as caught:
        cluster.list("v1", "Pod")
    assert caught.value.diagnostics[0].code is Code.CLUSTER_UNREACHABLE


def test_a_proxy_of_the_environment_is_used_but_not_for_our_own_machine(monkeypatch):
    with serving(lambda r: discovered(r.path) or listing([])) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        with ClusterClient(Access("eu", "http://api.test:80")) as cluster:
            assert cluster.list("v1", "Pod") == ()
        assert proxy.requests
        count = len(proxy.requests)
        with serving(lambda r: discovered(r.path) or listing([])) as api, ClusterClient(api.access()) as cluster:
            assert cluster.list("v1", "Pod") == ()
        assert len(proxy.requests) == count
        with ClusterClient(Access("eu", "http://api.test", proxy="socks9://x")) as cluster, pytest.raises(AtmosError):
            cluster.list("v1", "Pod")
