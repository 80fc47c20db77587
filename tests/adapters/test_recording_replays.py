"""A recorded run can be given again, call for call, offline; killed anywhere, hostile or damaged, it says so."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atmos_cli.adapters import recording_file
from atmos_cli.adapters.clock import SystemClock
from atmos_cli.adapters.recording import record, replay
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity
from atmos_cli.ports import Answer, Series

ABOUT = {"service": "web", "environment": "prod"}


class World:
    """Answers with what it was given, in order; an error is raised."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def _next(self, *asked):
        self.asked.append(asked)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def get(self, api_version, kind, name, *, namespace=""):
        return self._next("get", api_version, kind, name, namespace)

    def list(self, api_version, kind, *, namespace="", selector=""):
        return self._next("list", api_version, kind, namespace, selector)

    def logs(self, pod, container, *, namespace, previous, lines):
        return self._next("logs", pod, container, namespace, previous, lines)

    def annotate(self, api_version, kind, name, *, namespace, annotations, manager="atmos-cli"):
        return self._next("annotate", api_version, kind, name, namespace, annotations, manager)

    def query(self, promql, *, at):
        return self._next("query", promql, at)

    def query_range(self, promql, *, start, end, step):
        return self._next("query_range", promql, start, end, step)

    def now(self):
        return self._next("now")

    def sleep(self, seconds):
        self.asked.append(("sleep", seconds))

    def __call__(self, question, *arguments):
        return self._next(question, *arguments)


def pod(phase, **fields):
    return {"kind": "Pod", "metadata": {"name": "web", **fields}, "status": {"phase": phase}}


def refused(call):
    with pytest.raises(AtmosError) as caught:
        call()
    (found,) = caught.value.diagnostics
    assert found.code is Code.RECORDING_INVALID  # ATM814
    assert len(found.message) < 1000
    return found


def written(directory):
    return (directory / recording_file.FILE).read_bytes()


def test_each_call_gets_its_own_answers_in_their_order(tmp_path):
    recorder = record(tmp_path, about=ABOUT)
    live = World(pod("Pending"), pod("Running"), None, (pod("Running"),), ("started",), None)
    cluster = recorder.cluster(live, name="eu")

    def run(cluster):
        first = cluster.get("v1", "Pod", "web", namespace="shop")
        return [
            first,
            cluster.get("v1", "Pod", "web", namespace="shop"),
            cluster.get("v1", "Pod", "other", namespace="shop"),
            cluster.list("v1", "Pod", namespace="shop", selector="a=b"),
            cluster.logs("web", "app", namespace="shop", previous=False, lines=20),
            cluster.annotate("v1", "Pod", "web", namespace="shop", annotations={"a": "b"}, manager="m"),
        ]

    recorded = run(cluster)
    recorder.close()
    again = replay(tmp_path)
    assert again.about == ABOUT
    assert run(again.cluster(name="eu")) == recorded
    # the order among different calls is free
    other = replay(tmp_path).cluster(name="eu")
    assert other.get("v1", "Pod", "other", namespace="shop") is None
    assert other.get("v1", "Pod", "web", namespace="shop") == pod("Pending")


def test_what_was_not_recorded_is_never_made_up(tmp_path):
    recorder = record(tmp_path, about=ABOUT)
    recorder.cluster(World(None), name="eu").get("v1", "Pod", "web", namespace="shop")
    recorder.close()
    again = replay(tmp_path)
    cluster = again.cluster(name="eu")
    cluster.get("v1", "Pod", "web", namespace="shop")
    found = refused(lambda: cluster.get("v1", "Pod", "web", namespace="shop"))
    assert "ends after 1 answers to `cluster eu: get" in found.message
    assert "has no answer to `cluster eu: get" in refused(lambda: cluster.get("v1", "Pod", "x")).message
    assert "record the run again" in refused(lambda: again.cluster(name="us").get("v1", "Pod", "web")).hint
    assert again.metrics(name="eu") is None
    refused(again.clock().now)


def test_metrics_are_the_same_floats(tmp_path):
    series = Series({"code": "5\u00e9"}, ((0.1, 1 / 3), (1e9 + 0.001, math.inf), (2e9, -math.inf), (3e9, math.nan)))
    recorder = record(tmp_path, about=ABOUT)
    metrics = recorder.metrics(World(Answer((series,), ("partial",)), Answer(())), name="eu")

    def run(metrics):
        return metrics.query("up", at=1.5), metrics.query_range("up", start=1, end=2.25, step=0.5)

    recorded = run(metrics)
    recorder.close()
    found = run(replay(tmp_path).metrics(name="eu"))
    assert repr(found) == repr(recorded)
    assert repr(found[0]) == repr(Answer((series,), ("partial",)))


