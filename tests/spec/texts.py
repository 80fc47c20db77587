"""Texts that people might type, and texts that nobody would."""

from __future__ import annotations

from hypothesis import strategies as st

from atmos_cli.spec.vocabulary import FILLERS, KEYWORDS

from .canonical import BUNDLED

KNOWN = sorted({*BUNDLED.meanings, *KEYWORDS, *FILLERS, "no", "without", "or"})
VALUES = ["80", ":8080", "80:3000", "0", "70000", "2..10", "2", "->", "-", "v20", "3.12", "shop.example.com", "orders"]
VALUES += [
    "Bad_Name",
    '"quoted words"',
    "ghcr.io/acme/shop:1.2",
    "port=80",
    "name:orders",
    "postgers",
    "🚀",
    "\u200b",
    "'",
]
SEPARATORS = [" ", ", ", "; ", ". ", "\n", "\t", " - ", "+", "=", ":", " (", ") "]

anything = st.text(max_size=2000) | st.text(st.characters(categories=["Cs", "Cc", "Cf", "Po", "Nd"]), max_size=200)
nearly_intents = st.lists(
    st.tuples(st.sampled_from([*KNOWN, *VALUES, *VALUES, *VALUES]), st.sampled_from(SEPARATORS)), max_size=12
).map(lambda pieces: "".join(word + separator for word, separator in pieces))
texts = anything | nearly_intents
