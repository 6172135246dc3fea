"""The project file: what is put in comes out, nothing is overwritten, nothing is forged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from project_cases import keys
from projects import AT, CODES, NAMES, SETTINGS, county_files, steps

from liancun_geo.decisions import ExcludeDecision
from liancun_geo.errors import DataError
from liancun_geo.plan import Plan
from liancun_geo.project import (
    Project,
    ProjectConflict,
    ProjectError,
    create_project,
    gather,
    open_project,
)
from liancun_geo.settings import Settings

# --- files and settings ----------------------------------------------------------------------


def test_the_county_is_read_from_the_file_alone(planned_county: Any, tmp_path: Path) -> None:
    files, county, _ = planned_county
    path = tmp_path / "p.gpkg"
    create_project(path, files, SETTINGS, by="王", at=AT)
    project = open_project(path)
    again = project.county()
    assert again.villages.frame.drop(columns="geometry").equals(
        county.villages.frame.drop(columns="geometry")
    )
    assert [s.sha256 for s in again.villages.sources] == [s.sha256 for s in county.villages.sources]
    assert [(file.name, file.role) for file in project.files] == [
        ("villages.gpkg", "boundaries"),
        ("ledger.xlsx", "ledger"),
    ]
    assert project.content("ledger.xlsx") == files.ledgers[0][1]
    assert (project.name, project.is_sample, project.settings) == ("p", False, SETTINGS)


def test_layers_in_other_folders_come_along(tmp_path: Path) -> None:
    boundaries, ledger = county_files(tmp_path)
    sides = tmp_path / "图层"
    sides.mkdir()
    river = sides / "rivers.shp"
    frame = pyogrio.read_dataframe(boundaries).iloc[:1]
    frame.set_geometry(frame.boundary).to_file(river, engine="pyogrio")
    tables = {"contiguity": {"barriers": ["图层/rivers.shp"]}, "rules": {"min_size": 2}}
    settings = Settings.model_validate(tables)
    (tmp_path / "settings.toml").write_text("[rules]\nmin_size = 2\n", encoding="utf-8")
    found = gather(boundaries, [ledger], settings, settings_file=tmp_path / "settings.toml")
    project = create_project(tmp_path / "p.gpkg", found, settings, by="", at=AT)
    assert project.settings.contiguity.barriers == ("rivers.shp",)
    roles = {file.name: file.role for file in project.files}
    assert roles["rivers.shp"] == roles["rivers.dbf"] == "layer"
    assert project.county().barriers is not None


def test_a_folder_of_a_shapefile_comes_as_its_files(tmp_path: Path) -> None:
    boundaries, ledger = county_files(tmp_path)
    folder = tmp_path / "村界"
    folder.mkdir()
    pyogrio.read_dataframe(boundaries).to_file(folder / "villages.shp", engine="pyogrio")
    project = create_project(tmp_path / "p.gpkg", gather(folder, [ledger]), SETTINGS, by="", at=AT)
    assert len(project.county().villages) == 12


def test_all_missing_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "folder.gdb").mkdir()
    with pytest.raises(DataError) as caught:
        gather(tmp_path / "folder.gdb", [tmp_path / "none.xlsx"])
    assert keys(caught) == ["project.is_a_folder", "project.input_unreadable"]


def test_nothing_is_overwritten(planned_county: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    path.write_text("mine")
    with pytest.raises(ProjectError) as caught:
        create_project(path, planned_county[0], SETTINGS, by="", at=AT)
    assert keys(caught) == ["project.file_exists"]
    assert path.read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["p.gpkg"]


def test_settings_and_decisions_are_kept_and_guarded(project: Project) -> None:
    before = project.settings_revision
    open_one = ExcludeDecision(file="villages.gpkg", village=CODES[0])
    project.save_decisions([open_one], by="王", at=AT, expected=before)
    changed = project.settings.model_copy(
        update={"rules": project.settings.rules.model_copy(update={"max_size": 5})}
    )
    project.save_settings(changed, by="李", at=AT)
    assert project.settings.rules.max_size == 5
    assert project.decisions == (open_one,)
    assert project.settings.decisions == ()
    with pytest.raises(ProjectConflict) as caught:
        project.save_settings(SETTINGS, by="王", at=AT, expected=before)
    assert (caught.value.by, caught.value.at) == ("李", AT)
    assert keys(caught) == ["project.conflict_settings"]
    assert project.settings.rules.max_size == 5


# --- corrections -----------------------------------------------------------------------------


def test_a_correction_is_applied_and_recorded(project: Project, planned_county: Any) -> None:
    project.edit_village(CODES[1], "party_members_persons", 99, by="赵", at=AT, reason="漏报")
    project.edit_village(CODES[1], "industries", ["电商"], by="赵", at=AT, reason="")
    project.edit_village(CODES[2], "weak_organisation", True, by="赵", at=AT, reason="")
    project.edit_village(CODES[3], "population_registered_persons", None, by="", at=AT, reason="")
    frame = open_project(project.path).county().villages.frame.set_index("code")
    assert frame.loc[CODES[1], "party_members_persons"] == 99.0
    assert frame.loc[CODES[1], "industries"] == ("电商",)
    assert frame.loc[CODES[2], "weak_organisation"]
    assert frame["population_registered_persons"].isna().tolist() == [i == 3 for i in range(12)]
    assert frame.dtypes.equals(planned_county[1].villages.frame.set_index("code").dtypes)
    one = project.corrections[0]
    assert (one.code, one.before, one.value, one.by, one.reason) == (
        *(CODES[1], 21.0, 99.0, "赵", "漏报"),
    )
    layer = pyogrio.read_dataframe(project.path, layer="villages").set_index("code")
    assert layer.loc[CODES[1], "party_members_persons"] == 99.0
    assert layer.loc[CODES[1], "industries"] == "电商"


def test_the_same_value_is_no_correction(project: Project) -> None:
    before = project.revision
    after = project.edit_village(CODES[0], "party_members_persons", 20, by="", at=AT, reason="")
    assert (after, project.corrections) == (before, ())


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("code", "1", "project.field_not_editable"),
        ("geometry", None, "project.field_not_editable"),
        ("name", " ", "project.value_unusable"),
        ("name", "上\n下", "project.value_unusable"),
        ("households", -1, "project.value_unusable"),
        ("households", float("inf"), "project.value_unusable"),
        ("households", "12", "project.value_unusable"),
        ("households", True, "project.value_unusable"),
        ("collective_income_year", 2023.5, "project.value_unusable"),
        ("weak_organisation", "是", "project.value_unusable"),
        ("industries", "粮食", "project.value_unusable"),
        ("industries", [1], "project.value_unusable"),
        ("households", 10**400, "project.value_unusable"),
    ],
)
def test_unusable_corrections_are_refused(
    project: Project, field: str, value: Any, key: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        project.edit_village(CODES[0], field, value, by="", at=AT, reason="")
    assert keys(caught) == [key]
    assert project.corrections == ()


def test_a_correction_takes_the_proof_of_older_plans(project: Project) -> None:
    assert project.draft("方案一").proposal.result.status == "optimal"
    project.edit_village(CODES[1], "party_members_persons", 99, by="赵", at=AT, reason="")
    proposal = project.draft("方案一").proposal
    assert [w.key for w in proposal.warnings].count("project.judged_anew") == 1
    assert proposal.result.status == "feasible"
    assert proposal.result.bound == float("-inf")


def test_a_gis_sees_villages_and_alliances(project: Project, planned_county: Any) -> None:
    scenario = planned_county[2]
    villages = pyogrio.read_dataframe(project.path, layer="villages")
    assert villages["name"].tolist() == NAMES
    assert villages.crs == scenario.villages.frame.crs
    assert shapely.equals_exact(
        shapely.get_parts(villages.geometry.to_numpy()),
        shapely.get_parts(scenario.villages.frame.geometry.to_numpy()),
    ).all()
    for _ in range(2):
        draft = project.draft("方案一")
        layer = pyogrio.read_dataframe(project.path, layer="片区 方案一")
        assert dict(zip(layer["lead_code"], layer["villages"], strict=True)) == {
            CODES[a.lead]: a.size for a in Plan.from_lead_of(draft.state.lead_of).alliances
        }
        for row in layer.itertuples():
            lead = CODES.index(row.lead_code)
            inside = [v for v in range(12) if draft.state.lead_of[v] == lead]
            whole = shapely.union_all(scenario.villages.frame.geometry.to_numpy()[inside])
            assert shapely.equals(row.geometry, whole)
            assert row.area_km2 == pytest.approx(whole.area / 1e6)
        entry = steps(scenario, 1, draft.cursor + 1)[0]
        project.append("方案一", entry, expected=project.scenarios["方案一"].revision)
