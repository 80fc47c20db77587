"""A secret is told by its name's end or by its shape; what only looks like one is left alone."""

from __future__ import annotations

import pytest

from atmos_cli.kube.plain_values import is_literal, mentioned_secret, named_secret, secret_arguments, secret_line
from atmos_cli.kube.secret_shapes import LOOSE, shape
from atmos_cli.kube.secret_words import ends_in_secret_word
from tests.kube.environment_names import PLAIN, SECRET

HEX = "0123456789abcdef"
TOKENS = [
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2_" * 16,
    "glpat-" + "a1B2-" * 5,
    "xoxb-" + "2311111111-2322222222-abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "AIza" + "a1B2-" * 7,
    "sk_live_" + "a1B2" * 6,
    "npm_" + "a1B2" * 9,
    "pypi-AgEIcHlwaS5vcmc" + "a1B2" * 15,
    "SG." + "a1B2" * 5 + "." + "a1B2" * 10,
    "SK" + HEX * 2,
    "dop_v1_" + HEX * 4,
    "hvs." + "a1B2" * 8,
    "sk-" + "a1B2" * 12,
    "sk-proj-" + "a1B2" * 12,
    "sk-ant-api03-" + "a1B2" * 12,
    "hf_" + "abCD" * 8 + "ab",
    "glsa_" + "a1B2" * 10,
    "dckr_pat_" + "a1B2" * 7,
    "AGE-SECRET-KEY-1" + "ABCDEFGHJK" * 5 + "ABCDEFGH",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "123456789:AA" + "a1B" * 11,
    "https://hooks.slack.com/services/T00000000/B00000000/" + "a1B2" * 6,
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + "a1B2" * 21 + "a1==",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
    '{"private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC"}',
    "base64:" + "a1B2" * 10 + "a1B=",
    '{"auths": {"ghcr.io": {"auth": "dXNlcjpodW50ZXIyc2VjcmV0"}}}',
    "authorization=Bearer a1B2c3D4e5F6g7",
    "postgres://app:hunter2@db/app",
    "app:hunter2@tcp(db:3306)/app",
]
NOT_SECRETS = [
    "SKIPPED_MIGRATION_0012_OF_TENANT",
    "task-runner-with-a-very-long-name-that-goes-on",
    "sk-learn-pipeline-with-a-long-name",
    "npm_config_registry_of_the_whole_company_here",
    "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
    "-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
    "look for -----BEGIN PRIVATE KEY----- in the file",
    "sha256:" + HEX * 4,
    HEX * 2,
    "6fa459ea-ee8a-3ca4-894e-db77e160355e",
    "eyJmZWF0dXJlIjogdHJ1ZX0=",
    "postgres://app:$(PASSWORD)@db/app",
    "postgres://app:${PASSWORD}@db/app",
    "postgresql://app:{{ .password }}@db/app",
    "postgres://app:<password>@db/app",
    "postgres://db:5432/app",
    "http://example.org:8080/a@b",
    "https://git@example.org/a.git",
    "authorization: rbac",
    "io.k8s.api.core.v1.PodTemplateSpec.metadata.annotations.Something",
]


@pytest.mark.parametrize("name", SECRET)
def test_a_literal_under_the_name_of_a_secret_is_one(name: str) -> None:
    assert named_secret(name, "hunter2-Zx9") == "has the name of a secret and a plain value"


@pytest.mark.parametrize("name", PLAIN)
def test_a_documented_variable_that_holds_no_secret_passes(name: str) -> None:
    assert not named_secret(name, PLAIN[name])


def test_the_table_is_worth_its_name() -> None:
    assert len(SECRET) + len(PLAIN) >= 300
    assert len(set(SECRET)) == len(SECRET)


