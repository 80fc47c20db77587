"""The plan of a new service says what a framework brings and what cannot work; an image alone is enough."""

from __future__ import annotations

import pytest


def plan(atmos, repo, *words):
    done = atmos("new", "service", *words, "--repo", repo, "--dry-run", "-o", "json")
    return done, {row["field"]: row for row in (done.json["data"] or {}).get("plan", ())}


def test_a_framework_is_kept_and_decides(repo, atmos):
    assert atmos("new", "service", "spring boot, postgres, called orders", "--repo", repo, "--yes").code == 0
    spec = (repo / "apps" / "main" / "orders" / "service.yaml").read_text()
    assert "framework: spring\n" in spec
    assert "size: m\n" in spec
    rendered = atmos("render", "orders", "--env", "prod", cwd=repo).out
    assert "path: /actuator/health/liveness" in rendered
    assert "value: jdbc:postgresql://$(DB_HOST):$(DB_PORT)/$(DB_NAME)" in rendered
    assert atmos("validate", cwd=repo).code == 0
    assert atmos("update", "--check", cwd=repo).code == 0


def test_hosts_in_probes_differ_by_environment_and_the_overlays_build_to_them(repo, atmos):
    assert atmos("new", "service", "django, public, called shop", "--repo", repo, "--yes").code == 0
    base = (repo / "apps" / "main" / "shop" / "base" / "deployment.yaml").read_text()
    assert "httpHeaders" not in base
    assert "path: /healthz" in base
    for environment in ("dev", "prod"):
        overlay = repo / "apps" / "main" / "shop" / "overlays" / environment / "kustomization.yaml"
        assert overlay.read_text().count("name: Host") == 3
    assert atmos("validate", cwd=repo).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("spring boot, xs",), "256Mi of memory is less than the 512Mi that Spring Boot needs"),
        (("caddy, port 80",), "the usual image caddy has a file capability"),
        (("tomcat, port 80",), "write `80:8080`"),
    ],
)
def test_what_will_not_work_is_in_the_plan(repo, atmos, words, said):
    done, rows = plan(atmos, repo, *words)
    assert done.code == 0
    assert said in rows["warning"]["value"]


def test_a_framework_brings_its_port_and_probes(repo, atmos):
    _, rows = plan(atmos, repo, "rails")
    assert (rows["port"]["value"], rows["port"]["source"]) == ("80 → 3000", "what Rails usually listens on")
    assert rows["probes"]["value"] == "GET /up"
    assert "Rails (since 7.1)" in rows["probes"]["note"]


def test_an_image_and_a_port_are_enough(repo, atmos):
    done, rows = plan(atmos, repo, "port 80:3000", "--image", "ghcr.io/acme/shop:1.2.3")
    assert done.code == 0
    assert (rows["name"]["value"], rows["language"]["value"]) == ("shop", "any image")
    assert rows["probes"]["value"] == "a connection to the port"
    _, same = plan(atmos, repo, "image ghcr.io/acme/shop:1.2.3, port 80:3000")
    assert same["port"]["value"] == "80 → 3000"
    _, guessed = plan(atmos, repo, "public", "--image", "ghcr.io/acme/shop:1.2.3")
    assert "a guess: say on which port" in guessed["port"]["note"]
    _, asked = plan(atmos, repo, "port 80:3000, image ghcr.io/acme/shop:1.2.3", "--health-path", "/up")
    assert asked["probes"]["value"] == "/up"


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("php-fpm, port 80",), "ATM207", "php:8.3-apache"),
        (("laravel, port 9000",), "ATM106", "port 80:9000"),
        (("spring boot, python",), "ATM102", "two services"),
        (("django, flask",), "ATM102", "one framework"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(repo, atmos, words, code, hint):
    done, _ = plan(atmos, repo, *words)
    assert done.code in (1, 2)
    (found,) = {(each["code"], each["hint"]) for each in done.json["diagnostics"]}
    assert found[0] == code
    assert hint in found[1]
