"""No pattern of the product takes more than linear time on a text that somebody else wrote, unless the text is bounded.

Told from the structure of each pattern, not by a clock: two loops that can both read one word cost the square of it.
"""

import ast
import dataclasses
import importlib
import re
import time

import pytest

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git.process import plain
from atmos_cli.adapters.http import said
from atmos_cli.verify.masking import mask, mask_lines
from tests import sources
from tests.regex_cost import superlinear
from tests.sources import PACKAGE, nodes_of

MODULES = [path for path in sources.MODULES if path.name != "__main__.py"]
METHODS = {"search", "match", "fullmatch", "sub", "subn", "findall", "finditer", "split"}


def module_of(path):
    return importlib.import_module(
        ".".join(("atmos_cli", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    )


def inside(value, depth=0):
    """Every pattern, and every text that could be one, in a table of a module."""
    if isinstance(value, re.Pattern | str):
        yield value
    elif depth < 5 and isinstance(value, dict):
        for each in value.values():
            yield from inside(each, depth + 1)
    elif depth < 5 and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from inside(each, depth + 1)
    elif depth < 5 and dataclasses.is_dataclass(value) and not isinstance(value, type):
        for each in dataclasses.fields(value):
            yield from inside(getattr(value, each.name), depth + 1)


def evaluated(node, module):
    """The value of an expression of names and constants of the module; None for anything else."""
    try:
        return eval(compile(ast.Expression(node), "pattern", "eval"), dict(vars(module)))  # noqa: S307 - our own code
    except NameError:
        return None


def flags_in(call, module):
    nodes = [*call.args[1:], *(each.value for each in call.keywords if each.arg == "flags")]
    found = [evaluated(node, module) for node in nodes if "re." in ast.unparse(node)]
    return sum(int(each) for each in found if isinstance(each, re.RegexFlag))


def calls(path):
    """Each `something.search(…)` and the like, with `something` as the source has it."""
    for node in nodes_of(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value.value if isinstance(node.func.value, ast.Subscript) else node.func.value
            yield ast.unparse(owner), node.func.attr, node


def used():
    """(place, pattern, flags, method) of everything that the product matches."""
    by_name = {}
    for path in MODULES:
        for owner, method, _ in calls(path):
            if method in METHODS:
                by_name.setdefault(owner.rpartition(".")[2], set()).add(method)
    for path in MODULES:
        module, place = module_of(path), path.relative_to(PACKAGE).as_posix()
        dynamic = False
        for owner, method, call in calls(path):
            if owner == "re" and method in METHODS:
                pattern = evaluated(call.args[0], module)
                dynamic |= pattern is None
                if isinstance(pattern, str | bytes):
                    yield place, pattern, flags_in(call, module), method
            dynamic |= owner == "re" and method == "compile" and evaluated(call.args[0], module) is None
        for name, value in sorted(vars(module).items()):
            for each in inside(value):
                if isinstance(each, re.Pattern):
                    for method in sorted(by_name.get(name, {"search"})):
                        yield place, each.pattern, each.flags, method
                elif dynamic and not name.startswith("__") and not isinstance(value, str):
                    yield place, each, re.IGNORECASE, "search"


def found_superlinear():
    found = {}
    for place, pattern, flags, method in dict.fromkeys(used()):
        try:
            text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
            known = re.RegexFlag(flags) & ~re.UNICODE if isinstance(pattern, bytes) else flags
            said = superlinear(text, int(known), method=method)
        except re.error:
            continue  # a text of a table that is no pattern
        if said:
            found.setdefault((place, text), method)
    return found


# Where two loops can read one word, and why that costs nothing: what the text is, or where it is cut before.
BOUNDED = {
    ("adapters/git/repo.py", "(.+) <(.+)>"): "the user's own name and address, as their own Git has them",
    ("blueprint/expr.py", r"\"(?:\\.|[^\""): "an expression has at most 1,000 characters",
    ("budget/schedules.py", "[0-9]+[hms]"): "only of a text that consists of nothing else",
    ("kustomize/selectors.py", r"\s*(?:(?P<absent>"): "there is one space in each gap",
    ("kustomize/selectors.py", r"(?:[\w\-./ ~:@%,]"): "a pattern has at most 300 characters",
    ("spec/variables.py", "([A-Za-z_][A-Za-z0-9_]*)=("): "an intent is short",
    ("yamlio/brackets.py", r"(?:[ \t\r\n]|(?<=\s)#"): "asked for at one place, after a value",
    ("yamlio/places.py", r"(?:[ \t]*(?:#"): "asked for at one place, after a dash or key",
    ("yamlio/written.py", r"v?[0-9]+(?:"): "only of a text that consists of nothing else",
    ("spec/words.py", "([A-Za-z][A-Za-z-]*)=+"): "an intent is short, and any text matches what stands last",
    ("verify/delivery/normal.py", r"([0-9]+(?:\.[0-9]+)?)"): "a duration of Go is short",
    ("verify/diagnosis/patterns.py", "KeyError: "): "a line is cut at 2,000 characters",
    ("verify/diagnosis/patterns.py", r"\d+ Insufficient"): "a line is cut at 2,000 characters",
    (
        "kube/secret_shapes.py",
        "-----BEGIN ",
    ): "one that has no end reaches to the end of the text, so nothing is read twice",
    ("kube/secret_words.py", "[A-Z]+(?![a-z])"): "one step back is enough: before the last capital stands another one",
    ("verify/masking.py", "-----BEGIN "): "a line is cut at 2,000 characters",
    ("verify/novelty.py", r"(?<![\w<])(?:/["): "a line is cut at 300 characters",
    ("verify/novelty.py", r"[+-]?\d{1,64}"): "a line is cut at 300 characters",
    ("verify/traffic/sources.py", "$ns-$svc-.*@kubernetes"): "it is sent to a Prometheus, whose matcher is linear",
}


def test_the_check_tells_one_from_the_other():
    quadratic = {
        "search": ["a+b", r"\s+$", r"(\b[a-z][a-z0-9+.-]*://)(?!git@)[^\s/]*(?:/[^\s@]*)?@", "(?=a*b)", "x[^y]*y|z"],
        "match": [".*,.*,", "(a+)+b", "(?:a|b|ab)*c", r"\s*\w*\s*x", "(a*)(a*)b"],
        "fullmatch": ["a*a*", "(.+)=(.+)"],
    }
    linear = {
        "search": ["x*", '"[^"]*"', r"^\s+$", "a{1,20}b", r"\n[^\n]*x", "(?<=://)[^/@]+@"],
        "match": ["a+b", '[^"]*"', "(?:a|b)*c", ".*", r"\S+\s+\S+"],
        "fullmatch": ["[a-z]*[0-9]*", r"(?:\w+,)*\w+"],
    }
    assert [p for m, patterns in quadratic.items() for p in patterns if not superlinear(p, method=m)] == []
    assert [p for m, patterns in linear.items() for p in patterns if superlinear(p, method=m)] == []


def test_lines_begin_where_lines_begin():
    assert superlinear(r"^\s*x", re.MULTILINE, method="search")
    assert not superlinear(r"^[ \t]*x", re.MULTILINE, method="search")
    assert superlinear(r"[ \t]*x", re.MULTILINE, method="search")


@pytest.mark.slow
def test_every_pattern_takes_linear_time_or_has_a_bounded_text():
    found = found_superlinear()
    explained = {
        (place, text) for place, text in found for file, head in BOUNDED if place == file and text.startswith(head)
    }
    assert sorted(set(found) - explained) == []
    stale = [
        (file, head) for file, head in BOUNDED if not any(p == file and text.startswith(head) for p, text in found)
    ]
    assert stale == []


@pytest.mark.slow
def test_all_patterns_are_looked_at():
    places = {place for place, *_ in used()}
    assert {"adapters/git/process.py", "verify/masking.py", "adapters/git/push.py", "kustomize/exact.py"} <= places


HOSTILE = [
    "a://",
    "a://a/",
    "a.",
    "://",
    "@",
    "a://@",
    "?token=",
    "\x1b[0",
    "\n",
    "\r",
    "\u202e",
    "a" * 100 + " ",
    "'\"",
    "x=",
    "<",
]
LONG = 1_000_000


@pytest.mark.parametrize("unit", HOSTILE, ids=ascii)
@pytest.mark.parametrize(
    "clean", [plain, said, mask, lambda text: mask_lines([text])], ids=["git", "said", "mask", "lines"]
)
def test_a_megabyte_of_a_remote_takes_no_time(clean, unit):
    """With a square in it each of these took from ten minutes to days."""
    began = time.process_time()
    clean(unit * (LONG // len(unit)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "unit", ["\n", " \n", "co-authored-by:", "co-authored-by:<", "co-authored-by:\n", "co-authored-by: <a"]
)
def test_a_megabyte_of_a_commit_message_takes_no_time(unit):
    began = time.process_time()
    history._read("\0".join(["c", "p", "a", "c", unit * (LONG // len(unit))]))
    assert time.process_time() - began < 5
