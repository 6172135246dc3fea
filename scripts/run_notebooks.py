"""Run the notebooks and keep their outputs: ``python -m scripts.run_notebooks [NAME ...]``.

Every notebook is a pair: ``notebooks/NAME.py`` (cells marked with ``# %%``, what people edit) and
``notebooks/NAME.ipynb`` (the same cells with the outputs of the last run, what people look at).
This writes the second from the first. Pictures are reduced to few colours; a picture above
150 kB stops it. Needs jupytext, nbclient and ipykernel: ``pip install liancun-geo[docs]``.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
LARGEST_BYTES = 150_000
COLOURS = 64
AT_MOST_S = 600


def main() -> None:
    """Run those named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of their names; default: all")
    names = parser.parse_args().names
    for source in sorted(NOTEBOOKS.glob("*.py")):
        if not names or any(source.name.startswith(name) for name in names):
            run(source)
            size = source.with_suffix(".ipynb").stat().st_size
            print(f"{source.stem}: {size // 1024} kB", flush=True)


def run(source: Path) -> None:
    """Write the notebook beside its source, with the outputs of a run in an empty folder."""
    notebook = jupytext.read(source)
    os.environ["LIANCUN_PROJECT"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=AT_MOST_S,
            kernel_name="python3",
            startup_timeout=AT_MOST_S,
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    # What differs between two runs or two machines is of no use to a reader.
    notebook.metadata = {
        "jupytext": {"formats": "ipynb,py:percent"},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = {}
        for output in cell.get("outputs", []):
            _reduce(output, f"{source.stem}, cell {number}")
    nbformat.validate(notebook)
    text = nbformat.writes(notebook)
    if str(ROOT) in text:
        raise SystemExit(f"{source.stem}: a path of this machine is in the outputs")
    source.with_suffix(".ipynb").write_text(text + "\n", encoding="utf-8")


def _reduce(output: Any, where: str) -> None:
    data = output.get("data", {})
    if "image/png" not in data:
        return
    # Beside a picture its text says only where it lay in memory.
    data.pop("text/plain", None)
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
        few = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    written = io.BytesIO()
    few.save(written, format="png", optimize=True)
    if len(written.getvalue()) > LARGEST_BYTES:
        raise SystemExit(f"{where}: a picture of {len(written.getvalue())} bytes")
    data["image/png"] = base64.b64encode(written.getvalue()).decode("ascii")


if __name__ == "__main__":
    main()
