"""Export, import, check: whatever file a plan is handed over in, the same plan comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenarios import RARE_NAMES, scenario, table

from liancun_geo.check import check
from liancun_geo.commands.inputs import handed_plan
from liancun_geo.output import write_plan
from liancun_geo.scenario import Scenario

HOSTILE_NAMES = (
    *RARE_NAMES,
    "<img src=x onerror=alert(1)>",
    "]]><script>alert(1)</script>",
    "&amp;村",
    "$[name]",
    "𰻝庄",
    "桃🌸源",
    "'",
    "a\tb",
    "、",
)
NAMES = st.one_of(
    st.sampled_from(HOSTILE_NAMES),
    st.text(min_size=1, max_size=12).filter(lambda text: text.strip() != ""),
    st.text("村庄东西河沟㐂𠮷𰻝", min_size=1, max_size=90),
)
READ_BACK = (
    "alliances.xlsx",
    "plan.gpkg",
    "plan_shapefile.zip",
    "villages.geojson",
    "alliances.geojson",
    "assignment.csv",
    "plan.json",
)


def files_of(s: Scenario, folder: Path) -> list[Path]:
    return [path for path in write_plan(s, folder) if path.name in READ_BACK]


@given(names=st.lists(NAMES, min_size=9, max_size=9), lead=st.integers(0, 2))
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_format_brings_the_same_plan_back(
    tmp_path: Path, names: list[str], lead: int
) -> None:
    lead_of = [lead, lead, lead, 3, 3, 3, 3, -1, 3]
    s = scenario(lead_of, villages=table(name=names))
    folder = tmp_path / "pack"
    shutil.rmtree(folder, ignore_errors=True)
    files = files_of(s, folder)
    assert {path.name for path in files} == set(READ_BACK)
    before = check(s.problem, lead_of)
    for path in files:
        back = handed_plan(path, s.villages)
        assert list(back) == lead_of, path.name
        assert check(s.problem, back) == before
