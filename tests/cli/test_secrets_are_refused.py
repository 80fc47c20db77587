"""A secret in plain text is refused before it is written, found where it stands, and never repeated in any output."""

from __future__ import annotations

import pytest

from tests.cli.conftest import state

VALUE = "hunter2SECRET"
TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
SPEC = "apps/main/checkout/service.yaml"
OVERLAY = "apps/main/checkout/overlays/dev/kustomization.yaml"


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def said(done):
    text = done.out + done.err
    for secret in (VALUE, TOKEN):
        assert secret not in text
    return text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", VALUE),
        ("GREETING", TOKEN),
        ("URL", f"postgres://app:{VALUE}@db/app"),
        ("OPTS", f"-Dkey.password={VALUE}"),
    ],
)
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_secret_given_to_new_is_refused_and_nothing_is_written(repo, atmos, name, value, output):
    before = state(repo)
    done = atmos("new", "service", "node", "--set-env", f"{name}={value}", "--repo", repo, "--yes", "-o", output)
    assert done.code == 1
    assert "ATM333" in said(done)
    assert name in said(done)
    assert state(repo) == before


def test_every_secret_is_named_at_once(repo, atmos):
    flags = ["--set-env", f"DB_PASSWORD={VALUE}", "--set-env", f"GH={TOKEN}"]
    done = atmos("new", "service", "node", *flags, "--repo", repo, "--yes", "-o", "json")
    assert done.codes == ["ATM333", "ATM333"]
    said(done)


@pytest.mark.parametrize(
    "text", [f"node, DB_PASSWORD={VALUE}", f"node, called {TOKEN}", f"node postgres://a:{VALUE}@db/x"]
)
def test_a_secret_in_the_intent_is_not_repeated(repo, atmos, text):
    done = atmos("new", "service", text, "--repo", repo, "--yes")
    assert done.code == 1
    assert "ATM333" in said(done)


def test_a_value_without_a_name_is_not_repeated(repo, atmos):
    done = atmos("new", "service", "node", "--set-env", VALUE, "--repo", repo, "--yes")
    assert done.code == 2
    assert "--set-env" in said(done)


@pytest.mark.slow
@pytest.mark.parametrize(
    "pair",
    [
        "DB_PASSWORD_FILE=/run/secrets/db",
        "DB_PASSWORD=$(FROM)",
        "TOKEN_TTL=3600",
        "USE_PASSWORD=true",
        "SECRET_NAME=shop",
    ],
)
def test_what_is_no_secret_is_written(repo, atmos, pair):
    done = atmos("new", "service", "node, called shop", "--set-env", pair, "--repo", repo, "--yes")
    assert done.code == 0, done.out + done.err
    assert atmos("validate", "--repo", repo).code == 0


def test_the_hint_names_sops_or_the_store_that_is_configured(repo, atmos):
    call = ("new", "service", "node, called shop", "--set-env", f"DB_PASSWORD={VALUE}", "--repo", repo, "--yes")
    assert "sops encrypt" in atmos(*call).err
    edit(repo / "atmos-cli.yaml", "    cluster: dev\n", "    cluster: dev\n    secrets: {store: vault}\n")
    done = atmos(*call)
    assert "the secret store `vault`" in done.err
    assert "secrets: {DB_PASSWORD: {secret: shop-env, key: DB_PASSWORD}}" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("where", ["env", "environments"])
def test_an_edited_spec_is_an_error_at_its_line(shop, atmos, where):
    path = shop / SPEC
    env = f"env: {{DB_PASSWORD: {VALUE}, LOG: info, GH: {TOKEN}, PORT_TOKEN: 8080}}"
    block = env if where == "env" else f"environments:\n  dev:\n    {env}"
    path.write_text(f"{path.read_text()}{block}\n")
    line = path.read_text().splitlines().index(env if where == "env" else f"    {env}") + 1
    done = atmos("validate", "--repo", shop)
    assert done.code == 1
    found = [each for each in said(done).splitlines() if "ATM333" in each]
    assert len(found) == 2
    assert all(each.startswith(f"{SPEC}:{line}:") for each in found)
    assert "secrets: {DB_PASSWORD: {secret: checkout-env, key: DB_PASSWORD}}" in done.err + done.out


