"""Writes the tables of docs/frameworks.md from the rows in blueprints/: `python scripts/frameworks_page.py`.

The figures beside them are those of `ATMOS_RUNTIMES_FIGURES=1 pytest -m runtimes tests/runtimes`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.blueprint.runtime import Runtime

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "frameworks.md"
FIGURES = ROOT / "tests" / "runtimes" / "figures.yaml"
BEGIN, END = "<!-- from blueprints/frameworks.yaml -->\n", "<!-- end -->\n"


def tables(known: Catalogue, figures: dict[str, dict[str, Any]]) -> str:
    """The tables as Markdown: what each row does, and how it is known."""
    runtimes = list(_runtimes(known))
    lines = [
        "| say | image, user | port, moved by | probes: start, alive, ready | written beside /tmp | database |",
        "|---|---|---|---|---|---|",
        *(_what(name, runtime) for name, runtime in runtimes),
        "",
        "| | least memory; for a heap, beside it | run here | started, memory, ended | read |",
        "|---|---|---|---|---|",
        *(_known(name, runtime, figures) for name, runtime in runtimes),
    ]
    return "\n".join(lines) + "\n"


def _runtimes(known: Catalogue) -> Iterator[tuple[str, Runtime]]:
    for language in known.languages.languages:
        yield language, known.runtime(language, None)
        for name, row in known.frameworks.items():
            if row.language == language and row.says_something:
                yield name, known.runtime(language, name)


def _what(name: str, runtime: Runtime) -> str:
    row = runtime.rows[-1].row
    said = ", ".join((*row.words, *row.loose_words)[:2]) or name
    image, user = runtime.own("image"), f"{runtime.own('user')}:{runtime.own('group')}"
    usual = f"{image.usual}, {user}" if image else user
    moved = ["PORT", *(v for each in runtime.rows for v in each.row.port_variables)]
    port = (
        f"{runtime.own('usual_port') or 8080}, {'its configuration' if runtime.own('fixed_port') else ', '.join(moved)}"
    )
    paths = [runtime.started, runtime.health, runtime.ready]
    asked = ", ".join(dict.fromkeys(f"`{path}`" if path else "a connection" for path in paths))
    answered = f"; by {runtime.own('built_in')}" if runtime.own("built_in") else ""
    headers = sorted({header for each in runtime.rows for header in each.row.headers})
    sent = f"; sends {', '.join(headers)}" if headers else ""
    written = [path for each in runtime.rows for path in each.row.writable if path != "/tmp"]  # noqa: S108 - a name
    row_of = next((each.row for each in reversed(runtime.rows) if "postgres" in each.row.connections), None)
    variables = [each.name for each in row_of.connections["postgres"]] if row_of else ["DATABASE_URL"]
    cells = (said, usual, port, f"{asked}{answered}{sent}", _list(written), _list(variables))
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _known(name: str, runtime: Runtime, figures: dict[str, dict[str, Any]]) -> str:
    row, memory = runtime.rows[-1].row, runtime.memory
    least = f"{memory.least if memory.least != '0' else '-'}; {memory.share} %"
    beside = f", {memory.beside}" if memory.beside != "0" else ""
    ran = [
        f"{each['startedSeconds']} s, {each['memoryMi']} Mi, {each['stoppedSeconds']} s" for each in _of(name, figures)
    ]
    read = ", ".join(f"[{number}]({url})" for number, url in enumerate(row.read, 1))
    cells = (runtime.title, f"{least}{beside}", row.ran or "no", "; ".join(ran), read)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _of(name: str, figures: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in figures.values() if each["framework"] == name]


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def renewed(page: str, known: Catalogue) -> str:
    """The page with the tables as they are now."""
    figures = load(FIGURES.read_bytes(), path=str(FIGURES)) if FIGURES.exists() else {}
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{tables(known, figures)}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(), catalogue()))
