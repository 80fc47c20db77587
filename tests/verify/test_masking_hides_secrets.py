"""No secret value leaves a log, an object or a diff; what a reader needs stays."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.kube.secret_words import has_secret_word
from atmos_cli.verify.masking import mask, mask_lines, plain, shown, without_secrets

SECRET = "hunter2-Zx9Qq7Lm4"


@pytest.mark.parametrize(
    "line",
    [
        "DATABASE_URL=postgres://app:{}@db:5432/shop",
        "connecting to amqp://guest:{}@mq/",
        "redis://:{}@redis:6379/0",
        'password="{}"',
        "password: {}",
        "dsn host=db user=web password={} sslmode=disable",
        "{{'password': '{}', 'user': 'x'}}",
        '{{"db":{{"passwd":"{}"}}}}',
        'msg="{{\\"api_key\\":\\"{}\\"}}"',
        "API_TOKEN={}",
        "x-api-key: {}",
        "SECRET_KEY_BASE => {}",
        "Authorization: Bearer {}",
        "authorization: Basic {}",
        "curl -H 'Authorization: token {}'",
        "GET /?token={}&x=1",
        "AWS_SECRET_ACCESS_KEY={}",
        "Set-Cookie: {}; Path=/",
        "DB_PASS={}",
        "\x1b[31mpassword\x1b[0m={}",
        "pass\u200bword={}",
        "client_secret={}",
        "private_key = '{}'",
    ],
)
def test_a_secret_by_its_name_or_place_is_hidden(line):
    assert SECRET not in mask(line.format(SECRET))
    assert SECRET not in shown(line.format(SECRET))


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "glpat-Zx9Qq7Lm4Zx9Qq7Lm4aa",
        "xoxb-2311111111-2322222222-abcdefghij",
    ],
)
def test_a_secret_by_its_shape_is_hidden(secret):
    assert secret not in mask(f"token endpoint said {secret} and stopped")


def test_a_private_key_over_many_lines_is_hidden():
    body = [
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
        "VJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDu",
    ]
    lines = ["loaded:", "-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----", "ready"]
    assert mask_lines(lines) == ("loaded:", "***", "ready")
    assert mask_lines(lines[2:]) == ("ready",), "also when the log begins in its middle"
    assert body[0] not in mask("-----BEGIN RSA PRIVATE KEY-----\\n" + body[0] + "\\n-----END RSA PRIVATE KEY----- ok")
    assert all(part not in " ".join(mask_lines(lines[:4])) for part in body), "also when it ends in its middle"


@pytest.mark.parametrize(
    "line",
    [
        "KeyError: 'API_TOKEN'",
        'FATAL:  password authentication failed for user "web"',
        "SESSION_SECRET is not set",
        "JWT_SECRET: required",
        "NOAUTH Authentication required.",
        'secret "web-payment" not found',
        "couldn't find key url in Secret shop/web",
        "listening on http://0.0.0.0:8080",
        "upstream http://10.0.0.1:8080/path failed",
        "dial tcp 10.0.0.1:5432: connect: connection refused",
        "unauthorized: authentication required",
        "monkey=3 turkey: 4 keyboard=us",
        "duplicate key value violates unique constraint",
        "2 tests passed: ok",
    ],
)
def test_what_explains_a_failure_stays(line):
    assert mask(line) == line


@settings(deadline=None)
@given(st.text(max_size=300))
def test_what_is_shown_is_short_printable_and_stable(text):
    line = shown(text)
    assert len(line) <= 400
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert "\n" not in line
    assert "\x1b" not in line
    assert mask(mask(text)) == mask(text)


@settings(deadline=None)
@given(
    st.text(alphabet="abcXYZ0189_-+/", min_size=8, max_size=60),
    st.sampled_from(["password", "TOKEN", "apiKey", "client_secret"]),
)
def test_any_value_under_a_secret_name_is_hidden(value, name):
    assert value not in mask(f"{name}={value}").partition("=")[2]
    assert value not in mask(f'{{"{name}": "{value}"}}').partition(":")[2]


def test_lines_and_their_number_are_bounded():
    assert len(mask_lines([f"line {n}" for n in range(1000)])) == 200
    assert mask_lines(["a"] * 5, most=2) == ("a", "a")
    assert len(mask("x" * 1_000_000)) <= 2002
    long = "x " * 900 + "url=postgres://u:" + SECRET * 50 + "@h"
    assert SECRET not in mask(long), "a secret that the cut goes through is not left without its mark"


def test_terminal_sequences_and_direction_marks_are_removed():
    assert plain("\x1b]0;owned\x07\x1b[2Jred\u202egnp.exe\x9b31m\r\n") == "redgnp.exe"


def test_an_object_keeps_its_names_and_loses_its_secrets():
    secret = {
        "kind": "Secret",
        "metadata": {"name": "s", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": SECRET}},
        "data": {"password": SECRET},
        "stringData": {"x": SECRET},
    }
    pod = {
        "kind": "Pod",
        "spec": {
            "containers": [
                {
                    "env": [
                        {"name": "DB_PASSWORD", "value": SECRET},
                        {"name": "URL", "value": f"http://u:{SECRET}@h"},
                        {"name": "MODE", "value": "fast"},
                    ]
                }
            ]
        },
    }
    for found in (without_secrets(secret), without_secrets(pod)):
        assert SECRET not in str(found)
    assert without_secrets(secret)["data"] == {"password": "***"}
    assert without_secrets(pod)["spec"]["containers"][0]["env"][2]["value"] == "fast"


def test_names_of_secrets():
    assert all(map(has_secret_word, ["SECRET_KEY_BASE", "authorization", "DbPassword", "API_TOKEN", "PGPASSWORD"]))
    assert not any(map(has_secret_word, ["DB_POOL_SIZE", "PORT", "MONKEY", "LOG_LEVEL", "COMPASS_URL"]))