@pytest.mark.parametrize("token", TOKENS, ids=lambda token: token[:12])
def test_a_token_is_told_by_its_shape_under_any_name(token: str) -> None:
    for text in (token, f'x "{token}" y', f"{token}\nmore"):
        found = named_secret("GREETING", text)
        assert found.startswith("holds ")
        assert token not in found


def test_a_token_is_found_inside_of_an_address() -> None:
    for token in TOKENS[:20]:
        assert shape(f"https://{token}@git.example.test/a.git"), token[:6]


@pytest.mark.parametrize("text", NOT_SECRETS, ids=lambda text: text[:20])
def test_what_only_looks_like_a_token_passes(text: str) -> None:
    assert not shape(text)


def test_masking_hides_every_token_that_a_check_refuses() -> None:
    by_prefix = [token for token in TOKENS if token[:3] not in ("---", "bas") and not set(" {@=") & set(token)]
    assert len(by_prefix) > 20
    assert [token for token in by_prefix if not LOOSE.search(token)] == []
    assert not LOOSE.search("SKIPPED_MIGRATION_0012_OF_TENANT"), "words of a log stay"


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "true",
        "Off",
        "none",
        "12",
        "-1.5",
        "3600s",
        "1h30m",
        "P30D",
        "10Mi",
        "50%",
        "$(A)",
        "${A}",
        "$A",
        "{{ a }}",
        "<secret>",
        "***",
        "xxxx",
        "/run/secrets/a",
        "./a",
        "../a",
        "~/a",
        "C:\\a",
        "secret/data/app",
        "a.pem",
        "file:///a",
        "ref+vault://a/b#c",
        "ENC[AES256_GCM,data:x]",
        "%PASSWORD%",
        "DB_PASSWORD",
    ],
)
def test_references_numbers_switches_paths_and_nothing_are_no_literals(value: str) -> None:
    assert not is_literal(value)


@pytest.mark.parametrize(
    "value", ["hunter2", "changeme", "123abc", "12x34y56zq", "p@ss/w0rd", "Tr0ub4dor&3", "correct horse", "a=b"]
)
def test_a_plain_word_is_a_literal(value: str) -> None:
    assert is_literal(value)


@pytest.mark.parametrize(
    "value",
    [
        "host=db user=app password=hunter2",
        "Server=db;Uid=a;Pwd=hunter2",
        "jdbc:mysql://db/a?user=a&password=hunter2",
        "-Xmx1g -DkeyPassword=hunter2",
    ],
)
def test_a_password_inside_of_a_connection_text_is_found(value: str) -> None:
    assert named_secret("CONNECTION", value)
    assert not named_secret("CONNECTION", value.replace("hunter2", "$(P)"))


def test_arguments_give_secrets_in_one_piece_or_in_two() -> None:
    arguments = [
        "--password=hunter2",
        "--token",
        "abc123x",
        "--token-file",
        "/x",
        "--password",
        "$(P)",
        "--tls-secret",
        "web-tls",
    ]
    assert set(secret_arguments(arguments)) == {0, 2}
    assert set(secret_arguments(["sh", "-c", "curl -H 'Authorization: Bearer a1B2c3D4e5F6' x"])) == {2}


def test_manifests_name_secret_objects_where_variables_hold_values() -> None:
    assert not mentioned_secret("nginx.ingress.kubernetes.io/auth-secret", "basic-auth")
    assert not mentioned_secret("existingSecret", "shop/db")
    assert mentioned_secret("adminPassword", "hunter2")
    assert mentioned_secret("clientSecret", "Zx9Qq7Lm4")


def test_a_line_of_a_properties_file_is_found() -> None:
    assert secret_line("a=1\nspring.datasource.password=hunter2\n") == "spring.datasource.password"
    assert not secret_line("spring.datasource.password=${P}\npassword.min=8\n")


def test_names_end_in_a_word_not_in_letters() -> None:
    assert ends_in_secret_word("HTTPPassword")
    assert not ends_in_secret_word("_")
    assert not ends_in_secret_word("KEY")