def test_errors_come_again_with_all_they_said(tmp_path):
    error = AtmosError(
        Diagnostic(Code.CLUSTER_UNREACHABLE, "refused", hint="log in"),
        Diagnostic(Code.CLUSTER_UNCONFIGURED, "none", Severity.WARNING),
        exit_code=1,
    )
    recorder = record(tmp_path, about=ABOUT)
    cluster = recorder.cluster(World(error, ()), name="eu")
    with pytest.raises(AtmosError):
        cluster.list("v1", "Pod")
    cluster.list("v1", "Pod")
    recorder.close()
    again = replay(tmp_path).cluster(name="eu")
    with pytest.raises(AtmosError) as caught:
        again.list("v1", "Pod")
    assert (caught.value.diagnostics, caught.value.exit_code) == (error.diagnostics, 1)
    assert again.list("v1", "Pod") == ()


def test_the_clock_replays_and_does_not_sleep(tmp_path):
    live = World(100.25, 103.5)
    recorder = record(tmp_path, about=ABOUT)
    clock = recorder.clock(live)
    assert clock.now() == 100.25
    clock.sleep(3)
    assert clock.now() == 103.5
    recorder.close()
    assert ("sleep", 3) in live.asked
    again = replay(tmp_path).clock()
    assert again.now() == 100.25
    again.sleep(1e9)
    assert again.now() == 103.5


def test_the_clock_of_the_machine_runs_forward():
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1)
    assert clock.now() >= before


def test_other_questions_are_recorded_by_name(tmp_path):
    recorder = record(tmp_path, about=ABOUT)
    ask = recorder.ask(World({"order": "same"}, ("a", "b")), name="git")
    recorded = ask("relation", "abc", "def"), ask("paths", "abc")
    recorder.close()
    again = replay(tmp_path).ask(name="git")
    assert (again("relation", "abc", "def"), again("paths", "abc")) == recorded == ({"order": "same"}, ["a", "b"])
    refused(lambda: again("relation", "abc", "other"))


def test_the_recorded_run_gets_what_a_replay_gets_and_no_secret_is_written(tmp_path):
    env = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "URL", "value": "postgres://u:hunter2@db/x"}]
    live = World(
        {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "db"}, "data": {"key": "aHVudGVyMg=="}},
        ({"kind": "Pod", "spec": {"containers": [{"env": env}]}},),
        ("Authorization: Bearer hunter2hunter2", "password=hunter2"),
    )
    recorder = record(tmp_path, about=ABOUT)
    cluster = recorder.cluster(live, name="eu")

    def run(cluster):
        return [
            cluster.get("v1", "Secret", "db", namespace="shop"),
            cluster.list("v1", "Pod"),
            cluster.logs("web", "app", namespace="shop", previous=False, lines=9),
        ]

    recorded = run(cluster)
    recorder.close()
    assert run(replay(tmp_path).cluster(name="eu")) == recorded
    assert set(recorded[0]["data"]) == {"key"}
    assert b"hunter2" not in written(tmp_path)
    assert b"aHVudGVyMg" not in written(tmp_path)
    assert "hunter2" not in str(recorded)
    assert (tmp_path / recording_file.FILE).stat().st_mode & 0o077 == 0


def test_an_answer_that_comes_again_is_written_once(tmp_path):
    recorder = record(tmp_path, about=ABOUT)
    big = pod("Running", annotations={"x": "y" * 10_000})
    cluster = recorder.cluster(World(*[big] * 50), name="eu")
    for _ in range(50):
        cluster.get("v1", "Pod", "web")
    recorder.close()
    assert len(written(tmp_path)) < 20_000
    again = replay(tmp_path).cluster(name="eu")
    assert [again.get("v1", "Pod", "web") for _ in range(50)] == [big] * 50


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    directory = tmp_path_factory.mktemp("whole")
    recorder = record(directory, about=ABOUT)
    cluster = recorder.cluster(World(*(pod(str(n)) for n in range(5))), name="eu")
    for _ in range(5):
        cluster.get("v1", "Pod", "web")
    recorder.close()
    return written(directory)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 2000))
def test_killed_at_any_byte_it_holds_all_whole_answers_and_goes_on(tmp_path, whole, size):
    kept = whole[: size % (len(whole) + 1)]
    (tmp_path / recording_file.FILE).write_bytes(kept)
    if b"\n" not in kept:
        refused(lambda: replay(tmp_path))
        (tmp_path / recording_file.FILE).unlink()
        return
    count = kept[: kept.rfind(b"\n")].count(b'"call"')
    for extra in range(2):
        cluster = replay(tmp_path).cluster(name="eu")
        phases = [cluster.get("v1", "Pod", "web")["status"]["phase"] for _ in range(count + extra)]
        assert phases[:count] == [str(n) for n in range(count)]
        refused(lambda cluster=cluster: cluster.get("v1", "Pod", "web"))
        if not extra:
            recorder = record(tmp_path, about=ABOUT)
            recorder.cluster(World(pod("later")), name="eu").get("v1", "Pod", "web")
            recorder.close()


