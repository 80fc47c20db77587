"""Says of a regular expression whether matching it can take more than linear time, from its structure alone.

A backtracking matcher tries many ways through a text where two loops can both read one word: p -v-> p, p -v-> q and
q -v-> q ("infinite degree of ambiguity", Weber and Seidl 1991). A search also starts anew at each character, which is a
loop before the pattern. Repeats with an end count as no loops: they cost a constant factor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ALPHABET = frozenset([*map(chr, range(128)), "\x85", "\xa0", "é", "\u2028"])  # the last stand for all others
ANCHORS = (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING)
COPIES = 2  # of a repeat with an end
SEARCHES = ("search", "sub", "subn", "findall", "finditer", "split")


@dataclass
class Automaton:
    """`steps[state]` are (characters, next state), `free[state]` the next states without reading.

    Those in `maybe` are reached without reading, too, but only where a condition holds: `$`, `\\b`, what lies ahead.
    """

    steps: list[list[tuple[frozenset[str], int]]] = field(default_factory=list)
    free: list[list[int]] = field(default_factory=list)
    maybe: list[list[int]] = field(default_factory=list)
    begin: int = 0
    at_line: bool = True  # whether the pattern, from `begin` on, stands at the start of a line

    def new(self) -> int:
        self.steps.append([])
        self.free.append([])
        self.maybe.append([])
        return len(self.steps) - 1

    def add(self, items: Any, state: int, flags: int) -> int:
        """The state after `items`, which begin in `state`."""
        for operator, value in items:
            state = self._one(operator, value, state, flags)
        return state

    def _one(self, operator: Any, value: Any, state: int, flags: int) -> int:
        if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            return self._repeat(*value, state, flags)
        if operator is sre.SUBPATTERN:
            return self.add(value[-1], state, (flags | value[1]) & ~value[2])
        if operator is sre.ATOMIC_GROUP:
            return self.add(value, state, flags)
        if operator is sre.BRANCH:
            end = self.new()
            for branch in value[1]:
                self.free[self.add(branch, self._after(state), flags)].append(end)
            return end
        if operator is sre.GROUPREF_EXISTS:
            end = self.new()
            for branch in filter(None, value[1:]):
                self.free[self.add(branch, self._after(state), flags)].append(end)
            self.free[state].append(end)
            return end
        first = state in _closure(self.either(), self.begin)
        if operator is sre.ASSERT and value[0] < 0 and first:
            return self.add(value[1], state, flags)  # a search has read it
        if operator is sre.AT and value in ANCHORS and first:
            return self._after(state) if self.at_line else self.new()
        if operator in (sre.ASSERT, sre.ASSERT_NOT):
            if value[0] > 0:
                self.add(value[1], self._after(state), flags)  # it is read, and leads nowhere
            return self._perhaps(state)
        if operator is sre.AT:
            return self._perhaps(state)
        end = self.new()
        if operator is sre.GROUPREF:
            self.steps[state].append((ALPHABET, end))
            self.free[state].append(end)
            return end
        self.steps[state].append((characters(operator, value, flags), end))
        return end

    def either(self) -> list[list[int]]:
        return [[*free, *maybe] for free, maybe in zip(self.free, self.maybe, strict=True)]

    def _after(self, state: int) -> int:
        found = self.new()
        self.free[state].append(found)
        return found

    def _perhaps(self, state: int) -> int:
        found = self.new()
        self.maybe[state].append(found)
        return found

    def _repeat(self, least: int, most: int, inner: Any, state: int, flags: int) -> int:
        for _ in range(min(least, COPIES)):
            state = self.add(inner, state, flags)
        if most is sre.MAXREPEAT:
            loop = self._after(state)
            self.free[self.add(inner, loop, flags)].append(loop)
            return self._after(loop)
        end = self.new()
        self.free[state].append(end)
        for _ in range(min(most - least, COPIES)):
            state = self.add(inner, state, flags)
            self.free[state].append(end)
        return end


def characters(operator: Any, value: Any, flags: int) -> frozenset[str]:
    if operator is sre.ANY:
        return ALPHABET if flags & re.DOTALL else ALPHABET - {"\n"}
    if operator is sre.NOT_LITERAL:
        return ALPHABET - _cased({chr(value)}, flags)
    if operator is sre.LITERAL:
        return _cased({chr(value)}, flags)
    assert operator is sre.IN, operator
    negated = value[0][0] is sre.NEGATE
    found: set[str] = set()
    for kind, what in value[1:] if negated else value:
        if kind is sre.LITERAL:
            found.add(chr(what))
        elif kind is sre.RANGE:
            found |= {each for each in ALPHABET if what[0] <= ord(each) <= what[1]}
        else:
            found |= {each for each in ALPHABET if re.match(_CATEGORIES[what], each, flags & re.ASCII)}
    return ALPHABET - _cased(found, flags) if negated else _cased(found, flags)


_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}


def _cased(found: set[str], flags: int) -> frozenset[str]:
    known = {each if each in ALPHABET else "é" for each in found}
    if flags & re.IGNORECASE:
        known |= {each.swapcase() for each in known if each.isascii()}
    return frozenset(known)


@dataclass
class Graph:
    """An automaton without free steps: `next[state]` are (characters, state), by the states that read."""

    next: list[list[tuple[frozenset[str], int]]]
    done: set[int]  # from here the pattern has matched, without reading on
    component: list[int]
    loops: set[int]  # states that lie on a cycle


def graph_of(pattern: str, flags: int, *, search: bool) -> tuple[Graph, int]:
    machine = Automaton()
    start = machine.new()
    tree = parser.parse(pattern, flags)
    flags = tree.state.flags
    end = machine.new()
    machine.begin = machine._after(start)
    machine.free[machine.add(tree, machine.begin, flags)].append(end)
    if search:
        anywhere, line = machine.new(), machine.begin
        for state in (start, anywhere):
            machine.steps[state].append((ALPHABET, anywhere))
            if flags & re.MULTILINE:
                machine.steps[state].append((frozenset("\n"), line))
        machine.begin, machine.at_line = machine._after(anywhere), False
        machine.free[machine.add(tree, machine.begin, flags)].append(end)
    either = machine.either()
    states = range(len(either))
    following = [[step for at in _closure(either, state) for step in machine.steps[at]] for state in states]
    component, loops = _components(following)
    done = {state for state in states if end in _closure(machine.free, state)}
    return Graph(following, done, component, loops), start


def _closure(free: list[list[int]], state: int) -> set[int]:
    seen, waiting = {state}, [state]
    while waiting:
        for other in free[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def _components(following: list[list[tuple[frozenset[str], int]]]) -> tuple[list[int], set[int]]:
    """Each state's strongly connected component, and the states on a cycle."""
    reach = [_reached(following, state) for state in range(len(following))]
    number = [min(o for o in {*reach[s], s} if o == s or s in reach[o]) for s in range(len(following))]
    return number, {state for state in range(len(following)) if state in reach[state]}