def test_a_reference_passes_where_the_value_did_not(shop, atmos):
    path = shop / SPEC
    path.write_text(path.read_text() + "secrets: {DB_PASSWORD: {secret: checkout-env, key: DB_PASSWORD}}\n")
    assert "ATM333" not in said(atmos("validate", "--repo", shop))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("resources:\n", f"commonAnnotations:\n  example.test/note: {TOKEN}\nresources:\n"),
        ("resources:\n", f"configMapGenerator:\n  - name: c\n    literals: [DB_PASSWORD={VALUE}]\nresources:\n"),
        ("resources:\n", f"# {'x'}\nlabels:\n  - pairs: {{note: {TOKEN}}}\nresources:\n"),
    ],
    ids=["annotation", "config-map", "label"],
)
def test_an_overlay_is_an_error_once_per_line(shop, atmos, old, new):
    edit(shop / OVERLAY, old, new)
    done = atmos("validate", "--repo", shop, "-o", "json")
    assert done.code == 1
    said(done)
    found = [each["where"] for each in done.json["diagnostics"] if each["code"] == "ATM333"]
    assert found
    assert all(each["path"] == OVERLAY and each["line"] for each in found)


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "infrastructure/configs/dev/x/secret.yaml",
            f"apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData: {{a: {VALUE}}}\n",
        ),
        (
            "infrastructure/controllers/dev/x/release.yaml",
            (
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: x}\n"
                f"spec: {{values: {{auth: {{existingSecret: x, adminPassword: {VALUE}}}}}}}\n"
            ),
        ),
        (
            "infrastructure/configs/dev/x/repo.yaml",
            (
                "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: x}\n"
                f"spec: {{url: 'https://me:{VALUE}@git.example.test/a.git'}}\n"
            ),
        ),
        (
            "infrastructure/configs/dev/x/rollout.yaml",
            (
                "apiVersion: example.test/v1\nkind: Rollout\nmetadata: {name: x}\n"
                f"spec: {{template: {{spec: {{containers: [{{name: a, env: [{{name: DB_PASSWORD, value: {VALUE}}}]}}]}}}}}}\n"
            ),
        ),
    ],
    ids=["secret", "values", "url", "custom-kind"],
)
def test_files_that_no_overlay_builds_are_looked_at_too(shop, atmos, path, text):
    (shop / path).parent.mkdir(parents=True, exist_ok=True)
    (shop / path).write_text(text)
    done = atmos("validate", "--repo", shop, "-o", "json")
    assert done.code == 1
    said(done)
    [found] = [each for each in done.json["diagnostics"] if each["code"] == "ATM333"]
    assert (found["where"]["path"], bool(found["where"]["line"])) == (path, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("url: https://git.example.test/shop/gitops.git", f"url: https://me:{VALUE}@git.example.test/shop/gitops.git"),
        ("url: https://git.example.test/shop/gitops.git", f"url: https://{TOKEN}@git.example.test/shop/gitops.git"),
        ("registry: registry.example.com", f"registry: registry.example.com/{TOKEN}"),
        (
            "    engine: argocd\n",
            f"    engine: argocd\n    prometheus: {{url: 'https://me:{VALUE}@metrics.example.test'}}\n",
        ),
    ],
    ids=["password", "token", "registry", "prometheus"],
)
def test_settings_with_a_secret_are_an_error_and_init_does_not_spread_it(repo, atmos, old, new):
    edit(repo / "atmos-cli.yaml", old, new)
    done = atmos("validate", "--repo", repo, "-o", "json")
    assert done.code == 1
    said(done)
    [found] = [each for each in done.json["diagnostics"] if each["code"] == "ATM333"]
    assert found["where"]["path"] == "atmos-cli.yaml"
    assert found["where"]["line"] > 1
    before = state(repo)
    again = atmos("init", repo, "--team", "pay", "--yes")
    assert again.code == 1
    assert "atmos-cli.yaml:" in said(again)
    assert state(repo) == before


def test_a_new_repo_is_not_made_with_a_secret_in_its_url(tmp_path, atmos):
    done = atmos("init", tmp_path / "x", "--git-url", f"ssh://me:{VALUE}@git.example.test/a.git", "--yes")
    assert done.code == 1
    assert "ATM333" in said(done)
    assert not (tmp_path / "x").exists()


def test_a_reason_for_an_approval_holds_no_secret(shop, atmos):
    before = state(shop)
    done = atmos("approve", "request", "-e", "dev", "-s", "checkout", "--reason", f"use {TOKEN}", "--repo", shop)
    assert done.code == 1
    assert "ATM333" in said(done)
    assert state(shop) == before


def test_a_registry_with_a_password_and_a_scheme_is_no_text_of_a_message(repo, atmos):
    edit(
        repo / "atmos-cli.yaml", "registry: registry.example.com", f"registry: https://me:{VALUE}@registry.example.com"
    )
    done = atmos("validate", "--repo", repo, "-o", "json")
    assert "ATM333" in done.codes
    said(done)
