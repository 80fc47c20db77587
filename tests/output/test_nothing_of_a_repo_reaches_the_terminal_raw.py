"""The real command line on repos whose names, keys and values are control sequences: the bytes that come out."""

import json
import re

import pytest

from .hostile import SEQUENCES, on_a_terminal, raw, run

COLOURS = {"NO_COLOR": None, "FORCE_COLOR": "1"}


@pytest.fixture(params=["\x1b[31m\n::error::pwned", "\u202e##vso[a]b\x9b31m\x07\r[bold]x[link=a]"])
def bad(request):
    return request.param


def quoted(text):
    return json.dumps(text)


@pytest.fixture
def hostile(shop, bad, git):
    """Every place that a stranger's branch can fill: files, teams, services, keys, values, entries, branches."""
    apps = shop / "apps"
    for path in (f"t{bad}/s/overlays/dev/kustomization.yaml", f"default/s{bad}/overlays/e{bad}/kustomization.yaml"):
        file = apps / path
        file.parent.mkdir(parents=True)
        file.write_text(f"resources: [{quoted(f'a{bad}')}]\n{quoted(f'key{bad}')}: 1\n")
    overlay = apps / "main/checkout/overlays/dev"
    (overlay / f"x{bad}.yaml").write_text("kind: [\n")
    kustomization = overlay / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("resources:\n", "resources:\n- odd.yaml\n", 1))
    objects = [
        {"apiVersion": "v1", "kind": f"Kind{bad}", "metadata": {"name": f"x{bad}"}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"x{bad}"},
            f"field{bad}": 1,
            "data": {"a": bad},
        },
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": f"c{bad}", "image": f"i{bad}"}], f"more{bad}": bad},
        },
    ]
    (overlay / "odd.yaml").write_text("---\n".join(f"{json.dumps(each)}\n" for each in objects))
    budget = shop / "platform/budgets/dev.yaml"
    budget.write_text(f"{budget.read_text()}\n{quoted(f'b{bad}')}: {quoted(bad)}\n")
    (shop / f"platform/budgets/n{bad}.yaml").write_text("a: 1\n")
    blueprint = shop / "platform/blueprints/odd"
    blueprint.mkdir(parents=True)
    (blueprint / "blueprint.yaml").write_text(
        f"name: odd\nkind: addon\nversion: 1.0.0\nsummary: {quoted(f'sum{bad}')}\n"
    )
    git("add", "-A", cwd=shop)
    git("commit", "-qm", f"Add {bad}", cwd=shop)
    return shop


COMMANDS = [
    ["validate"],
    ["render", "checkout"],
    ["diff"],
    ["blueprint", "list"],
    ["budget", "show"],
    ["approve", "check"],
    ["new", "service", "go", "--name", "cart", "--dry-run"],
]


@pytest.mark.slow
def test_as_text(hostile, atmos):
    printed = 0
    for command in COMMANDS:
        done = atmos(*command, cwd=hostile)
        assert done.code in (0, 1, 2), done
        assert not raw(done.out), command
        assert not raw(done.err), command
        printed += len(done.out + done.err)
    assert printed > 1000


@pytest.mark.slow
def test_as_text_on_a_pipe(hostile):
    code, out, err = run("validate", cwd=hostile)
    assert code == 1
    assert not raw(out + err)


@pytest.mark.slow
def test_as_text_on_a_terminal_with_colours(hostile):
    for command in (["validate"], ["blueprint", "list"]):
        code, out = on_a_terminal(*command, cwd=hostile, env=COLOURS)
        assert code in (0, 1, 2), out
        assert not raw(out, colours=True), command


@pytest.mark.slow
def test_as_json(hostile, atmos):
    for command in COMMANDS:
        done = atmos(*command, "-o", "json", cwd=hostile)
        assert done.json["exitCode"] == done.code
        assert len(done.out.splitlines()) == 1
        assert not raw(done.out + done.err), command


@pytest.mark.sample(17)
@pytest.mark.parametrize("name", sorted(SEQUENCES))
def test_what_was_typed_is_quoted_safely(shop, atmos, name):
    sequence = SEQUENCES[name]
    for command in (
        [f"a{sequence}"],
        ["validate", f"a{sequence}"],
        ["validate", f"--{sequence}"],
        ["new", "service", sequence, "--dry-run"],
        ["render", sequence],
    )[:: 1 if name in ("colour", "github", "azure") else 4]:
        done = atmos(*command, cwd=shop)
        assert done.code == 2
        assert not done.out
        assert re.match(r"error ATM\d+ ", done.err)
        assert not raw(done.err), command


@pytest.mark.slow
def test_a_finding_is_two_lines_whatever_is_in_it(hostile, atmos):
    lines = atmos("validate", cwd=hostile).out.splitlines()
    assert all(re.match(r"  hint: |.*(error|warning|info) ATM\d+|\d+ files, |budget ", line) for line in lines), lines


@pytest.mark.slow
def test_a_name_is_still_seen(shop):
    (shop / "apps/main/checkout/base/\x1b[31m\u202ered.yaml").write_text("kind: [\n")
    _, out, _ = run("validate", cwd=shop)
    assert r"base/\x1b[31m\u202ered.yaml" in out


def test_colours_of_its_own_pass(shop):
    code, out = on_a_terminal("nothing", cwd=shop, env=COLOURS)
    assert code == 2
    assert "\x1b[31merror\x1b[0m ATM901" in out
    _, plain = on_a_terminal("nothing", cwd=shop)
    assert "\x1b" not in plain


def test_help_keeps_its_colours(shop):
    code, out = on_a_terminal("--help", cwd=shop, env=COLOURS)
    assert code == 0
    assert "\x1b[1" in out
    assert "\\x1b" not in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["new", "service", "node, port 81:90", "--name", "cart", "--dry-run"], "81 -> 90"),
        (["render", "checkout"], "ServiceAccount"),
        (["\u4e2d"], r"\u4e2d"),
    ],
)
def test_an_encoding_without_the_character_gets_a_stand_in(shop, command, said):
    code, out, err = run(*command, cwd=shop, env={"PYTHONIOENCODING": "ascii"})
    assert code in (0, 2), err
    assert said in out + err
    assert (out + err).isascii()


@pytest.mark.slow
def test_json_keeps_its_value_in_every_encoding(shop):
    command = ("validate", "\u4e2d→\U0001f600", "-o", "json")
    plain = json.loads(run(*command, cwd=shop, env={"PYTHONIOENCODING": "ascii"})[1])
    assert plain == json.loads(run(*command, cwd=shop)[1])


@pytest.mark.slow
def test_rendered_yaml_is_utf_8_in_every_encoding(shop):
    overlay = shop / "apps/main/checkout/overlays/dev"
    (overlay / "text.yaml").write_text(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: t}\ndata: {a: "\u4e2d\\u202e\\n::x"}\n'
    )
    kustomization = overlay / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("resources:\n", "resources:\n- text.yaml\n", 1))
    command = ("render", "checkout", "--env", "dev")
    plain = run(*command, cwd=shop)
    assert "\u4e2d\\u202e" in plain[1]
    assert run(*command, cwd=shop, env={"PYTHONIOENCODING": "ascii"}) == plain
