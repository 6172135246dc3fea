"""Notebooks: both halves of a pair agree, what is kept is small, and every one of them runs."""

from __future__ import annotations

import ast
import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from liancun_geo.cli import build_app

jupytext = pytest.importorskip("jupytext", reason="jupytext is not installed")
matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
PAIRS = [pytest.param(source, id=source.stem) for source in SOURCES]
LARGEST_BYTES = 150_000


@pytest.fixture(autouse=True)
def _as_in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANCUN_PROJECT", str(ROOT))
    monkeypatch.setenv("LIANCUN_QUICK", "1")
    before = list(sys.path)
    yield
    sys.path[:] = before
    plt.close("all")


def stored(source: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(source.with_suffix(".ipynb").read_text(encoding="utf-8"))
    return told


def run(source: Path) -> dict[str, Any]:
    """Run the cells in this process; the last value of a cell is worked out as well."""
    names: dict[str, Any] = {}
    for number, cell in enumerate(jupytext.read(source).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{source.name}, cell {number}", "exec"), names)
    return names


def test_there_is_no_notebook_without_its_other_half() -> None:
    names = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert {source.stem for source in SOURCES} == names
    assert len(names) >= 7


@pytest.mark.parametrize("source", PAIRS)
def test_both_halves_of_a_pair_agree(source: Path) -> None:
    told = [(c.cell_type, c.source) for c in jupytext.read(source).cells]
    kept = [(c["cell_type"], "".join(c["source"])) for c in stored(source)["cells"]]
    assert kept == told, "edit the .py, then run: python -m scripts.run_notebooks"


@pytest.mark.parametrize("source", PAIRS)
def test_outputs_are_of_one_whole_run_and_small(source: Path) -> None:
    notebook = stored(source)
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert outputs
    assert not [one for one in outputs if one["output_type"] == "error"]
    pictures = [one["data"]["image/png"] for one in outputs if "image/png" in one.get("data", {})]
    assert pictures
    assert all(len(base64.b64decode(one)) <= LARGEST_BYTES for one in pictures)
    said = json.dumps([{**one, "data": {}} for one in outputs])
    assert not re.search(r"/(home|root|Users|tmp)/", said)


@pytest.mark.parametrize("source", PAIRS)
def test_cells_can_be_read_one_after_the_other(source: Path) -> None:
    """Every notebook says first what it is, and what of it is invented or lies elsewhere."""
    first = jupytext.read(source).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    for cell in jupytext.read(source).cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)


def test_the_first_notebook_plans_what_the_command_plans(tmp_path: Path) -> None:
    names = run(ROOT / "notebooks" / "01_first_plan.py")
    told = CliRunner().invoke(build_app("en"), ["demo", "--out", "demo", "--json"])
    assert told.exit_code == 0
    codes = names["villages"].frame["code"].tolist()
    alliances = json.loads(told.stdout)["alliances"]
    assert len(alliances) > 1
    assert [(a["lead"], a["members"]) for a in alliances] == [
        (codes[a.lead], [codes[member] for member in a.members])
        for a in names["scenario"].alliances
    ]
    written = json.loads((tmp_path / "plan" / "plan.json").read_text(encoding="utf-8"))
    assert written["alliances"] == alliances
    assert names["small"].status == "optimal"
    assert names["outcome"].status == "infeasible"


@pytest.mark.parametrize("source", PAIRS[1:])
@pytest.mark.filterwarnings("ignore::UserWarning")  # of peers, about what they were asked
def test_every_notebook_runs(source: Path) -> None:
    run(source)
    assert plt.get_fignums() or "04" in source.stem  # stops where its layer is absent
