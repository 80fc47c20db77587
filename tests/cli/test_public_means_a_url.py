"""Public means a URL: the plan names it and what serves it; a host is production's; no host is served twice."""

from __future__ import annotations

import pytest
import yaml


def config(repo, edit):
    path = repo / "atmos-cli.yaml"
    value = yaml.safe_load(path.read_text())
    edit(value)
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def urls(done):
    assert done.code == 0, done.out
    rows = [row for row in done.json["data"]["plan"] if row["field"] == "url"]
    return {row["source"]: (row["value"], row["note"]) for row in rows}


def new(atmos, repo, text, *flags):
    return atmos("new", "service", text, *flags, "--repo", repo, "--dry-run", "-o", "json")


def entry(value, **http):
    for cluster in value["clusters"].values():
        cluster.pop("http", None)
    for environment in value["environments"].values():
        environment["http"] = {"domain": environment["http"]["domain"], **http}


def test_each_environment_has_a_url_of_its_domain(repo, atmos):
    config(repo, lambda value: entry(value, kind="ingress", controller="traefik", issuer="letsencrypt"))
    done = new(atmos, repo, "node, called shop, public")
    domains = yaml.safe_load((repo / "atmos-cli.yaml").read_text())["environments"]
    for name, (url, note) in urls(done).items():
        assert url == f"https://shop.{domains[name]['http']['domain']}/"
        assert note == (
            "an Ingress of the class `traefik`, served by Traefik; the issuer `letsencrypt` of cert-manager makes its"
            " certificate"
        )
    assert [step["topic"] for step in done.json["data"]["next"]].count("reach") == len(domains)
    needs = [step["step"] for step in done.json["data"]["next"] if step["topic"] == "needs"]
    assert any(need.startswith("cert-manager on clusters ") and "prod" in need for need in needs)


def test_without_an_issuer_it_is_plain_http_and_with_a_path_it_ends_there(repo, atmos):
    config(repo, lambda value: entry(value, kind="ingress", controller="traefik", issuer=""))
    (url, note), *_ = urls(new(atmos, repo, "node, called shop, http path /api")).values()
    assert url.startswith("http://shop.")
    assert url.endswith("/api")
    assert "without TLS" in note


def test_a_gateway_is_named_with_what_it_must_have(repo, atmos):
    config(repo, lambda value: entry(value, kind="gateway", gateway="edge", namespace="edge-system"))
    url, note = urls(new(atmos, repo, "node, called shop, host shop.acme.io"))["prod"]
    assert url == "https://shop.acme.io/"
    assert note == (
        "an HTTPRoute at the Gateway `edge` in `edge-system`; its listener must hold a certificate for shop.acme.io"
        " and admit main-prod"
    )


@pytest.mark.parametrize(("controller", "said"), [({}, True), ({"controller": "f5-nginx"}, False)])
def test_the_class_nginx_says_that_its_usual_controller_is_retired(repo, atmos, controller, said):
    config(repo, lambda value: entry(value, kind="ingress", **{"class": "nginx"}, **controller))
    notes = {note for _, note in urls(new(atmos, repo, "node, public")).values()}
    assert all(("ingress-nginx" in note and "is retired since 2026-03-31" in note) is said for note in notes)


def test_a_host_is_that_of_production(repo, atmos):
    done = atmos("new", "service", "node, called shop, host shop.acme.io", "--repo", repo, "--yes", "-o", "json")
    assert done.code == 0, done.out
    spec = yaml.safe_load((repo / "apps/main/shop/service.yaml").read_text())
    assert "hosts" not in spec
    assert spec["environments"] == {"prod": {"hosts": ["shop.acme.io"]}}
    dev = "".join(path.read_text() for path in (repo / "apps/main/shop/overlays/dev").iterdir())
    assert "shop.acme.io" not in dev
    (row,) = (row for row in done.json["data"]["plan"] if row["field"] == "hosts")
    assert row["value"] == "shop.acme.io in prod"
    assert "elsewhere shop." in row["note"]
    changed = atmos("change", "shop", "host www.acme.io", "--repo", repo, "--yes")
    assert changed.code == 0, changed.err
    spec = yaml.safe_load((repo / "apps/main/shop/service.yaml").read_text())
    assert spec["environments"]["prod"]["hosts"] == ["shop.acme.io", "www.acme.io"]
    assert "hosts" not in spec


