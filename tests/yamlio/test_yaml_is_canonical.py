"""The look of what atmos writes: the look an expert gives it by hand."""

from __future__ import annotations

from textwrap import dedent

import pytest

from atmos_cli.yamlio.emit import emit, emit_all


def test_the_style() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "metadata": {"name": "web", "annotations": {}, "labels": {"app.kubernetes.io/name": "web"}},
        "spec": {
            "replicas": 3,
            "paused": False,
            "containers": [
                {"name": "web", "image": "ghcr.io/acme/web:1.2.3@sha256:0f3a", "args": ["--port=80", "-v", "$(NAME)"]},
                {"name": "side", "env": [], "resources": {"requests": {"cpu": "100m", "memory": "1.5Gi"}}},
            ],
            "matrix": [["a", "b"], [], [{"x": None}]],
            "script": "#!/bin/sh\n\nexec app\n",
            "open": "no newline\nat the end",
        },
    }
    assert emit(deployment, header="written by atmos\n\nsecond line") == dedent("""\
        # written by atmos
        #
        # second line
        apiVersion: apps/v1
        metadata:
          name: web
          annotations: {}
          labels:
            app.kubernetes.io/name: web
        spec:
          replicas: 3
          paused: false
          containers:
          - name: web
            image: ghcr.io/acme/web:1.2.3@sha256:0f3a
            args:
            - --port=80
            - -v
            - $(NAME)
          - name: side
            env: []
            resources:
              requests:
                cpu: 100m
                memory: 1.5Gi
          matrix:
          - - a
            - b
          - []
          - - x: null
          script: |
            #!/bin/sh

            exec app
          open: |-
            no newline
            at the end
        """)


@pytest.mark.parametrize(
    "plain",
    [
        "web",
        "a b",
        "http://x:80/y",
        "25%",
        "30s",
        "v1.2",
        "/healthz",
        "--a",
        "../../base",
        "./a",
        ".dockerconfigjson",
        "a,b",
        "$(A)",
    ],
)
def test_unquoted_where_no_reader_errs(plain: str) -> None:
    assert emit({"k": plain}) == f"k: {plain}\n"


@pytest.mark.parametrize(
    "quoted",
    [
        "y",
        "No",
        "ON",
        "1",
        "1.20",
        "0x1",
        "1e3",
        "12:30",
        "2024-01-02",
        "~",
        "",
        "*",
        "a: b",
        "é",
        "1d",
        "a:",
        "..",
        ".5",
        ".inf",
        "nO",
    ],
)
def test_quoted_where_one_could(quoted: str) -> None:
    assert emit({"k": quoted}) == f'k: "{quoted}"\n'
    assert emit({quoted: 1}) == f'"{quoted}": 1\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (1.5, "1.5"), (-0.0, "0"), (1e20, "1.0e+20"), (1e-7, "1.0e-07"), (1.5e300, "1.5e+300"),
        ("a\n\n", '"a\\n\\n"'), ("\n", '"\\n"'), ("a\r\nb", '"a\\r\\nb"'), ("\x1b", '"\\x1b"'), ("\u202e", '"\\u202e"'), ("\xa0", '"\\xa0"'),
    ],
)  # fmt: skip
def test_numbers_and_hidden_characters(value: object, text: str) -> None:
    assert emit({"k": value}) == f"k: {text}\n"


def test_documents_are_joined() -> None:
    assert emit_all([{"a": 1}, {"b": 2}]) == "a: 1\n---\nb: 2\n"
    assert emit_all([]) == ""