def test_a_recording_of_something_else_is_not_gone_on_with(tmp_path):
    record(tmp_path, about=ABOUT).close()
    before = written(tmp_path)
    assert "another run" in refused(lambda: record(tmp_path, about={"service": "other"})).message
    assert written(tmp_path) == before
    record(tmp_path, about=ABOUT).close()


def test_two_runs_do_not_record_into_one_directory(tmp_path):
    first = record(tmp_path, about=ABOUT)
    assert "another run records" in refused(lambda: record(tmp_path, about=ABOUT)).message
    first.close()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(lambda: record(tmp_path / "file", about=ABOUT)).message
    (tmp_path / recording_file.FILE).symlink_to(tmp_path / "file")
    assert "cannot be written" in refused(lambda: record(tmp_path, about=ABOUT)).message


def test_a_full_recording_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(recording_file, "MAX_BYTES", 500)
    recorder = record(tmp_path, about=ABOUT)
    cluster = recorder.cluster(World(pod("x" * 1000)), name="eu")
    assert "is full" in refused(lambda: cluster.get("v1", "Pod", "web")).message
    recorder.close()


HEAD = json.dumps({"atmos-recording": 1, "version": "0", "about": {}})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "nonsense\n",
        "[" * 100_000 + "\n",
        '{"atmos-recording": 2, "about": {}}\n',
        '{"atmos-recording": 1, "about": []}\n',
        f"{HEAD}\nnonsense\n",
        f"{HEAD}\n[]\n",
        f"{HEAD}\n{{}}\n",
        f'{HEAD}\n{{"on": "clock", "call": "now", "args": [], "id": "unknown"}}\n',
        f'{HEAD}\n{{"on": "clock", "call": "now", "args": [], "id": []}}\n',
    ],
    ids=lambda text: text[:40],
)
def test_a_damaged_recording_is_refused(tmp_path, text):
    (tmp_path / recording_file.FILE).write_text(text)
    refused(lambda: replay(tmp_path))


def test_no_recording_and_one_too_large_are_said(tmp_path, monkeypatch):
    assert "holds no recording" in refused(lambda: replay(tmp_path / "missing")).message
    monkeypatch.setattr(recording_file, "MAX_BYTES", 10)
    (tmp_path / recording_file.FILE).write_text("x" * 100)
    assert "larger" in refused(lambda: replay(tmp_path)).message


CALLS = {
    "get": lambda r: r.cluster(name="eu").get("v1", "Pod", "web", namespace="shop"),
    "list": lambda r: r.cluster(name="eu").list("v1", "Pod", namespace="shop"),
    "logs": lambda r: r.cluster(name="eu").logs("web", "app", namespace="shop", previous=False, lines=5),
    "query": lambda r: r.metrics(name="eu").query("up", at=1.0),
    "now": lambda r: r.clock().now(),
}
ARGS = {
    "get": ["v1", "Pod", "shop", "web"],
    "list": ["v1", "Pod", "shop", ""],
    "logs": ["shop", "web", "app", False, 5],
    "query": ["up", 1.0],
    "now": [],
}
WHERE = {"query": "metrics eu", "now": "clock"}


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("get", [1]),
        ("list", {"a": 1}),
        ("list", [1]),
        ("logs", ["a", 1]),
        ("logs", "text"),
        ("query", 7),
        ("query", {"series": [[1, 2]], "warnings": []}),
        ("query", {"series": [[{}, [["x", 1]]]], "warnings": []}),
        ("now", "yesterday"),
        ("now", True),
    ],
)
def test_an_answer_of_another_shape_is_refused(tmp_path, call, answer):
    lines = [
        HEAD,
        '{"uses": "metrics eu"}',
        json.dumps({"id": "a", "answer": answer}),
        json.dumps({"on": WHERE.get(call, "cluster eu"), "call": call, "args": ARGS[call], "id": "a"}),
    ]
    (tmp_path / recording_file.FILE).write_text("\n".join(lines) + "\n")
    assert "is none that it can give" in refused(lambda: CALLS[call](replay(tmp_path))).message


@pytest.mark.parametrize("error", [1, {}, {"diagnostics": [{}]}, {"diagnostics": [{"code": "ATM000"}], "exit_code": 1}])
def test_an_error_of_another_shape_is_refused(tmp_path, error):
    call = {"on": "clock", "call": "now", "args": [], "error": error}
    (tmp_path / recording_file.FILE).write_text(f"{HEAD}\n{json.dumps(call)}\n")
    assert "never raises" in refused(replay(tmp_path).clock().now).message