def _reached(following: list[list[tuple[frozenset[str], int]]], state: int) -> set[int]:
    seen: set[int] = set()
    waiting = [state]
    while waiting:
        for _, other in following[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def superlinear(pattern: str, flags: int = 0, *, method: str) -> str:
    """A description of two loops that can read the same word, "" when there are none.

    `method` is that of `re`. What has matched by the second loop's begin is done there, unless all must match.
    """
    graph, start = graph_of(pattern, flags, search=method in SEARCHES)
    whole = method == "fullmatch"
    reachable = _reached(graph.next, start) | {start}
    for p in sorted(graph.loops & reachable):
        for q in sorted(graph.loops & _reached(graph.next, p)):
            if (p != q or _twice(graph, p)) and (whole or q not in graph.done) and _both_read(graph, p, q):
                return f"state {p} and state {q} of {len(graph.next)}"
    return ""


def _twice(graph: Graph, p: int) -> bool:
    """Whether there are two ways from `p` back to itself: only then is it ambiguous with itself."""
    return sum(graph.component[other] == graph.component[p] for _, other in graph.next[p]) > 1


def _both_read(graph: Graph, p: int, q: int) -> bool:
    """Whether some word leads p to p, p to q and q to q; for p = q, back to it in two different ways."""
    first = (p, p, q, False)
    seen, waiting = {first}, [first]
    while waiting:
        a, b, c, split = waiting.pop()
        for read_a, to_a in graph.next[a]:
            if graph.component[to_a] != graph.component[p]:
                continue
            for number, (read_b, to_b) in enumerate(graph.next[b]):
                both = read_a & read_b
                if not both:
                    continue
                for read_c, to_c in graph.next[c]:
                    if graph.component[to_c] != graph.component[q] or not both & read_c:
                        continue
                    apart = split or p != q or (a == b and graph.next[a][number][1] != to_a) or to_a != to_b
                    state = (to_a, to_b, to_c, apart)
                    if state[:3] == (p, q, q) and apart:
                        return True
                    if state not in seen:
                        seen.add(state)
                        waiting.append(state)
    return False