def two_productions(value, *, cluster="prod"):
    value["environments"]["prod-eu"] = {**value["environments"]["prod"], "cluster": cluster}
    value["environments"]["prod-eu"]["http"] = {"domain": "eu.acme.io"}
    value["clusters"].setdefault(cluster, {**value["clusters"]["prod"], "context": cluster})


def test_two_productions_on_one_cluster_are_asked_about(repo, atmos):
    config(repo, two_productions)
    done = new(atmos, repo, "node, host shop.acme.io")
    assert (done.code, done.codes) == (2, ["ATM102"])
    hint = done.json["diagnostics"][0]["hint"]
    assert hint == "say in which one: `--host prod=shop.acme.io` or `--host prod-eu=shop.acme.io`"


def test_a_flag_says_in_which_environment(repo, atmos):
    done = new(atmos, repo, "node, called shop", "--host", "staging=shop.acme.io")
    assert urls(done)["staging"][0] == "https://shop.acme.io/"
    assert "shop.acme.io" not in urls(done)["prod"][0]
    done = new(atmos, repo, "node, prod only", "--host", "staging=shop.acme.io")
    assert done.codes == ["ATM702"]


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("host shop.acme.io", 1),
        ("host www.acme.io", 0),
        ("host shop.acme.io, http path /api", 0),
    ],
)
def test_a_host_of_another_service_is_not_free(repo, atmos, second, code):
    assert atmos("new", "service", "node, called shop, host shop.acme.io", "--repo", repo, "--yes").code == 0
    done = new(atmos, repo, f"node, called other, {second}")
    assert done.code == code, done.out
    found = [each for each in done.json["diagnostics"] if each["code"] == "ATM342"]
    assert bool(found) == bool(code)
    for each in found:
        assert each["message"] == (
            "the host shop.acme.io of main/other is that of main/shop already, on the same cluster `prod`"
        )
        assert each["hint"].startswith("take another host, or give one of the two a path of its own")


def test_one_host_in_two_environments_of_a_cluster_is_found_where_it_stands(repo, atmos):
    assert atmos("new", "service", "node, called shop, host shop.acme.io", "--repo", repo, "--yes").code == 0
    assert atmos("validate", cwd=repo).code == 0
    path = repo / "apps/main/shop/service.yaml"
    spec = yaml.safe_load(path.read_text())
    spec["environments"]["dev"] = {"hosts": ["shop.acme.io"]}
    path.write_text(yaml.safe_dump(spec, sort_keys=False))
    config(repo, lambda value: value["environments"]["dev"].update(cluster="prod"))
    done = atmos("update", "shop", "--repo", repo, "--yes", "-o", "json")
    assert "ATM342" in done.codes, done.out
    (found,) = (each for each in done.json["diagnostics"] if each["code"] == "ATM342")
    assert "main/shop in 'dev'" in found["message"] or "main/shop in 'prod'" in found["message"]


@pytest.mark.parametrize("host", ["*.acme.io", "localhost", "acme", "10.0.0.1", "https://acme.io/shop"])
def test_a_host_that_is_none_is_one_sentence_and_one_hint(repo, atmos, host):
    for done in (new(atmos, repo, f"node, host {host}"), new(atmos, repo, "node", "--host", host)):
        assert done.code == 2, done.out
        assert [each["code"] for each in done.json["diagnostics"]] == ["ATM104"]
        assert done.json["diagnostics"][0]["hint"]
