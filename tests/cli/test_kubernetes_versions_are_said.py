"""A Kubernetes that has no support any more, or that atmos does not know, is said, and never judged as another in silence."""

import pytest

from atmos_cli.yamlio.load import load


def clusters(root):
    return {each["kubernetes"] for each in load((root / "atmos-cli.yaml").read_bytes())["clusters"].values()}


def test_init_writes_one_with_support(repo):
    assert clusters(repo) == {"1.36"}


@pytest.mark.parametrize("version", ["1.35", "1.37"])
def test_init_takes_others_with_support(tmp_path, atmos, version):
    done = atmos("init", tmp_path / "r", "--kubernetes", version, "--yes", "-o", "json")
    assert (done.code, done.codes, clusters(tmp_path / "r")) == (0, [], {version})


def test_init_warns_of_one_without_support(tmp_path, atmos):
    done = atmos("init", tmp_path / "r", "--kubernetes", "1.34", "--yes", "-o", "json")
    assert (done.code, done.codes, clusters(tmp_path / "r")) == (0, ["ATM704"], {"1.34"})
    assert done.json["diagnostics"][0]["severity"] == "warning"
    assert atmos("init", tmp_path / "r", "--yes", "-o", "json").codes == [], "once, for who says it"


@pytest.mark.parametrize(
    ("version", "code"), [("1.40", "ATM704"), ("1.24", "ATM704"), ("latest", "ATM901"), ("1.36.2", "ATM901"), ("", "")]
)
def test_init_refuses_what_it_has_no_schemas_of(tmp_path, atmos, version, code):
    done = atmos("init", tmp_path / "r", f"--kubernetes={version}", "--yes", "-o", "json")
    if version:
        assert (done.code, done.codes) == (2, [code])
        assert "--kubernetes 1.36" in done.json["diagnostics"][0]["hint"]
        assert not (tmp_path / "r").exists()
    else:
        assert (done.code, clusters(tmp_path / "r")) == (0, {"1.36"})


def test_a_new_cluster_is_asked_the_same(shop, atmos):
    done = atmos("new", "cluster", "eu", "--kubernetes", "1.40", "--repo", shop, "--yes", "-o", "json")
    assert (done.code, done.codes) == (2, ["ATM704"])
    done = atmos("new", "cluster", "eu", "--kubernetes", "1.34", "--repo", shop, "--yes", "-o", "json")
    assert done.code == 0
    assert any("1.34 has no support any more since 2026-10-27" in step for step in done.json["data"]["next"])


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("1.30", "has no support any more since 2025-07-15"),
        ("1.40", "is newer than any that this atmos knows, so what runs there is judged as by 1.37"),
        ("1.20", "is older than any that this atmos knows, so what runs there is judged as by 1.25"),
    ],
)
def test_validate_warns_in_an_old_repo_and_breaks_nothing(repo, atmos, version, says):
    text = (repo / "atmos-cli.yaml").read_text()
    (repo / "atmos-cli.yaml").write_text(text.replace('"1.36"', f'"{version}"', 1))
    done = atmos("validate", "--repo", repo, "-o", "json")
    assert (done.code, done.codes) == (0, ["ATM704"])
    [found] = done.json["diagnostics"]
    assert says in found["message"]
    assert found["where"]["field"] == "clusters.dev.kubernetes"


def test_another_controller_may_serve_the_class_nginx(shop, atmos):
    overlay = shop / "apps/main/checkout/overlays/dev"
    (overlay / "ingress.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: checkout}\nspec:\n"
        "  ingressClassName: nginx\n  defaultBackend: {service: {name: checkout, port: {name: http}}}\n"
    )
    kustomization = overlay / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("- ../../base\n", "- ../../base\n- ingress.yaml\n"))
    found = atmos("validate", "--repo", shop, "-o", "json")
    assert found.codes.count("ATM705") == 1
    config = (shop / "atmos-cli.yaml").read_text()
    other = "controller: f5-nginx\n      kind: ingress\n      namespace: nginx-ingress"
    said = config.replace("domain: dev.acme.test", f"domain: dev.acme.test\n      {other}")
    (shop / "atmos-cli.yaml").write_text(said)
    assert "ATM705" not in atmos("validate", "--repo", shop, "-o", "json").codes
