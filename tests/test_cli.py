"""The command line end to end: outputs, exit codes, JSON, both languages, bad input."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from liancun_geo.cli import build_app, language_of
from liancun_geo.decisions import accepting
from liancun_geo.errors import Where, error, warning
from liancun_geo.report import Report
from liancun_geo.sample import sample_county

SAMPLE = sample_county()


def run(*arguments: object, language: str = "zh") -> Result:
    return CliRunner().invoke(build_app(language), [str(a) for a in arguments])  # type: ignore[arg-type]


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
    book = run(
        "check", SAMPLE.boundaries, *county, "--assignment", folder / "alliances.xlsx", "--json"
    )
    assert book.exit_code == 0, book.output


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("code,lead_code\n370499100238,999\n", "999"),
        ("code,lead_code\n370499100238,\n370499100238,\n", "两次"),
        ("村,甲\nx,y\n", "表头"),
        ("", "打不开"),
    ],
)
def test_a_broken_assignment_is_explained(tmp_path: Path, content: str, word: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(content, encoding="utf-8")
    county = ("--ledger", SAMPLE.ledger, "--settings", SAMPLE.settings)
    result = run("check", SAMPLE.boundaries, *county, "--assignment", file)
    assert result.exit_code == 3
    assert word in result.output
    assert "Traceback" not in result.output


def test_words_come_in_both_languages(tmp_path: Path) -> None:
    chinese = run("demo", "--out", tmp_path / "zh")
    assert "已证明最优" in chinese.output
    assert "领建村" in chinese.output
    assert "辅助研判，不替代集体决策" in chinese.output
    english = run("demo", "--out", tmp_path / "en", language="en")
    assert "proven best" in english.output
    assert "Decision support only" in english.output


def test_the_language_is_known_before_the_help_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIANCUN_LANGUAGE", raising=False)
    assert language_of(["plan"]) == "zh"
    assert language_of(["plan", "--language", "en"]) == "en"
    assert language_of(["--language=en"]) == "en"
    monkeypatch.setenv("LIANCUN_LANGUAGE", "en")
    assert language_of([]) == "en"
    assert run("--help").exit_code == 0
    assert run("demo", "--language", "fr").exit_code == 2


def test_exit_codes_tell_what_is_wrong(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "out")
    assert run("plan").exit_code == 2
    assert run("plan", SAMPLE.boundaries, "--nonsense").exit_code == 2
    assert run("plan", tmp_path / "nothing.shp", *out).exit_code == 3
    settings = tmp_path / "s.toml"
    settings.write_text("[rules]\nmin_sice = 3\nmax_size = 'many'\n", encoding="utf-8")
    wrong = run("plan", SAMPLE.boundaries, "--settings", settings, *out)
    assert wrong.exit_code == 2
    assert "min_sice" in wrong.output
    assert "max_size" in wrong.output
    assert not (tmp_path / "out").exists()


def _squares(folder: Path, positions: list[tuple[int, int]], townships: list[str]) -> Path:
    """Write villages that are squares of a kilometre on a grid."""
    from shapely import box
    from shapely.affinity import translate

    frame = gpd.GeoDataFrame(
        {
            "村代码": [f"370499{t}{200 + i:03d}" for i, t in enumerate(townships)],
            "村名": [f"村{i}" for i in range(len(positions))],
            "乡镇代码": [f"370499{t}" for t in townships],
        },
        geometry=[
            translate(box(39_500_000, 3_900_000, 39_501_000, 3_901_000), x * 1000, y * 1000)
            for x, y in positions
        ],
        crs="EPSG:4527",
    )
    path = folder / "squares.gpkg"
    frame.to_file(path, engine="pyogrio")
    return path


def test_an_infeasible_township_is_explained_and_the_others_are_planned(tmp_path: Path) -> None:
    # Township 101 is a cross of five: no two alliances of two fit, and one holds at most four.
    cross = [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2)]
    pair = [(10, 0), (11, 0)]
    boundaries = _squares(tmp_path, cross + pair, ["101"] * 5 + ["102"] * 2)
    settings = tmp_path / "s.toml"
    settings.write_text("[rules]\nmin_size = 2\nmax_size = 4\n", encoding="utf-8")
    result = run("plan", boundaries, "--settings", settings, "--out", tmp_path / "o", "--json")
    assert result.exit_code == 4, result.output
    plan = json.loads(result.stdout)
    assert plan["status"] == "infeasible"
    broken, fine = plan["zones"]
    assert broken["status"] == "infeasible"
    assert broken["reason"]["message"]
    assert broken["reason"]["villages"]
    assert fine["status"] == "optimal"
    assert len(plan["alliances"]) == 1
    assert len(plan["unassigned"]) == 5
    assert plan["violations"] == []
    assert (tmp_path / "o" / "plan_shapefile.zip").exists()
    assert run("verify", tmp_path / "o" / "plan.json").exit_code == 0


def test_a_village_without_neighbour_and_one_that_withholds_consent_are_left_out(
    tmp_path: Path,
) -> None:
    row = [(x, 0) for x in range(5)]
    boundaries = _squares(tmp_path, [*row, (20, 0)], ["101"] * 6)
    settings = tmp_path / "s.toml"
    settings.write_text(
        '[rules]\nmin_size = 2\nmax_size = 4\nexcluded = ["370499101204"]\n', encoding="utf-8"
    )
    result = run("plan", boundaries, "--settings", settings, "--out", tmp_path / "o", "--json")
    assert result.exit_code == 0, result.output
    plan = json.loads(result.stdout)
    reasons = {entry["village"]: entry["reason"] for entry in plan["unassigned"]}
    assert set(reasons) == {"370499101204", "370499101205"}
    assert "excluded" in reasons["370499101204"]
    assert "相邻" in reasons["370499101205"]
    settings.write_text('[rules]\nexcluded = ["1", "2"]\n', encoding="utf-8")
    unknown = run("plan", boundaries, "--settings", settings, "--out", tmp_path / "o2")
    assert unknown.exit_code == 3
    assert "代码 1" in unknown.output
    assert "代码 2" in unknown.output


def test_bad_data_lists_every_fault_and_writes_nothing(tmp_path: Path) -> None:
    ledger = pd.read_excel(SAMPLE.ledger, dtype=str)
    ledger.iloc[3, ledger.columns.get_loc("户籍人口（人）")] = "约1,200"
    ledger.iloc[7, ledger.columns.get_loc("户数（户）")] = "-5"
    ledger = ledger.drop(index=10)
    file = tmp_path / "ledger.xlsx"
    ledger.to_excel(file, index=False, sheet_name="台账")
    result = run(
        "plan", SAMPLE.boundaries, "--ledger", file, "--settings", SAMPLE.settings,
        "--out", tmp_path / "o", "--json",
    )  # fmt: skip
    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert told["status"] == "error"
    rows = {fault["where"].get("row") for fault in told["errors"]}
    assert {5, 9} <= rows
    assert len(told["errors"]) >= 3
    assert not (tmp_path / "o").exists()


def test_a_column_full_of_the_same_fault_is_told_once(tmp_path: Path) -> None:
    ledger = pd.read_excel(SAMPLE.ledger, dtype=str)
    ledger.loc[ledger.index != 3, "户数（户）"] = "若干"
    file = tmp_path / "ledger.xlsx"
    ledger.to_excel(file, index=False, sheet_name="台账")
    given = ("check", SAMPLE.boundaries, "--ledger", file, "--settings", SAMPLE.settings)
    told = run(*given)
    assert told.exit_code == 3
    assert f"有 {len(ledger) - 1} 个单元格" in told.stderr
    assert told.stderr.count("若干") <= 5
    errors = json.loads(run(*given, "--json").stdout)["errors"]
    assert len(errors) == 1


def test_the_same_fault_in_many_rows_is_told_once() -> None:
    faults = [error("intake.geometry_empty", Where(file="v.shp", row=row)) for row in range(2, 12)]
    out = io.StringIO()
    with redirect_stderr(out):
        Report("zh", False).faults("cli.faults_heading", faults)
    assert out.getvalue().count("图形是空的") == 1
    assert "同样的问题还有 9 处，在第 3-11 行" in out.getvalue()


def test_a_fault_of_the_program_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise TypeError("unforeseen")

    monkeypatch.setattr("liancun_geo.commands.checking.verify", broken)
    told = run("verify", tmp_path / "plan.json")
    assert told.exit_code == 1
    assert "程序出错（TypeError: unforeseen）" in told.stderr


def test_settings_are_judged_in_the_planners_language(tmp_path: Path) -> None:
    settings = tmp_path / "s.toml"
    settings.write_text('[rules]\nmin_size = "four"\nmax_sise = 3\n', encoding="utf-8")
    told = run("check", SAMPLE.boundaries, "--settings", settings)
    assert told.exit_code == 2
    assert "应是整数" in told.stderr
    assert "没有这个设置项" in told.stderr
    settings.write_bytes("# 设置".encode("gbk"))
    assert "另存为 UTF-8" in run("check", SAMPLE.boundaries, "--settings", settings).stderr


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
        "replan", SAMPLE.boundaries, *county, "--from", folder / "assignment.csv",
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
