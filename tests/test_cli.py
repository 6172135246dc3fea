"""The command line end to end: outputs, exit codes, JSON, both languages, bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from cli_cases import SAMPLE, _squares, run

from liancun_geo.decisions import accepting
from liancun_geo.errors import Where, warning
from liancun_geo.report import Report


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo")
    result = run("demo", "--out", folder, "--json")
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def test_demo_is_proven_best_in_every_township(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, plan = demo
    assert plan["status"] == "optimal"
    assert plan["objective"] == plan["bound"]
    assert plan["gap"] == 0
    assert len(plan["zones"]) == 10
    assert {zone["status"] for zone in plan["zones"]} == {"optimal"}
    assert plan["violations"] == []
    placed = [v for a in plan["alliances"] for v in [a["lead"], *a["members"]]]
    left_out = [entry["village"] for entry in plan["unassigned"]]
    assert len(placed) == len(set(placed)) == 260
    assert left_out == ["370499100238"]
    assert all(entry["reason"] for entry in plan["unassigned"])
    assert all(4 <= 1 + len(a["members"]) <= 8 for a in plan["alliances"])
    assert {path.name for path in folder.iterdir()} == {
        "alliances.xlsx",
        "alliances.geojson",
        "assignment.csv",
        "plan.gpkg",
        "plan.json",
        "plan_shapefile.zip",
        "villages.geojson",
    }


def test_json_on_the_output_is_the_plan_file(demo: tuple[Path, dict[str, Any]]) -> None:
    folder, plan = demo
    stored = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    volatile = ("created", "checksum")
    assert {k: v for k, v in stored.items() if k not in volatile} == {
        k: v for k, v in plan.items() if k not in volatile
    }


def test_the_geopackage_of_the_sample_gives_the_same_plan(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    settings = SAMPLE.settings.read_text(encoding="utf-8")
    file = tmp_path / "settings.toml"
    file.write_text(settings.replace("[data]", '[data]\nlayer = "villages"', 1), encoding="utf-8")
    shutil.copy(SAMPLE.folder / "demo_county.gpkg", tmp_path)
    for part in SAMPLE.folder.glob("rivers.*"):
        shutil.copy(part, tmp_path)
    result = run(
        "plan", tmp_path / "demo_county.gpkg", "--settings", file, "--out", tmp_path / "o", "--json"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["alliances"] == demo[1]["alliances"]


def test_verify_accepts_the_plan_and_notices_a_change(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = demo
    assert run("verify", folder / "plan.json").exit_code == 0
    data = tmp_path / "data"
    shutil.copytree(SAMPLE.folder, data)
    plan = tmp_path / "plan.json"
    text = (folder / "plan.json").read_text(encoding="utf-8")
    plan.write_text(text.replace('"seed": 0', '"seed": 1'), encoding="utf-8")
    edited = run("verify", plan, "--json")
    assert edited.exit_code == 3
    assert json.loads(edited.stdout)["status"] == "not verified"
    ledger = pd.read_excel(data / "ledger.xlsx", dtype=str)
    ledger.iloc[0, ledger.columns.get_loc("户籍人口（人）")] = "9999"
    ledger.to_excel(data / "ledger.xlsx", index=False, sheet_name="台账")
    changed = run(
        "verify",
        folder / "plan.json",
        "--boundaries",
        data / "villages.shp",
        "--ledger",
        data / "ledger.xlsx",
    )
    assert changed.exit_code == 3
    assert "ledger.xlsx" in changed.output


def test_check_judges_data_and_an_edited_assignment(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, plan = demo
    county = ("--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings)
    assert run("check", SAMPLE.boundaries, *county).exit_code == 0
    good = run(
        "check", SAMPLE.boundaries, *county, "--assignment", folder / "assignment.csv", "--json"
    )
    assert good.exit_code == 0, good.output
    assert json.loads(good.stdout)["objective"] == pytest.approx(plan["objective"])
    table = pd.read_csv(folder / "assignment.csv", dtype=str)
    member = table.index[table["role"] == "member"][0]
    table.loc[member, "lead_code"] = ""
    table.to_csv(tmp_path / "edited.csv", index=False)
    bad = run(
        "check", SAMPLE.boundaries, *county, "--assignment", tmp_path / "edited.csv", "--json"
    )
    assert bad.exit_code == 4
    assert json.loads(bad.stdout)["violations"]
    for name in ("alliances.xlsx", "plan.gpkg", "plan_shapefile.zip", "plan.json"):
        same = run("check", SAMPLE.boundaries, *county, "--assignment", folder / name, "--json")
        assert same.exit_code == 0, same.output
        assert json.loads(same.stdout)["objective"] == pytest.approx(plan["objective"])


def test_merged_leads_of_an_assignment_hold_for_every_row(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, _ = demo
    table = pd.read_csv(folder / "assignment.csv", dtype=str)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["村代码", "领建村代码"])
    of_lead = table.dropna(subset="lead_code").groupby("lead_code", sort=False)["code"]
    for lead, codes in of_lead:
        top = sheet.max_row + 1
        for code in codes:
            sheet.append([code, lead])
        sheet.merge_cells(start_row=top, end_row=sheet.max_row, start_column=2, end_column=2)
    file = tmp_path / "merged.xlsx"
    book.save(file)
    given = ("--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings, "--assignment", file)
    assert run("check", SAMPLE.boundaries, *given).exit_code == 0


def test_the_installed_command_prints_utf8_and_no_progress_into_a_pipe(tmp_path: Path) -> None:
    code = "from liancun_geo.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--out", str(tmp_path / "o")],
        capture_output=True,
        check=True,
        env={**__import__("os").environ, "PYTHONUTF8": "1"},
    )
    assert "片区" in done.stdout.decode("utf-8")
    assert done.stderr == b""


def test_a_plan_can_be_certified(tmp_path: Path) -> None:
    row = [(x, y) for x in range(4) for y in range(3)]
    boundaries = _squares(tmp_path, row, ["101"] * 12)
    result = run("plan", boundaries, "--out", tmp_path / "o", "--certify", "--json")
    assert result.exit_code == 0, result.output
    assert [zone["verdict"] for zone in json.loads(result.stdout)["certificate"]] == ["proven"]
    assert "独立复核" in run("plan", boundaries, "--out", tmp_path / "o", "--certify").output


def test_replan_moves_no_more_villages_than_allowed(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, plan = demo
    table = pd.read_csv(folder / "assignment.csv", dtype=str)
    member = table.index[table["role"] == "member"][0]
    table.loc[member, "lead_code"] = ""
    table.to_csv(tmp_path / "edited.csv", index=False)
    county = ("--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings)
    again = run(
        "replan", SAMPLE.boundaries, *county, "--from", tmp_path / "edited.csv",
        "--max-moves", 1, "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["objective"] == pytest.approx(plan["objective"])
    unknown = run(
        "replan", SAMPLE.boundaries, *county, "--from", folder / "plan.gpkg",
        "--lock", "999", "--out", tmp_path / "o2",
    )  # fmt: skip
    assert unknown.exit_code == 3
    assert "999" in unknown.output


def test_alternatives_are_listed_and_written(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    row = [(x, y) for x in range(4) for y in range(3)]
    boundaries = _squares(tmp_path, row, ["101"] * 12)
    file = tmp_path / "plans.csv"
    result = run("alternatives", boundaries, "--within", 0.1, "--out", file, "--json")
    assert result.exit_code == 0, result.output
    (zone,) = json.loads(result.stdout)["zones"]
    assert zone["complete"]
    assert zone["plans"] >= len(zone["different"]) >= 1
    written = pd.read_csv(file, dtype=str)
    assert len(written) == 12 * len(zone["different"])


def test_explain_tells_the_rules_in_conflict_and_ways_out(tmp_path: Path) -> None:
    cross = [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2)]
    boundaries = _squares(tmp_path, [*cross, (20, 0)], ["101"] * 5 + ["102"])
    settings = tmp_path / "s.toml"
    settings.write_text("[rules]\nmin_size = 2\nmax_size = 4\n", encoding="utf-8")
    told = run("explain", boundaries, "--settings", settings, "--json")
    assert told.exit_code == 4, told.output
    zone, village = json.loads(told.stdout)["conflicts"]
    assert len(zone) >= 2
    assert len(village) >= 2
    assert "村5" in json.dumps(village, ensure_ascii=False)


def test_explain_has_nothing_to_say_of_a_good_county(tmp_path: Path) -> None:
    boundaries = _squares(tmp_path, [(x, 0) for x in range(5)], ["101"] * 5)
    told = run("explain", boundaries, language="en")
    assert told.exit_code == 0, told.output
    assert "every village an alliance" in told.output


def test_warming_up_compiles_and_says_so() -> None:
    told = run("warm-up")
    assert told.exit_code == 0, told.output
    assert "准备好了" in told.output


def test_before_a_plan_ten_kinds_are_told_and_what_is_to_be_confirmed_first(capsys):
    plain = [warning("outliers.zeros", zh="甲", en="a", count=n, others=9, examples="东村")
             for n in range(3)]  # fmt: skip
    kinds = [warning(f"crs.{name}", crs="x", cause="y") for name in ("missing", "stated")]
    question = warning("outliers.extreme", Where(village="西村"), value="9", times="8", low="1",
                       high="2", unit="人")  # fmt: skip
    question = question.proposing(accepting(question))
    Report("zh", as_json=False).warnings([*plain, *kinds, question])
    first, second, heading, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("待确认") and "西村" in second
    assert heading == "提醒（5 条）："
    assert len(lines) == 3
    assert lines[0].endswith("（同类共 3 条）")


def test_a_reader_who_has_seen_enough_ends_the_command_quietly():
    script = "from liancun_geo.cli import main; import sys; sys.argv[1:] = ['--help']; main()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.close()
        told = child.stderr.read().decode()
    assert told == ""


def test_export_reopens_the_plan_with_its_proof(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, plan = demo
    done = run("export", folder / "plan.json", "--what", "plan,csv", "--out", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["status"] == "written" and told["files"] == ["assignment.csv", "plan.json"]
    again = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    volatile = ("created", "checksum")
    assert {k: v for k, v in again.items() if k not in volatile} == {
        k: v for k, v in plan.items() if k not in volatile
    }
    before = (folder / "assignment.csv").read_bytes()
    assert (tmp_path / "assignment.csv").read_bytes() == before


def test_export_tells_everything_that_was_asked_for_in_vain(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    plan = demo[0] / "plan.json"
    wrong = ("--what", "shp,ship", "--what", "exe", "--encoding", "big5", "--paper", "A0")
    done = run("export", plan, *wrong, "--out", tmp_path / "x", "--json", "--language", "en")
    assert done.exit_code == 2
    told = " ".join(fault["message"] for fault in json.loads(done.stdout)["errors"])
    assert all(word in told for word in ("ship, exe", "big5", "A0", "gpkg"))
    assert not (tmp_path / "x").exists()
    named = run("export", plan, "--plan", "甲案", "--out", tmp_path / "x")
    assert named.exit_code == 2 and "--plan" in named.stderr


def test_export_refuses_a_plan_file_that_was_changed(
    demo: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    changed = tmp_path / "plan.json"
    text = (demo[0] / "plan.json").read_text(encoding="utf-8")
    changed.write_text(text.replace('"seed": 0', '"seed": 1'), encoding="utf-8")
    done = run("export", changed, "--out", tmp_path / "x")
    assert done.exit_code == 3 and "校验值" in done.stderr
    assert not (tmp_path / "x").exists()
