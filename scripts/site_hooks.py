"""What the site has beside docs/: the README, the changes, the notebooks, the reference.

Pages are made when the site is built and written nowhere else. Links of the documents point to
files of the repository, so that they work there as well; here they are turned to the site's pages,
and links to files that the site does not have become plain text.
"""

from __future__ import annotations

import base64
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = {
    "planning": (
        "Planning",
        "From files to a plan, its proof and its reasons: `from liancun_geo import ...`.",
        [
            "liancun_geo.scenario",
            "liancun_geo.contiguity.build_contiguity",
            "liancun_geo.criteria.score_leads",
            "liancun_geo.criteria.score_pairs",
            "liancun_geo.typology.classify",
            "liancun_geo.relaxing",
        ],
    ),
    "solver": (
        "The solver",
        "Arrays in, certified plans out, no map: `from liancun_geo import ...`.",
        ["liancun_geo.problem", "liancun_geo.plan", "liancun_geo.check", "liancun_geo.solve"],
    ),
    "research": (
        "Research",
        "Baselines, fronts, learning, ensembles: `from liancun_geo.research import ...`.",
        ["liancun_geo.research"],
    ),
    "figures": (
        "Figures",
        "Maps and charts: `from liancun_geo.research import ...`.",
        ["liancun_geo.research.figures"],
    ),
    "files": (
        "Files",
        "Reading villages, writing plans.",
        [
            "liancun_geo.intake.read_villages",
            "liancun_geo.settings",
            "liancun_geo.villages.VillageTable",
            "liancun_geo.output.write_plan",
            "liancun_geo.output.verify_plan",
            "liancun_geo.output.read_plan_file",
            "liancun_geo.errors",
        ],
    ),
}
"""Page -> title, a line about it, what is documented: of a package what its ``__all__`` names."""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""

    def add(path: str, content: str | bytes) -> None:
        files.append(File.generated(config, path, content=content))

    add("index.md", (ROOT / "README.md").read_text(encoding="utf-8"))
    add("changes.md", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    add("site.css", (ROOT / "scripts" / "site.css").read_text(encoding="utf-8"))
    for page, (title, about, objects) in REFERENCE.items():
        parts = [f"# {title}", about]
        for name in objects:
            parts += [f"::: {one}" for one in _named(name)]
        add(f"reference/{page}.md", "\n\n".join(parts) + "\n")
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text, pictures = as_markdown(notebook)
        add(f"notebooks/{notebook.stem}.md", text)
        for name, picture in pictures.items():
            add(f"notebooks/{name}", picture)
    return files


def _named(name: str) -> list[str]:
    """Return the public names of a package, or the name itself."""
    init = ROOT / Path(*name.split(".")) / "__init__.py"
    if not init.exists():
        return [name]
    found = re.search(r"^__all__ = \[(.*?)\]", init.read_text(encoding="utf-8"), re.S | re.M)
    names = re.findall(r'"(\w+)"', found.group(1)) if found else []
    package = import_module(name)
    homes = []
    for one in names:
        value = getattr(package, one)
        module = getattr(value, "__module__", None)
        # Functions and classes are documented where they are written; constants are left out.
        if module is not None and module.startswith("liancun_geo") and hasattr(value, "__name__"):
            homes.append(f"{module}.{one}")
    return homes


def as_markdown(notebook: Path) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as a page with its outputs, and its pictures by name."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for number, cell in enumerate(json.loads(notebook.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{notebook.stem}_{len(pictures) + 1}.png"
                pictures[name] = base64.b64decode(data["image/png"])
                parts.append(f"![Figure of cell {number}]({name})")
            elif told := "".join(output.get("text", data.get("text/plain", ""))).rstrip():
                parts.append(f"```text\n{told}\n```")
    parts.append(f"*The notebook itself: `notebooks/{notebook.name}`.*")
    return "\n\n".join(parts) + "\n", pictures


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Turn links to files of the repository into links to pages."""
    uri = page.file.src_uri
    # Where the text lies in the repository, and where its page lies.
    home = {"index.md": Path(), "changes.md": Path()}.get(uri, Path("docs"))
    home = Path("notebooks") if uri.startswith("notebooks/") else home

    def turned(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        path, _, anchor = target.partition("#")
        if not path or "://" in path or target.startswith("mailto:"):
            return match.group(0)
        there = _site_path((ROOT / home / path).resolve(), uri, path)
        if there is None or files.get_file_from_path(there) is None:
            return f"{mark}{text}" if not mark else f"*{text}*"
        up = "../" * uri.count("/")
        return f"{mark}[{text}]({up}{there}{'#' + anchor if anchor else ''})"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", turned, markdown)


def _site_path(target: Path, uri: str, path: str) -> str | None:
    """Return where a file of the repository is on the site."""
    if uri.startswith("notebooks/") and path.endswith(".png"):
        return f"notebooks/{path}"
    if not target.is_relative_to(ROOT):
        return None
    inside = target.relative_to(ROOT).as_posix()
    if inside in ("README.md", "CHANGELOG.md"):
        return {"README.md": "index.md", "CHANGELOG.md": "changes.md"}[inside]
    if inside.startswith("docs/"):
        return inside.removeprefix("docs/")
    if inside.startswith("notebooks/"):
        return inside.replace(".ipynb", ".md")
    return None
