"""The project file: what is put in comes out, nothing is overwritten, nothing is forged."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from projects import AT, CODES, NAMES, SETTINGS, county_files, planned, project_with, steps

from liancun_geo.check import check
from liancun_geo.decisions import ExcludeDecision
from liancun_geo.editing import Draft, LeaveOut, Lock, SetLead
from liancun_geo.errors import DataError
from liancun_geo.plan import Plan
from liancun_geo.project import (
    Project,
    ProjectConflict,
    ProjectError,
    create_project,
    gather,
    open_project,
    restored,
    saved_result,
)
from liancun_geo.settings import Settings


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return planned(tmp_path_factory.mktemp("县 资料"))


@pytest.fixture(scope="module")
def stored(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    files, _, scenario = made
    return project_with(tmp_path_factory.mktemp("p") / "p.gpkg", files, scenario).path


@pytest.fixture
def project(stored: Path, tmp_path: Path) -> Project:
    path = tmp_path / "某县 项目.gpkg"
    shutil.copy(stored, path)
    return open_project(path)


def keys(cause: pytest.ExceptionInfo[Any]) -> list[str]:
    for fault in cause.value.faults:
        assert fault.text("zh")
        assert fault.text("en")
    return [fault.key for fault in cause.value.faults]


# --- files and settings ----------------------------------------------------------------------


def test_the_county_is_read_from_the_file_alone(made: Any, tmp_path: Path) -> None:
    files, county, _ = made
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


def test_nothing_is_overwritten(made: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.gpkg"
    path.write_text("mine")
    with pytest.raises(ProjectError) as caught:
        create_project(path, made[0], SETTINGS, by="", at=AT)
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


def test_a_correction_is_applied_and_recorded(project: Project, made: Any) -> None:
    project.edit_village(CODES[1], "party_members_persons", 99, by="赵", at=AT, reason="漏报")
    project.edit_village(CODES[1], "industries", ["电商"], by="赵", at=AT, reason="")
    project.edit_village(CODES[2], "weak_organisation", True, by="赵", at=AT, reason="")
    project.edit_village(CODES[3], "population_registered_persons", None, by="", at=AT, reason="")
    frame = open_project(project.path).county().villages.frame.set_index("code")
    assert frame.loc[CODES[1], "party_members_persons"] == 99.0
    assert frame.loc[CODES[1], "industries"] == ("电商",)
    assert frame.loc[CODES[2], "weak_organisation"]
    assert frame["population_registered_persons"].isna().tolist() == [i == 3 for i in range(12)]
    assert frame.dtypes.equals(made[1].villages.frame.set_index("code").dtypes)
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


# --- scenarios -------------------------------------------------------------------------------


def test_a_draft_comes_back_with_every_step(project: Project, made: Any) -> None:
    scenario = made[2]
    draft = project.draft("方案一")
    revision = project.scenarios["方案一"].revision
    large = next(a for a in scenario.alliances if a.members[1:])
    other = next(a for a in scenario.alliances if a != large)
    for edit in (
        Lock(villages=(CODES[other.lead],)),
        LeaveOut(villages=(CODES[large.members[0]],), reason="不同意"),
        SetLead(village=CODES[large.members[1]]),
    ):
        draft = draft.after(edit, at=AT, by="李")
        revision = project.append("方案一", draft.entries[-1], expected=revision)
    project.set_cursor("方案一", 2, expected=revision, by="李", at=AT)
    again = open_project(project.path).draft("方案一")
    assert again.entries == draft.entries
    assert again.cursor == 2
    two = draft.undo()
    assert again.state.lead_of.tolist() == two.state.lead_of.tolist()
    assert again.state.locked == two.state.locked
    assert again.state.left_out == two.state.left_out
    assert again.standing.total == two.standing.total


def test_an_edit_after_undo_drops_the_later_steps(project: Project, made: Any) -> None:
    revision = project.scenarios["方案一"].revision
    for entry in steps(made[2], 4):
        revision = project.append("方案一", entry, expected=revision)
    revision = project.set_cursor("方案一", 2, expected=revision, by="", at=AT)
    assert project.scenarios["方案一"].steps == 4
    revision = project.append("方案一", steps(made[2], 1, 3)[0], expected=revision)
    info = project.scenarios["方案一"]
    assert (info.cursor, info.steps, info.revision) == (3, 3, revision)
    assert len(project.draft("方案一").entries) == 3
    project.note_step("方案一", 3, "问过村里", expected=revision, by="", at=AT)
    assert project.draft("方案一").entries[-1].note == "问过村里"


def test_the_second_tab_is_told_who_was_first(project: Project, made: Any) -> None:
    revision = project.scenarios["方案一"].revision
    first, second = steps(made[2], 2)
    other = open_project(project.path)
    newer = other.append("方案一", first, expected=revision)
    with pytest.raises(ProjectConflict) as caught:
        project.append("方案一", first, expected=revision)
    assert (caught.value.by, caught.value.at, caught.value.revision) == ("李", AT, newer)
    assert "李" in caught.value.text("zh")
    assert keys(caught) == ["project.conflict"]
    project.append("方案一", second, expected=newer)
    with pytest.raises(ProjectError) as caught:
        project.append("方案一", second, expected=project.scenarios["方案一"].revision)
    assert keys(caught) == ["project.entry_out_of_place"]
    with pytest.raises(ProjectError) as caught:
        project.set_cursor("方案一", 9, expected=project.scenarios["方案一"].revision, by="", at=AT)
    assert keys(caught) == ["project.no_such_step"]


def test_scenarios_are_copied_renamed_annotated_removed(project: Project, made: Any) -> None:
    project.append("方案一", steps(made[2], 1)[0], expected=project.scenarios["方案一"].revision)
    project.copy("方案一", "Plan B", by="李", at=AT, note="备选")
    assert project.scenarios["Plan B"].base == "方案一"
    assert project.draft("Plan B").entries == project.draft("方案一").entries
    project.rename("Plan B", "PLAN b", by="李", at=AT)
    project.annotate("PLAN b", "说明", by="李", at=AT)
    assert project.scenarios["PLAN b"].note == "说明"
    assert layers(project) == {"villages", "片区 方案一", "片区 PLAN b"}
    for name in ("plan B", "方案一"):
        with pytest.raises(ProjectError) as caught:
            project.add_scenario(name, made[2], by="", at=AT)
        assert keys(caught) == ["project.scenario_exists"]
    project.remove("PLAN b", by="李", at=AT)
    assert list(project.scenarios) == ["方案一"]
    assert list(project.removed) == ["PLAN b"]
    assert layers(project) == {"villages", "片区 方案一"}
    project.add_scenario("plan B", made[2], by="李", at=AT)
    with pytest.raises(ProjectError) as caught:
        project.restore("PLAN b", by="李", at=AT)
    assert keys(caught) == ["project.scenario_exists"]
    project.remove("plan B", by="李", at=AT)
    project.restore("PLAN b", by="李", at=AT)
    assert len(project.draft("PLAN b").entries) == 1
    actions = [one.action for one in project.history]
    assert actions == [
        *("create", "add", "edit", "copy", "rename", "annotate", "remove"),
        *("add", "remove", "restore"),
    ]
    assert [one.revision for one in project.history] == list(range(1, len(actions) + 1))


@pytest.mark.parametrize("name", ["", " ", " a", "a\nb", "a\0b", "字" * 61, "a\u202eb"])
def test_names_that_are_none(project: Project, made: Any, name: str) -> None:
    with pytest.raises(ProjectError) as caught:
        project.add_scenario(name, made[2], by="", at=AT)
    assert keys(caught) == ["project.scenario_name"]


@pytest.mark.parametrize("name", ['a"; DROP TABLE villages; --', "<b>'x'</b>", "villages", "‘%s’"])
def test_a_name_is_only_a_name(project: Project, made: Any, name: str) -> None:
    project.add_scenario(name, made[2], by="", at=AT)
    assert layers(project) == {"villages", "片区 方案一", f"片区 {name}"}
    assert project.draft(name).proposal.result.status == "optimal"


def test_an_approved_version_stays_as_it_was(project: Project, made: Any) -> None:
    version = project.freeze("方案一", by="县委组织部", at=AT)
    info = project.scenarios[version]
    assert (info.frozen, info.approved_by, info.approved_at, info.base) == (
        *(True, "县委组织部", AT, "方案一"),
    )
    for change in (
        lambda: project.append(version, steps(made[2], 1)[0], expected=info.revision),
        lambda: project.rename(version, "x", by="", at=AT),
        lambda: project.annotate(version, "x", by="", at=AT),
        lambda: project.remove(version, by="", at=AT),
        lambda: project.freeze(version, by="x", at=AT),
    ):
        with pytest.raises(ProjectError) as caught:
            change()
        assert keys(caught) == ["project.frozen"]
    # Not even past the program.
    connection = sqlite3.connect(project.path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE liancun_scenarios SET result = '{}' WHERE frozen")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM liancun_log")
    connection.close()
    # Neither later corrections nor other rules change what was approved.
    project.edit_village(CODES[1], "party_members_persons", 99, by="赵", at=AT, reason="")
    rules = SETTINGS.rules.model_copy(update={"max_size": 3})
    project.save_settings(SETTINGS.model_copy(update={"rules": rules}), by="", at=AT)
    approved = open_project(project.path).draft(version).proposal
    assert approved.result.status == "optimal"
    assert approved.fingerprint == made[2].fingerprint
    assert approved.villages.frame["party_members_persons"].iloc[1] == 21.0
    assert project.freeze("方案一", by="x", at=AT) == "方案一 定稿2"
    project.copy(version, "再改", by="", at=AT)
    project.append("再改", steps(made[2], 1)[0], expected=project.scenarios["再改"].revision)


def test_a_broken_plan_and_a_nameless_hand_approve_nothing(project: Project, made: Any) -> None:
    with pytest.raises(ProjectError) as caught:
        project.freeze("方案一", by=" ", at=AT)
    assert keys(caught) == ["project.approved_by_missing"]
    project.append("方案一", steps(made[2], 1)[0], expected=project.scenarios["方案一"].revision)
    assert project.draft("方案一").standing.violations
    with pytest.raises(ProjectError) as caught:
        project.freeze("方案一", by="王", at=AT)
    assert keys(caught)[0] == "project.approve_breaks_rules"
    assert len(caught.value.faults) > 1


def test_steps_that_fit_no_more_leave_the_plan(project: Project, made: Any) -> None:
    project.append("方案一", steps(made[2], 1)[0], expected=project.scenarios["方案一"].revision)
    gone = CODES[made[2].alliances[0].members[0]]
    decision = ExcludeDecision(file="villages.gpkg", village=gone, confirmed=True)
    project.save_decisions([decision], by="", at=AT)
    draft = project.draft("方案一")
    found = {warning.key for warning in draft.proposal.warnings}
    assert {"project.judged_anew", "project.villages_gone", "project.log_unusable"} <= found
    assert len(draft.proposal.villages) == 11
    assert gone not in set(pyogrio.read_dataframe(project.path, layer="villages")["code"])


# --- layers ----------------------------------------------------------------------------------


def layers(project: Project) -> set[str]:
    return {name for name, kind in pyogrio.list_layers(project.path) if kind}


def test_a_gis_sees_villages_and_alliances(project: Project, made: Any) -> None:
    scenario = made[2]
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


# --- saved results ---------------------------------------------------------------------------


def test_a_saved_plan_is_the_plan(made: Any) -> None:
    _, county, scenario = made
    again = restored(county, SETTINGS, saved_result(scenario))
    one, other = scenario.result, again.result
    assert one.lead_of.tolist() == other.lead_of.tolist()
    for name in ("objective", "bound", "gap", "status", "seed", "left_out"):
        assert getattr(one, name) == getattr(other, name), name
    assert [replace(zone, relaxation=None) for zone in one.zones] == list(other.zones)
    assert (again.violations, again.alliances, again.unassigned, again.warnings) == (
        *(scenario.violations, scenario.alliances, scenario.unassigned, scenario.warnings),
    )
    assert Draft(again).standing.total == Draft(scenario).standing.total


def test_a_plan_under_other_rules_is_judged_anew(made: Any) -> None:
    _, county, scenario = made
    rules = SETTINGS.rules.model_copy(update={"min_size": 4})
    stricter = SETTINGS.model_copy(update={"rules": rules})
    again = restored(county, stricter, saved_result(scenario))
    assert again.violations == check(again.problem, scenario.plan)
    assert again.result.bound == float("-inf")
    assert "project.judged_anew" in [warning.key for warning in again.warnings]


def test_a_forged_proof_is_none(made: Any) -> None:
    _, county, scenario = made
    saved = saved_result(scenario)
    forged = [
        saved | {"bound": 0.0},
        saved | {"objective": 0.0},
        saved | {"zones": saved["zones"][:1]},
        saved | {"left_out": {"999": {"rule": "no_lead", "villages": [], "value": None}}},
    ]
    for document in forged:
        again = restored(county, SETTINGS, document)
        assert again.result.bound == float("-inf")
        assert "project.proof_broken" in [warning.key for warning in again.warnings]


def test_a_document_that_is_none(made: Any) -> None:
    _, county, scenario = made
    saved = saved_result(scenario)
    lead = next(lead for lead in saved["lead_of"].values() if lead)
    nonsense = [
        {},
        saved | {"version": 2},
        saved | {"status": "best"},
        saved | {"objective": float("nan")},
        saved | {"lead_of": {**saved["lead_of"], lead: None}},
        saved | {"lead_of": [1]},
    ]
    for document in nonsense:
        with pytest.raises(ProjectError) as caught:
            restored(county, SETTINGS, document)
        assert keys(caught) == ["project.saved_unusable"]
