"""Values that YAML readers like to disagree about, as hypothesis strategies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

WORDS = """
y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE false False FALSE null Null NULL ~ nUll tRue
.nan .NaN .inf -.inf +.INF nan inf 0 00 007 0777 0o17 0O17 08 0x1F 0X1f 0b11 0b2 1_000 1__0 _1 1_ -0 +1 -1 1. .5 5.
1.5 1e3 1E3 1e-3 1.e3 .5e3 ._5 .5_0 1e400 -1e400 12e4567 1e+ e3 0e0 -0.0 1:30 12:30:45 190:20:30.15 22:22
18446744073709551615 18446744073709551616 -9223372036854775808 -9223372036854775809 9223372036854775808
2024-01-02 2024-01-02T03:04:05Z 2024-1-2 2001-12-14t21:59:43.10-05:00 = << - -- --- ... ? : , # & * ! | > ' " % @ `
[ ] { } {} [] a: :a a:b a#b -a --a -- - ?a ?- *a &a !a !!str |- >- |+ %a @a `a 'a "a a' a" \\ \\n \\x41 {{a}} ${a}
$(A) ${{a}} 100m 1Gi 1.5Gi 1k 1E 1Ei 25% 30s 500ms 1h 1d 1h30m 10Mi 0.5 1.0 1.2.3 v1 ../../base ./a .. ./ .a .e5 .e .infinity .NAN .inf/ .nanx ._ .-a ../1 .../a -_0 +_1 -_ --_0 -_x -/a -$a 1e1m 0x 0b 0o 0m 00m 1..2
""".split()  # noqa: SIM905 - a list literal of these is unreadable
TEXTS = [
    "", " ", "  ", "\t", "\n", "\n\n", "\r", "\r\n", "a ", " a", "a\t", "\ta", "a\n", "a\n\n", "\na", "a\n\nb", "a\n b",
    "a\n\tb", "a \nb", "a\n \nb", "a\n  ", "a\n \n", "a\r\nb", "a: b", "a #b", "a # b", "- a", "? a", ": a", "# a\nb",
    "a\n# b", "a\n---\nb", "---\na", "a\n...\n", "a\x00", "\x07", "\x1b[0m", "\x7f", "\x85", "a\x85b", "\xa0", "\u2028",
    "a\u2028b", "\u2029", "\ufeff", "\ufeffa", "a\ufeff", "\u200b", "\u202e", "\ufffe", "\uffff", "\ufffd", "é", "日本",
    "🙂", "🙂\n🙂", "{{ .Values.x }}", "#!/bin/sh\nset -e\n\techo\n", '{\n  "a": 1\n}\n', "|\n a\n", "> a\nb", "%YAML 1.1",
    "k: |\n  x\n", "a" * 300, "a b " * 100, "\\", '"', "'", "''", '""', "a\\nb", "x\n" * 50, "<<: *a", "\U0001ffff", "a,b", "a, b",
]  # fmt: skip

nasty = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(TEXTS),
    st.text("yYnNoOeExX019_.:-+ ", max_size=8),
    st.text("-+._01eExXoOinfaN/$", max_size=6),
    st.text("ab:#-?*&!|>'\"%@`[]{},\\ \t\n~=<$", max_size=10),
    st.text("a \n\t\r\x85\u2028\ufeff\x00é🙂#:-", max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
scalars = st.one_of(
    nasty,
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(nasty, inner, max_size=4)),
    max_leaves=25,
)


def same(left: Any, right: Any) -> bool:
    """Equal, and equal in type where JSON tells types apart (`True` is not 1; 1.0 is 1)."""
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    if isinstance(left, dict):
        return isinstance(right, dict) and list(left) == list(right) and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, str) is isinstance(right, str) and left == right
