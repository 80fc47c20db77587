"""Words and flags together: a flag wins over a word, and what they contradict in is refused."""

import pytest


def plan(atmos, repo, *args):
    done = atmos("new", "service", *args, "--repo", repo, "--dry-run", "-o", "json")
    assert done.code == 0, done.out
    return {row["field"]: (row["value"], row["source"]) for row in done.json["data"]["plan"]}


def test_a_flag_wins_over_a_word(repo, atmos):
    rows = plan(
        atmos, repo, "node called cart, port 80, size s", "--name", "basket", "--port", "81:9000", "--size", "l"
    )
    assert rows["name"] == ("basket", "flag --name")
    assert rows["port"] == ("81 → 9000", "flag --port")
    assert rows["size"] == ("l", "flag --size")


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
