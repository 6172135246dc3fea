"""Scenarios in a project file: drafts, approved versions, saved results."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pyogrio
import pytest
from project_cases import keys
from projects import AT, CODES, SETTINGS, steps

from liancun_geo.check import check
from liancun_geo.decisions import ExcludeDecision
from liancun_geo.editing import Draft, LeaveOut, Lock, SetLead
from liancun_geo.project import (
    Project,
    ProjectConflict,
    ProjectError,
    open_project,
    restored,
    saved_result,
)

# --- scenarios -------------------------------------------------------------------------------


def test_a_draft_comes_back_with_every_step(project: Project, planned_county: Any) -> None:
    scenario = planned_county[2]
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


def test_an_edit_after_undo_drops_the_later_steps(project: Project, planned_county: Any) -> None:
    revision = project.scenarios["方案一"].revision
    for entry in steps(planned_county[2], 4):
        revision = project.append("方案一", entry, expected=revision)
    revision = project.set_cursor("方案一", 2, expected=revision, by="", at=AT)
    assert project.scenarios["方案一"].steps == 4
    revision = project.append("方案一", steps(planned_county[2], 1, 3)[0], expected=revision)
    info = project.scenarios["方案一"]
    assert (info.cursor, info.steps, info.revision) == (3, 3, revision)
    assert len(project.draft("方案一").entries) == 3
    project.note_step("方案一", 3, "问过村里", expected=revision, by="", at=AT)
    assert project.draft("方案一").entries[-1].note == "问过村里"


def test_the_second_tab_is_told_who_was_first(project: Project, planned_county: Any) -> None:
    revision = project.scenarios["方案一"].revision
    first, second = steps(planned_county[2], 2)
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


def test_scenarios_are_copied_renamed_annotated_removed(
    project: Project, planned_county: Any
) -> None:
    project.append(
        "方案一", steps(planned_county[2], 1)[0], expected=project.scenarios["方案一"].revision
    )
    project.copy("方案一", "Plan B", by="李", at=AT, note="备选")
    assert project.scenarios["Plan B"].base == "方案一"
    assert project.draft("Plan B").entries == project.draft("方案一").entries
    project.rename("Plan B", "PLAN b", by="李", at=AT)
    project.annotate("PLAN b", "说明", by="李", at=AT)
    assert project.scenarios["PLAN b"].note == "说明"
    assert layers(project) == {"villages", "片区 方案一", "片区 PLAN b"}
    for name in ("plan B", "方案一"):
        with pytest.raises(ProjectError) as caught:
            project.add_scenario(name, planned_county[2], by="", at=AT)
        assert keys(caught) == ["project.scenario_exists"]
    project.remove("PLAN b", by="李", at=AT)
    assert list(project.scenarios) == ["方案一"]
    assert list(project.removed) == ["PLAN b"]
    assert layers(project) == {"villages", "片区 方案一"}
    project.add_scenario("plan B", planned_county[2], by="李", at=AT)
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
def test_names_that_are_none(project: Project, planned_county: Any, name: str) -> None:
    with pytest.raises(ProjectError) as caught:
        project.add_scenario(name, planned_county[2], by="", at=AT)
    assert keys(caught) == ["project.scenario_name"]


@pytest.mark.parametrize("name", ['a"; DROP TABLE villages; --', "<b>'x'</b>", "villages", "‘%s’"])
def test_a_name_is_only_a_name(project: Project, planned_county: Any, name: str) -> None:
    project.add_scenario(name, planned_county[2], by="", at=AT)
    assert layers(project) == {"villages", "片区 方案一", f"片区 {name}"}
    assert project.draft(name).proposal.result.status == "optimal"


def test_an_approved_version_stays_as_it_was(project: Project, planned_county: Any) -> None:
    version = project.freeze("方案一", by="县委组织部", at=AT)
    info = project.scenarios[version]
    assert (info.frozen, info.approved_by, info.approved_at, info.base) == (
        *(True, "县委组织部", AT, "方案一"),
    )
    for change in (
        lambda: project.append(version, steps(planned_county[2], 1)[0], expected=info.revision),
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
    assert approved.fingerprint == planned_county[2].fingerprint
    assert approved.villages.frame["party_members_persons"].iloc[1] == 21.0
    assert project.freeze("方案一", by="x", at=AT) == "方案一 定稿2"
    project.copy(version, "再改", by="", at=AT)
    project.append(
        "再改", steps(planned_county[2], 1)[0], expected=project.scenarios["再改"].revision
    )


def test_a_broken_plan_and_a_nameless_hand_approve_nothing(
    project: Project, planned_county: Any
) -> None:
    with pytest.raises(ProjectError) as caught:
        project.freeze("方案一", by=" ", at=AT)
    assert keys(caught) == ["project.approved_by_missing"]
    project.append(
        "方案一", steps(planned_county[2], 1)[0], expected=project.scenarios["方案一"].revision
    )
    assert project.draft("方案一").standing.violations
    with pytest.raises(ProjectError) as caught:
        project.freeze("方案一", by="王", at=AT)
    assert keys(caught)[0] == "project.approve_breaks_rules"
    assert len(caught.value.faults) > 1


def test_steps_that_fit_no_more_leave_the_plan(project: Project, planned_county: Any) -> None:
    project.append(
        "方案一", steps(planned_county[2], 1)[0], expected=project.scenarios["方案一"].revision
    )
    gone = CODES[planned_county[2].alliances[0].members[0]]
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


# --- saved results ---------------------------------------------------------------------------


def test_a_saved_plan_is_the_plan(planned_county: Any) -> None:
    _, county, scenario = planned_county
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


def test_a_plan_under_other_rules_is_judged_anew(planned_county: Any) -> None:
    _, county, scenario = planned_county
    rules = SETTINGS.rules.model_copy(update={"min_size": 4})
    stricter = SETTINGS.model_copy(update={"rules": rules})
    again = restored(county, stricter, saved_result(scenario))
    assert again.violations == check(again.problem, scenario.plan)
    assert again.result.bound == float("-inf")
    assert "project.judged_anew" in [warning.key for warning in again.warnings]


def test_a_forged_proof_is_none(planned_county: Any) -> None:
    _, county, scenario = planned_county
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


def test_a_document_that_is_none(planned_county: Any) -> None:
    _, county, scenario = planned_county
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
