"""A mirror shows what the server has, through ended, cut and expired watches, and asks for each kind once."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from fake_api import Said, discovered, listing, pod, serving, status, told
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.adapters.kubernetes import watch
from atmos_cli.adapters.kubernetes.client import ClusterClient
from atmos_cli.adapters.kubernetes.store import FullError, ObjectStore
from atmos_cli.adapters.kubernetes.watch import Mirror
from atmos_cli.diagnostics import AtmosError, Code

POD = ("v1", "Pod")
CUT, END = object(), object()
SECONDS = 20.0  # nobody waits so long: it ends a test that would hang


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(watch, "_backoff", lambda _: 0.0)
    monkeypatch.setattr(watch, "_SHORTEST_WATCH", 0.0)


class Script:
    """Answers lists with `lists` (the last one for ever) and each watch from its own queue of lines."""

    def __init__(self, *lists):
        self.lists = list(lists)
        self.watches = queue.Queue()
        self.listed = 0
        self.since = []
        self.began = threading.Semaphore(0)

    def __call__(self, request):
        if found := discovered(request.path):
            return found
        if request.params.get("watch") != "true":
            self.listed += 1
            return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        self.since.append(request.params["resourceVersion"])
        self.began.release()
        said = self.watches.get(timeout=SECONDS)
        if isinstance(said, Said):
            return said
        return Said(body=self._lines(said), cut=said[-1:] == [CUT])

    def _lines(self, said):
        for part in said:
            if part is CUT or part is END:
                return
            yield part
        self.watches.get(timeout=SECONDS)  # a watch stays open until the test goes on

    def until(self, mirror, condition):
        while not condition():
            assert mirror.wait(SECONDS), "nothing happened"


def names(mirror, **options):
    return [p["metadata"]["name"] for p in mirror.list("v1", "Pod", **options)]


def followed(script, test, **options):
    with serving(script) as api, ClusterClient(api.access(), pause=lambda _: None) as cluster:
        with Mirror(cluster, options.pop("kinds", [POD]), **options) as mirror:
            test(mirror)
        script.watches.put(END)
        return api


def test_kinds_of_one_version_are_discovered_once():
    """Each kind has a thread of its own, and they all start at once."""
    both = threading.Barrier(2, timeout=1.0)

    def slow(request):
        with suppress(threading.BrokenBarrierError):
            both.wait()  # a second request for the same would come meanwhile
        return discovered(request.path)

    with serving(slow) as api, ClusterClient(api.access()) as cluster, ThreadPoolExecutor(2) as threads:
        found = threads.map(cluster.find, ["apps/v1"] * 2, ["Deployment", "ReplicaSet"])
        assert [each.plural for each in found] == ["deployments", "replicasets"]
        assert len(api.requests) == 1


def test_events_change_what_is_shown():
    script = Script(listing([pod("a"), pod("b")], version="5"))
    script.watches.put(
        [
            told("ADDED", pod("c", version="6")),
            told("DELETED", pod("a", version="7")),
            told("MODIFIED", pod("b", version="8", labels={"x": "y"})),
        ]
    )

    def test(mirror):
        assert set(names(mirror)) <= {"a", "b", "c"}
        script.until(mirror, lambda: names(mirror, selector="x=y") == ["b"])
        assert names(mirror) == ["b", "c"]
        assert names(mirror, namespace="shop") == ["b", "c"]
        assert names(mirror, namespace="other") == []
        assert mirror.get("v1", "Pod", "c", namespace="shop")["metadata"]["resourceVersion"] == "6"
        assert mirror.get("v1", "Pod", "a", namespace="shop") is None

    followed(script, test)
    assert (script.listed, script.since) == (1, ["5"])


def test_a_watch_that_ends_goes_on_where_it_ended_without_a_new_list():
    script = Script(listing([pod("a")], version="5"))
    bookmark = {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "90"}}
    script.watches.put([told("ADDED", pod("b", version="6")), told("BOOKMARK", bookmark), END])
    script.watches.put([told("ADDED", pod("c", version="91")), CUT])
    script.watches.put([told("ADDED", pod("d", version="92"))])

    followed(script, lambda mirror: script.until(mirror, lambda: names(mirror) == ["a", "b", "c", "d"]))
    assert (script.listed, script.since) == (1, ["5", "90", "91"])


@pytest.mark.parametrize(
    "expired",
    [
        status(410, "too old", "Expired"),
        [told("ERROR", {"kind": "Status", "code": 410}), END],
        status(504, "Too large resource version"),
    ],
    ids=["at once", "in the stream", "from another past"],
)
def test_a_place_that_the_server_forgot_means_a_new_list(expired):
    script = Script(listing([pod("a"), pod("gone")], version="5"), listing([pod("a"), pod("new")], version="50"))
    script.watches.put(expired)
    script.watches.put([])
    followed(script, lambda mirror: script.until(mirror, lambda: names(mirror) == ["a", "new"]))
    assert (script.listed, script.since) == (2, ["5", "50"])


def test_a_half_event_before_a_cut_is_not_believed():
    script = Script(listing([pod("a")], version="5"))
    script.watches.put([told("DELETED", pod("a", version="6"))[:-1], CUT])
    script.watches.put([told("ADDED", pod("b", version="6"))])
    followed(script, lambda mirror: script.until(mirror, lambda: names(mirror) == ["a", "b"]))
    assert script.since == ["5", "5"]


@pytest.mark.parametrize(
    "line", [b"nonsense\n", b"[]\n", b'{"type": 1}\n', b'{"type": "ERROR", "object": {"code": "x"}}\n']
)
def test_a_server_that_talks_nonsense_is_asked_again(line):
    script = Script(listing([pod("a")], version="5"), listing([pod("b")], version="6"))
    for _ in range(3):
        script.watches.put([line])
        script.watches.put(END)  # what the broken watch would still wait for
    followed(script, lambda mirror: script.until(mirror, lambda: names(mirror) == ["b"]))


def test_a_kind_that_is_refused_is_an_error_and_others_work():
    def answer(request):
        if "secrets" in request.path:
            return status(403, "secrets is forbidden", "Forbidden")
        return script(request)

    script = Script(listing([pod("a")], version="5"))
    script.watches.put([])

    def test(mirror):
        assert names(mirror) == ["a"]
        with pytest.raises(AtmosError, match="does not let you list secrets") as caught:
            mirror.list("v1", "Secret")
        assert caught.value.diagnostics[0].code is Code.CLUSTER_UNREACHABLE  # ATM811

    with serving(answer) as api, ClusterClient(api.access(), pause=lambda _: None) as cluster:
        with Mirror(cluster, [POD, ("v1", "Secret")]) as mirror:
            test(mirror)
        script.watches.put(END)


def test_a_server_that_is_away_for_a_while_is_no_error_but_for_long_it_is(monkeypatch):
    script = Script(listing([pod("a")], version="5"), status(503), *[status(503)] * 99)
    script.watches.put([CUT])
    script.watches.put(status(503))
    script.watches.put(status(503))

    def test(mirror):
        assert names(mirror) == ["a"]
        feed = next(iter(mirror._feeds.values()))
        script.until(mirror, lambda: feed.error is not None)
        assert names(mirror) == ["a"]
        monkeypatch.setattr(watch, "STALE_SECONDS", -1.0)
        with pytest.raises(AtmosError, match="503"):
            names(mirror)

    followed(script, test)


def test_a_kind_that_is_not_served_is_empty():
    def test(mirror):
        assert mirror.list("acme.test/v1", "Widget") == ()
        assert mirror.get("acme.test/v1", "Widget", "w", namespace="shop") is None

    followed(Script(status(404)), test, kinds=[("acme.test/v1", "Widget")])


def test_what_is_not_watched_is_asked_for():
    script = Script(listing([pod("a")], version="5"))
    script.watches.put([])

    def test(mirror):
        assert names(mirror, namespace="shop") == ["a"]
        before = script.listed
        assert names(mirror) == ["a"]  # all namespaces, of which one is watched
        assert names(mirror, namespace="shop", selector="a in (b, c)") == ["a"]
        assert mirror.list("v1", "Namespace") != ()
        assert script.listed == before + 3

    followed(script, test, namespaces=["shop"])


def test_closing_ends_a_watch_that_is_silent():
    script = Script(listing([], version="5"))
    script.watches.put([])
    before = threading.active_count()
    with serving(script) as api, ClusterClient(api.access()) as cluster:
        with Mirror(cluster, [POD]) as mirror:
            assert script.began.acquire(timeout=SECONDS)
            threads = mirror._threads
        assert not any(thread.is_alive() for thread in threads)
        script.watches.put(END)
    assert threading.active_count() <= before


def test_a_server_that_ends_each_watch_at_once_is_not_hammered(monkeypatch):
    monkeypatch.undo()
    assert watch._pause(0, began=100.0, now=100.2) == pytest.approx(0.8)
    assert watch._pause(0, began=100.0, now=400.0) == 0.0


def test_owners_lead_to_what_they_own():
    owner = {"uid": "rs-1", "kind": "ReplicaSet", "name": "web"}
    script = Script(
        listing(
            [
                pod("a", ownerReferences=[owner]),
                pod("b", ownerReferences=[{"uid": []}, 1]),
                pod("c", ownerReferences={}),
            ],
            version="5",
        )
    )
    script.watches.put([])

    def test(mirror):
        names(mirror)
        assert [p["metadata"]["name"] for p in mirror.owned("rs-1")] == ["a"]
        assert mirror.owned("unknown") == ()

    followed(script, test)


names_of = st.sampled_from(["a", "b", "c"])
spaces = st.sampled_from(["x", "y"])
owners = st.lists(st.sampled_from(["o1", "o2"]), max_size=2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), spaces, names_of, owners),
        st.tuples(st.just("drop"), spaces, names_of, st.just([])),
        st.tuples(st.just("only"), st.sampled_from(["", "x"]), names_of, st.just([])),
    ),
    max_size=30,
)


@given(steps)
def test_the_store_is_a_dictionary_with_two_indexes(steps):
    store, model = ObjectStore(), {}
    for number, (what, space, name, uids) in enumerate(steps):
        if what == "put":
            store.put(POD, pod(name, namespace=space, version=str(number), ownerReferences=[{"uid": u} for u in uids]))
            model[space, name] = uids
        elif what == "drop":
            store.drop(POD, (space, name))
            model.pop((space, name), None)
        else:
            store.keep_only(POD, {("x", name), ("y", name)}, namespace=space)
            model = {key: value for key, value in model.items() if key[1] == name or (space and key[0] != space)}
        found = [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in store.list(POD)]
        assert found == sorted(model)
        for uid in ("o1", "o2"):
            owned = [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in store.owned(uid)]
            assert owned == sorted(key for key, value in model.items() if uid in value)
        assert (store.size == 0) == (not model)


def test_the_store_is_bounded_and_gives_copies():
    store = ObjectStore(limit=300)
    store.put(POD, pod("a"))
    store.get(POD, ("shop", "a"))["metadata"]["name"] = "changed"
    assert store.get(POD, ("shop", "a"))["metadata"]["name"] == "a"
    with pytest.raises(FullError):
        store.put(POD, pod("b", labels={"x": "y" * 300}))
    assert store.get(POD, ("shop", "b")) is None
