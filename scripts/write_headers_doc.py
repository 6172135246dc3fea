"""Write the list of recognised headers into docs/data.md; run it after a change of headers.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from liancun_geo.villages import FIELDS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "data.md"
HEADERS = ROOT / "liancun_geo" / "intake" / "ledgers" / "headers.toml"
BEGIN, END = "<!-- headers: begin -->", "<!-- headers: end -->"


def listing() -> str:
    """Return the headers of every field as they stand in headers.toml, in Markdown."""
    tables = tomllib.loads(HEADERS.read_text(encoding="utf-8"))
    blocks = []
    for name, field in FIELDS.items():
        known = dict.fromkeys([name, field.zh, field.en, *tables["headers"].get(name, ())])
        lines = [f"* **`{name}`** {_quoted(known)}"]
        spare = tables["fallback"].get(name, ())
        if spare:
            lines.append(f"  * 没有上面的表头时才用 / only failing these: {_quoted(spare)}")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _quoted(headers: Iterable[str]) -> str:
    return " ".join(f"`{header}`" for header in headers)


def written(page: str) -> str:
    """Return the page with the present list in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{listing()}\n\n{END}{after}"


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
