"""Writes the tables of docs/versions.md from blueprints/versions.yaml: `python scripts/versions_page.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.bundle import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.versions.table import Release, VersionTable

PAGE = Path(__file__).resolve().parents[1] / "docs" / "versions.md"
BEGIN, END = "<!-- from blueprints/versions.yaml -->\n", "<!-- end -->\n"


def tables(table: VersionTable) -> str:
    """The tables as Markdown."""
    lines = [
        f"As of {table.as_of}.",
        "",
        "| what | series | newest | support ends | written by atmos |",
        "|---|---|---|---|---|",
    ]
    for release in table.all.values():
        lines += _rows(release)
    lines += ["", "| images that are gone | since | why, and what instead |", "|---|---|---|"]
    lines += [f"| `{each.image}` | {each.since} | {each.why}: {each.instead} |" for each in table.gone]
    return "\n".join(lines) + "\n"


def _rows(release: Release) -> Iterator[str]:
    title = f"[{release.title}]({release.source})"
    for name, series in release.series.items():
        newest = series.newest or ""
        if fixed := [fix for version in series.fixes.values() for fix in version]:
            newest = f"{newest}, mends {', '.join(fixed)}"
        how = ("by commit" if series.digest else "by version") if name in release.written else ""
        yield f"| {title} | {name} | {newest} | {series.end or ''} | {how} |"


def renewed(page: str, table: VersionTable) -> str:
    """The page with the tables as they are now."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{tables(table)}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(), versions()))
