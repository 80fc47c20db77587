"""`atmos status` over many services asks no more than over one, learns of new commits, and goes on until interrupted."""

import json
import shutil

import pytest

from atmos_cli.commands.status import Asked, Watcher
from atmos_cli.gitops.repository import open_repository

from .status_support import crashing, new_world

OVERLAY = "apps/main/checkout/overlays/dev/kustomization.yaml"


class Clock:
    """Each sleep is over at once; before it ends, the next of `happens` happens. After the last, Ctrl-C is pressed."""

    def __init__(self, *happens):
        self.time = 1.9e9
        self.happens = list(happens)

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds
        if not self.happens:
            raise KeyboardInterrupt
        self.happens.pop(0)()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return "argocd", tmp_path_factory.mktemp("template") / "gitops"


@pytest.fixture
def world(template, tmp_path, atmos, git, monkeypatch):
    made = new_world(*template, tmp_path / "gitops", atmos, git)
    monkeypatch.setattr("atmos_cli.commands.status.connect", made.connect)
    return made


def copies(world, count, *, teams):
    """More services like the first one, spread over teams."""
    first = world.root / "apps/main/checkout"
    for number in range(count):
        team, name = f"team{number % teams}", f"svc{number}"
        shutil.copytree(first, world.root / "apps" / team / name)
        for path in (world.root / "apps" / team / name).rglob("*"):
            if path.is_file():
                text = path.read_text().replace("checkout", name)
                path.write_text(text.replace("main-", f"{team}-").replace("main/", f"{team}/"))
    world.commit({}, "many")


def look(world, asked=None):
    with Watcher(open_repository(world.root), asked or Asked(), Clock(), world.connect) as watcher:
        return watcher.look()


def questions(world):
    found = sum(sum(each.asked.values()) for each in world.clusters.values())
    for each in world.clusters.values():
        each.asked.clear()
    return found


@pytest.mark.slow
def test_sixty_services_are_asked_for_with_as_many_questions_as_one(world):
    world.sync()
    look(world)
    one = questions(world)
    copies(world, 60, teams=6)
    world.sync()
    questions(world)
    found = look(world)
    many = questions(world)
    assert (len(found.rows), found.exit_code) == (183, 0)
    assert many == one, "one list per kind and cluster"


@pytest.mark.slow
def test_who_may_not_list_everything_is_answered_from_the_namespaces(world):
    copies(world, 6, teams=6)
    world.sync()
    for each in world.clusters.values():
        each.refused = {"Pod", "ReplicaSet", "Deployment", "Service", "NetworkPolicy", "ServiceAccount"}
    found = look(world)
    assert found.exit_code == 0, found.problems


def test_events_are_asked_for_only_where_something_is_wrong(world):
    world.sync()
    look(world)
    assert not any(each.asked["list", "Event"] for each in world.clusters.values())
    crashing(world.find("dev", "Pod"))
    world.find("dev", "Deployment")["status"] |= {"readyReplicas": 0}
    look(world)
    assert [each.asked["list", "Event"] for each in world.clusters.values()].count(1) == 1


def test_a_commit_that_only_the_remote_has_is_fetched_and_then_wanted(world, git, tmp_path):
    remote = tmp_path / "remote.git"
    git("clone", "--quiet", "--bare", str(world.root), str(remote), cwd=tmp_path)
    git("remote", "add", "origin", str(remote), cwd=world.root)
    git("fetch", "--quiet", "origin", cwd=world.root)
    text = world.read(OVERLAY).replace("0.1.0", "0.2.0")
    commit = world.commit({OVERLAY: text})
    world.sync()
    git("push", "--quiet", str(remote), "HEAD:main", cwd=world.root)
    git("reset", "--quiet", "--hard", "HEAD~1", cwd=world.root)
    git("reflog", "expire", "--expire=now", "--all", cwd=world.root)
    git("gc", "--quiet", "--prune=now", cwd=world.root)
    (dev,) = [row for row in look(world).rows if row.target.environment == "dev"]
    assert (dev.wanted, dev.live, dev.good) == (commit, commit, True)


def test_watching_prints_a_line_for_each_change_and_nothing_for_none(world, atmos, monkeypatch):
    world.sync()

    def breaks():
        crashing(world.find("dev", "Pod"))
        world.find("dev", "Deployment")["status"] |= {"readyReplicas": 0}

    def goes():
        world.clusters["prod"].reason = "connection refused"

    nothing = lambda: None  # noqa: E731
    clock = Clock(nothing, nothing, breaks, nothing, nothing, goes, nothing)
    monkeypatch.setattr("atmos_cli.adapters.clock.SystemClock", lambda: clock)
    done = atmos("status", "--watch", "--repo", world.root)
    lines = done.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *(f"main/checkout {name}@{name}" for name in ("dev", "staging", "prod")),
        "main/checkout dev@dev",
        "main/checkout prod@prod",
    ]
    assert "crash" in lines[3]
    assert "unreachable" in lines[4]
    assert done.code == 1


def test_watching_for_machines_is_an_envelope_for_each_change(world, atmos, monkeypatch):
    world.sync()

    def all_gone():
        for each in world.clusters.values():
            each.reason = "gone"

    clock = Clock(lambda: None, all_gone, lambda: None)
    monkeypatch.setattr("atmos_cli.adapters.clock.SystemClock", lambda: clock)
    done = atmos("status", "--watch", "--repo", world.root, "-o", "json")
    assert [json.loads(line)["exitCode"] for line in done.out.splitlines()] == [0, 2]
    assert done.code == 2


def test_one_service_is_asked_for_alone(world):
    copies(world, 6, teams=6)
    world.sync()
    asked = []
    dev = world.clusters["dev"]
    listed = dev.list
    dev.list = lambda *args, **more: asked.append((args[1], *more.values())) or listed(*args, **more)
    look(world, Asked("checkout", None, ("dev",)))
    assert ("Application", "argocd", "team=main,service=checkout,env=dev") in asked
    assert {each[1] for each in asked if each[0] != "Application"} == {"main-dev"}


def test_who_may_not_read_events_is_shown_the_rest(world, atmos, monkeypatch):
    world.sync()
    crashing(world.find("dev", "Pod"))
    world.clusters["dev"].forbidden = {"Event"}
    done = atmos("tree", "checkout", "--env", "dev", "--repo", world.root)
    assert (done.code, "CrashLoopBackOff" in done.out) == (1, True)
