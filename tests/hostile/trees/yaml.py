"""YAML that grows, nests, runs programs in other readers, or is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile.trees import places

if TYPE_CHECKING:
    import random

    from tests.hostile.box import Box

BILLION = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
MERGES = "m0: &m0 {k: v}\n" + "".join(f"m{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 9)}]\n" for n in range(1, 12))


def texts(box: Box) -> dict[str, bytes]:
    run = box.canary("yaml")
    return {
        "aliases that multiply": BILLION.encode(),
        "merges that multiply": MERGES.encode(),
        "an alias to itself": b"a: &a [*a]\nb: &b {c: *b}\n",
        "5000 nested lists": b"a: " + b"[" * 5000 + b"]" * 5000,
        "5000 nested maps": b"".join(b" " * n + b"a:\n" for n in range(2000)),
        "5000 open lists": b"[" * 5000,
        "NUL": b"kind: Con\0figMap\n",
        "bad UTF-8": b"kind: \xff\xfe\xfa\nmetadata: {name: \xc3\x28}\n",
        "UTF-16": "kind: ConfigMap\n".encode("utf-16"),
        "overlong UTF-8": b"a: \xc0\x80\n",
        "a surrogate": b'a: \xed\xa0\x80\nb: "\\ud800"\n',
        "one long line": b"a: " + b"x" * 3_000_000 + b"\n",
        "one long key": b"x" * 200_000 + b": 1\n",
        "many keys": b"".join(b"k%d: v\n" % n for n in range(20_000)),
        "many documents": b"---\na: 1\n" * 3000,
        "many anchors": b"".join(b"k%d: &a%d v\n" % (n, n) for n in range(5000)),
        "Python to run": f"a: !!python/object/apply:os.system [{run!r}]\n".encode(),
        "a tag of its own": b"a: !<tag:evil,2020:x> y\nb: !!binary '%%%'\nc: !!timestamp nonsense\nd: !!set {a}\n",
        "huge numbers": b"a: 1e999999999\nb: " + b"9" * 5000 + b"\nc: 0x" + b"f" * 5000 + b"\nd: -.inf\ne: .nan\n",
        "sexagesimal": b"replicas: 190:20:30\na: 1_000\nb: 0o17\nc: 017\n",
        "keys of every type": b"1: a\ntrue: b\nnull: c\n2020-01-01: d\n? [a, b]\n: e\n? {f: g}\n: h\n1.5: i\n",
        "the same key twice": b"kind: ConfigMap\nkind: Secret\nmetadata: {name: a, name: b}\n",
        "tabs": b"a:\n\t- b\n",
        "a directive": b"%YAML 9.9\n%TAG ! tag:evil:\n---\na: b\n",
        "escapes": b'kind: "Config\\e[31mMap\\n::error::x"\n"a\\u202eb\\x07": "\\x9b31m"\n',
        "no mapping": b"just text\n",
        "a list": b"- a\n- b: [c]\n",
        "only comments": b"# nothing\n",
        "JSON": b'{"kind": "ConfigMap", "a": ' + b"[" * 3000,
        "carriage returns": b"a: b\r\nc: d\re: f\n",
        "documents that end": b"a: b\n...\n...\n---\n---\n... x\n",
        "block of nothing": b"a: |99\n  x\n",
        "a bomb in a string": b"patches:\n- patch: |\n"
        + b"".join(b"    " + each for each in BILLION.encode().splitlines(True)),
    }


def yaml_of(name: str):
    def feature(box: Box, rng: random.Random) -> None:
        content = texts(box)[name]
        if rng.random() < 0.3:
            content = content + b"\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
        path = places.any_file(rng)
        box.write(path, content)
        box.said.append(path)

    feature.__name__ = f"yaml_with_{name.replace(' ', '_')}"
    return feature


NAMES = (
    *("aliases that multiply", "merges that multiply", "an alias to itself", "5000 nested lists", "5000 nested maps"),
    *("5000 open lists", "NUL", "bad UTF-8", "UTF-16", "overlong UTF-8", "a surrogate", "one long line"),
    *("one long key", "many keys", "many documents", "many anchors", "Python to run", "a tag of its own"),
    *("huge numbers", "sexagesimal", "keys of every type", "the same key twice", "tabs", "a directive", "escapes"),
    *("no mapping", "a list", "only comments", "JSON", "carriage returns", "documents that end", "block of nothing"),
    "a bomb in a string",
)
FEATURES = tuple(map(yaml_of, NAMES))
