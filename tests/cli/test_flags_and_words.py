"""Words and flags together: a flag wins over a word, and what they contradict in is refused."""

import pytest


def plan(atmos, repo, *args):
    done = atmos("new", "service", *args, "--repo", repo, "--dry-run", "-o", "json")
    assert done.code == 0, done.out
    return {row["field"]: (row["value"], row["source"]) for row in done.json["data"]["plan"]}


def test_flags_say_what_words_do_not(repo, atmos):
    rows = plan(atmos, repo, "node", "--name", "basket", "--port", "81:9000", "--size", "l")
    assert rows["name"] == ("basket", "flag --name")
    assert rows["port"] == ("81 → 9000", "flag --port")
    assert rows["size"] == ("l", "flag --size")


# Each flag, words that contradict it, and words that say the same.
BOTH = [
    (("--name", "basket"), "called cart", "called basket"),
    (("--port", "81:9000"), "port 80", "port 81:9000"),
    (("--size", "l"), "size s", "large"),
    (("--size", "l"), "2 cpu, 4Gi memory", "size l"),
    (("--replicas", "3"), "2 replicas", "three replicas"),
    (("--replicas", "3"), "2..5", "3 replicas"),
    (("--replicas", "3"), "autoscaling", "3 pods"),
    (("--scale", "2..5"), "2..6", "between 2 and 5 replicas"),
    (("--scale", "2..5"), "3 replicas", "autoscaling"),
    (("--image", "ghcr.io/acme/a:1"), "image ghcr.io/acme/b:1", "ghcr.io/acme/a:1"),
    (("--team", "main"), "for team payments", "for team main"),
    (("--env", "dev"), "prod only", "dev only"),
    (("--health-path", "/up"), "health check at /live", "liveness /up"),
    (("--ready-path", "/ready"), "readiness /up", "ready at /ready"),
    (("--set-env", "LOG_LEVEL=info"), "env LOG_LEVEL=debug", "LOG_LEVEL=info"),
    (("--secret", "STRIPE_KEY"), "env STRIPE_KEY=none", "secret STRIPE_KEY"),
    (("--with", "redis"), "without redis", "with redis"),
    (("--host", "shop.acme.io"), "internal", "host www.acme.io"),
]


@pytest.mark.parametrize(
    ("flags", "against", "same"), BOTH, ids=[f"{flags[0]} and {against}" for flags, against, _ in BOTH]
)
def test_a_flag_and_a_word_that_contradict_are_refused_and_equal_ones_are_not(repo, atmos, flags, against, same):
    done = atmos("new", "service", f"node, {against}", *flags, "--repo", repo, "--dry-run", "-o", "json")
    assert done.code == 2, done.out
    assert set(done.codes) <= {"ATM102", "ATM104"}
    plan(atmos, repo, f"node, {same}", *flags)


def test_hosts_of_words_and_flags_are_added_up(repo, atmos):
    rows = plan(atmos, repo, "node, host a.acme.io", "--host", "b.acme.io")
    assert rows["hosts"][0] == "a.acme.io, b.acme.io in prod"


def test_a_host_makes_it_public(repo, atmos):
    rows = plan(atmos, repo, "node", "--host", "shop.example.com")
    assert rows["http"] == ("yes", "flag --host")


def test_a_range_makes_it_scale(repo, atmos):
    rows = plan(atmos, repo, "node", "--scale", "2..5")
    assert rows["autoscaling"][0] == "yes"
    assert rows["scaling"] == ("2 to 5", "flag --scale")


@pytest.mark.parametrize(
    ("intent", "flags"),
    [("node without http", ["--host", "shop.example.com"]), ("node without redis", ["--with", "redis"])],
)
def test_a_flag_that_contradicts_the_words_is_refused(repo, atmos, intent, flags):
    done = atmos("new", "service", intent, *flags, "--repo", repo, "--dry-run")
    assert done.code == 2
    assert "ATM102" in done.err


def test_every_problem_is_told_at_once(repo, atmos):
    done = atmos(
        "new",
        "service",
        "node",
        "--host",
        "no host",
        "--set-env",
        "VERSION=1",
        "--set-env",
        "9=x",
        "--repo",
        repo,
        "--dry-run",
        "-o",
        "json",
    )
    assert done.code == 2
    assert len(done.json["diagnostics"]) == 2
