"""The web map as one HTML document that asks nobody for anything."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liancun_geo import browser
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.layers import alliance_layer
from liancun_geo.output.standalone import data_element, digest
from liancun_geo.output.web_map.contents import contents

if TYPE_CHECKING:
    import geopandas as gpd

    from liancun_geo.scenario import Scenario


_SHARED = ("county.js", "symbols.js", "labels.js")
_OWN = ("drawing.js", "cards.js", "search.js", "page.js")
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |class |function )", re.MULTILINE)
# Leaflet's own pictures, which nothing here uses and the policy would refuse.
_PICTURE = re.compile(r"[^;{}]*url\([^)]*\)[^;}]*;?")


def write_web_map(
    scenario: Scenario,
    path: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
    figures: bool = True,
) -> Path:
    """Write the plan as one HTML file to open from disk, in any browser, without a network.

    Parameters
    ----------
    scenario
        A plan that breaks no rule.
    path
        The file; replaced as a whole.
    language
        Of the page.
    created
        The date on it; default ``SOURCE_DATE_EPOCH``, else now.
    figures
        Whether population, income and other figures of the ledger go along, with what follows
        from them (weak villages, totals, why this lead).

    Raises
    ------
    DataError
        If the plan breaks a rule or the file cannot be written.
    """
    path = Path(path)
    with exporting(scenario, path.parent, [path.name]) as stage:
        layer = alliance_layer(scenario, language)
        date = creation_time(created)
        fill_web_map(scenario, stage.path(path.name), layer, date, language, figures=figures)
    return path


def fill_web_map(
    scenario: Scenario,
    path: Path,
    alliances: gpd.GeoDataFrame,
    created: datetime,
    language: Language,
    *,
    figures: bool = True,
) -> None:
    """Write the page to a file that is not there yet; ``alliances`` is their layer."""
    told = contents(scenario, alliances, created, language, figures=figures)
    path.write_text(web_page(told, language), encoding="utf-8", newline="\n")


def web_page(told: Mapping[str, Any], language: Language) -> str:
    """Return the document.

    It holds everything it needs: Leaflet, our scripts, the style, and the data as JSON in an
    element that is never run. Its policy forbids every request and every script and style but
    these, by their SHA-256. Texts reach it as data and are set as text only.

    Parameters
    ----------
    told
        Of :func:`~liancun_geo.output.web_map.contents.contents`.
    language
        Of the page.
    """
    leaflet, script, style = _leaflet(), _script(), _style()
    allowed = " ".join(f"'{digest(one)}'" for one in (leaflet, script))
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src '{digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    title = html.escape(str(told["title"]))
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else "en"}">\n<head>\n'
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<noscript>{html.escape(message('web_map.no_script', language))}</noscript>\n"
        f"{data_element(told)}\n"
        f"<script>{leaflet}</script>\n<script>{script}</script>\n</body>\n</html>\n"
    )


@cache
def _leaflet() -> str:
    text = (browser.FOLDER / "leaflet" / "leaflet.js").read_text(encoding="utf-8")
    # A map of its source would be asked for by the tools of a browser.
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE).strip()


@cache
def _style() -> str:
    leaflet = (browser.FOLDER / "leaflet" / "leaflet.css").read_text(encoding="utf-8")
    own = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return f"{_PICTURE.sub('', leaflet)}\n{own}"


@cache
def _script() -> str:
    """Return our modules as one script: a file opened from disk may not import others."""
    files = [browser.FOLDER / name for name in _SHARED]
    files += [Path(__file__).with_name(name) for name in _OWN]
    parts = [file.read_text(encoding="utf-8") for file in files]
    bare = [_EXPORT.sub("", _IMPORT.sub("", part)) for part in parts]
    return '"use strict";\n(() => {\n' + "\n".join(bare) + "})();\n"
