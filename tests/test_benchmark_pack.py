"""The benchmark pack: files of the format, plans of the stored cost, a scorer not fooled."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import contest, contest_run, cp_sat, make_instances
from benchmarks.contest_tables import COLUMNS, NAMES, tables
from liancun_geo import check, plan_cost, solve
from liancun_geo.errors import DataError
from liancun_geo.research.baselines.pieces import pieces
from liancun_geo.research.pack import InstanceFile, PackInstance, read_instance, score

FILES = sorted(make_instances.FOLDER.glob("*.json.gz"))
SMALL = "locked-50-1"


@pytest.fixture(scope="module")
def small() -> PackInstance:
    return read_instance(make_instances.FOLDER / f"{SMALL}.json.gz")


def plan_of(instance: PackInstance) -> np.ndarray:
    assert instance.file.best is not None
    return np.array(instance.file.best.lead_of)


def test_the_pack_is_whole_and_small():
    assert [path.name for path in FILES] == sorted(f"{n}.json.gz" for n in make_instances.names())
    assert sum(path.stat().st_size for path in make_instances.FOLDER.iterdir()) < 5_000_000


def test_the_schema_beside_the_instances_is_that_of_the_loader(tmp_path):
    make_instances.write_schema(tmp_path)
    stored = (make_instances.FOLDER / "schema.json").read_text(encoding="utf-8")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == stored


def test_a_stranger_can_validate_by_the_schema():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    schema = json.loads((make_instances.FOLDER / "schema.json").read_text(encoding="utf-8"))
    judge = jsonschema.validators.validator_for(schema)(schema)
    judge.check_schema(schema)
    raw = json.loads(gzip.decompress((make_instances.FOLDER / f"{SMALL}.json.gz").read_bytes()))
    assert judge.is_valid(raw)
    assert not judge.is_valid({**raw, "zone": "all"})
    assert not judge.is_valid({**raw, "price": 1})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_the_stored_plan_keeps_every_rule_at_the_stored_cost(path):
    instance = read_instance(path)
    best = instance.file.best
    assert instance.file.name == path.name.removesuffix(".json.gz")
    told = score(instance, best.lead_of)
    assert told.feasible
    assert (told.cost, told.gap) == (best.cost, 0.0)
    assert best.bound <= best.cost
    assert (best.status == "optimal") == (best.bound == best.cost)


def test_the_same_numbers_come_out_again(small, tmp_path):
    file = make_instances.make("partial-50-1")
    stored = json.loads(
        gzip.decompress((make_instances.FOLDER / "partial-50-1.json.gz").read_bytes())
    )
    again = InstanceFile.model_validate(file).model_dump(mode="json")
    assert {**again, "best": None} == {**stored, "best": None}
    path = make_instances.write(stored, tmp_path)
    assert path.read_bytes() == (make_instances.FOLDER / "partial-50-1.json.gz").read_bytes()
    assert read_instance(path).file.model_dump(mode="json") == stored


def test_the_engine_reaches_the_best_known(small):
    result = solve(small.problem)
    assert result.status == "optimal"
    assert score(small, result.lead_of).gap == 0.0


def test_the_documented_cost_is_the_cost(small):
    # What docs/benchmark_pack.md tells people without Python to add up.
    file, lead_of = small.file, plan_of(small).tolist()
    pairs = file.pair_cost
    cost = dict(zip(zip(pairs.lead, pairs.member, strict=True), pairs.cost, strict=True))
    total = 0
    for village, lead in enumerate(lead_of):
        if lead < 0:
            total += file.unassigned_cost[village] or 0
        elif lead == village:
            total += file.lead_cost[village] or 0
        else:
            total += cost[lead, village]
    assert total == file.best.cost


def test_labels_with_leads_score_as_leads_do(small):
    lead_of = plan_of(small)
    leads = sorted(set(lead_of[lead_of >= 0].tolist()))
    labels = np.array([leads.index(lead) if lead >= 0 else -1 for lead in lead_of])
    assert score(small, labels, leads) == score(small, lead_of)
    assert score(small, labels, dict(enumerate(leads))) == score(small, lead_of)


def test_wrong_plans_are_scored_as_broken(small):
    lead_of = plan_of(small)
    frozen = small.file.rules.frozen[0]
    freed = lead_of.copy()
    freed[frozen] = -1
    assert {v.rule for v in score(small, freed).violations} >= {"frozen"}
    party = read_instance(make_instances.FOLDER / "party-50-1.json.gz")
    first = party.problem.zone_of == 0
    told = score(party, np.where(first, np.flatnonzero(first)[0], -1))
    assert {v.rule for v in told.violations} >= {"size", "unassigned"}
    assert np.isnan(told.gap)
    # An alliance whose lead is somebody else's, or nobody.
    labels = np.unique(lead_of, return_inverse=True)[1].reshape(-1)
    leads = {label: int(lead) for label, lead in enumerate(np.unique(lead_of))}
    for wrong in (
        {**leads, 0: leads[1]},
        {**leads, 0: 10**6},
        {k: v for k, v in leads.items() if k},
    ):
        told = score(small, labels, wrong)
        assert not told.feasible
        assert told.cost == np.inf
        assert "lead_of" in {v.rule for v in told.violations}
    with pytest.raises(ValueError, match="whole numbers"):
        score(small, lead_of[:-1])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": [0, 1]}, "zone"),
        ({"format": "liancun-instance/9"}, "format"),
        ({"min_size": 9}, "min_size"),
        ({"edges": {"a": [0], "b": [999]}}, "edges"),
        ({"lead_cost": ["x"]}, "lead_cost"),
        ({"rules": {"weak": [50]}}, "rules.weak"),
    ],
)
def test_a_file_that_is_not_of_the_format_is_told(small, tmp_path, change, field):
    raw = {**small.file.model_dump(mode="json"), **change}
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(DataError) as told:
        read_instance(path)
    assert field in str(told.value)
    assert "odd.json" in str(told.value)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08nothing", b"[1, 2", b"\xff\xfe"])
@pytest.mark.parametrize("name", ["odd.json", "odd.json.gz"])
def test_a_broken_file_is_told(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=name):
        read_instance(path)
    with pytest.raises(DataError, match="absent"):
        read_instance(tmp_path / "absent.json")


def test_the_contest_judges_by_the_checker_alone(small):
    lead_of = plan_of(small).tolist()
    broken = [lead_of[0]] * small.problem.n
    answers = [
        {"choice": "one", "drawn": broken, "seconds": 0.1},
        {"choice": "two", "drawn": broken, "repaired": lead_of, "seconds": 0.2},
    ]
    told = {"answers": answers, "version": "1", "trouble": ""}
    row = contest.judged(small, "spopt_ward", told)
    assert (row["choice"], row["repaired"], row["violations"]) == ("two", True, 0)
    assert row["cost"] == small.file.best.cost
    assert row["violations_as_drawn"] > 0
    none = contest.judged(small, "spopt_ward", {**told, "answers": []})
    assert none["cost"] == ""
    assert none["trouble"] == "no answer in time"


def test_every_method_has_a_name():
    assert set(contest_run.METHODS) == set(NAMES)


def test_a_method_runs_in_a_process_and_its_row_is_kept(small, tmp_path):
    paths = contest.chosen(["party-50-1"])
    instance = read_instance(paths[0])
    (told,) = contest.run("strongest_neighbour", paths, 20.0, sys.executable)
    assert told[0] == "party-50-1"
    row = contest.judged(instance, "strongest_neighbour", told[1])
    plan = np.array(told[1]["answers"][0]["repaired"])
    assert row["violations"] == len(check(instance.problem, plan))
    assert row["cost"] == plan_cost(instance.problem, plan)
    file = tmp_path / "results.csv"
    contest.write_csv(file, [{**row, "method": "mine"}])
    contest.write_csv(file, contest.merged(file, [row]))
    kept = contest.merged(file, [])
    assert [one["method"] for one in kept] == ["mine", "strongest_neighbour"]
    assert list(kept[0]) == list(COLUMNS)


def test_what_cannot_start_is_told(monkeypatch):
    monkeypatch.setattr(contest, "RUNNER", "no_such_module")
    paths = contest.chosen(["party-50-1"])
    ((name, told),) = contest.run("louvain", paths, 5.0, sys.executable)
    assert name == "party-50-1"
    assert "no_such_module" in told["trouble"]
    with pytest.raises(SystemExit, match="party-50-1"):
        contest.chosen(["party-51-1"])


def row_of(**given: Any) -> dict[str, Any]:
    plain = {"instance": "a", "violations": 0, "violations_as_drawn": 0, "seconds": "1.0"}
    stamp = {"version": "1", "trouble": "", "bound": "", "choices": 1, "date": "x", "commit": "y"}
    return {**dict.fromkeys(COLUMNS, ""), **plain, **stamp, "cores": 2, "limit_s": 5.0, **given}


def test_the_table_says_where_a_peer_is_cheaper_or_faster():
    engine = row_of(method="engine", cost=100, bound=90)
    text = tables([engine, row_of(method="cp_sat", cost=95, seconds="0.5")])
    assert "**Cheaper than the engine**: OR-tools CP-SAT on `a`, by 5.00%." in text
    assert "proven best on 0 of 1" in text
    assert "In 1 of these 1 runs the other method was faster" in text
    text = tables([{**engine, "bound": 100}, row_of(method="cp_sat", cost=90, violations=2)])
    assert "Cheaper" not in text
    assert "In 0 of 1 runs another method has a plan" in text


def test_bounds_stand_beside_the_proof_of_the_engine():
    engine = row_of(method="engine", cost=100, bound=100)
    rival = row_of(method="cp_sat", cost=104, bound=80, seconds="60.0")
    text = tables([engine, rival])
    assert "| a | 100 | 100 | 0 | 1 s | 104 | 80 | 23.08% | 60 s | 80.00% |" in text
    none = row_of(method="spopt_azp", trouble="no answer in time", choices=0, seconds="")
    text = tables([engine, none])
    assert "- spopt AZP: no answer in time: `a`." in text
    assert "| a | 100 | 100 | 0 | 1 s |  |" in text


def test_a_bound_above_a_known_plan_is_no_bound(small):
    known = small.file.best.cost
    answer = {"choice": "c", "drawn": plan_of(small).tolist(), "seconds": 1.0, "bound": known}
    told = {"answers": [answer], "version": "1", "trouble": ""}
    row = contest.judged(small, "cp_sat", told)
    assert (row["bound"], row["status"], row["trouble"]) == (known, "optimal", "")
    answer["bound"] = known + 1
    assert str(known) in contest.judged(small, "cp_sat", told)["trouble"]
    answer["bound"] = known - 0.5
    assert contest.judged(small, "cp_sat", told)["bound"] == known


def test_every_rule_set_is_solved_once_before_the_first_that_counts():
    paths = contest.chosen(["party-3000-1"])
    names = [path.name.split("-")[:2] for path in contest_run.warming(paths)]
    assert names == [[rules, "50"] for rules in ("locked", "partial", "party", "zone")]


def test_the_mixed_group_has_every_rule_set_and_the_largest():
    names = [path.name for path in contest.chosen(["mixed"])]
    assert {name.split("-")[0] for name in names} == {"locked", "partial", "party", "zone"}
    assert {1000, 3000} <= {int(name.split("-")[1]) for name in names}


def test_whole_costs_stay_whole_for_cp_sat(small):
    asked = cp_sat.question(next(iter(pieces(small.problem))))
    assert cp_sat.unit_of(asked) == 1.0
    asked.pair_cost = asked.pair_cost / 3.0
    assert cp_sat.unit_of(asked) > 1.0


def test_the_bound_of_cp_sat_holds(small):
    pytest.importorskip("ortools", reason="OR-tools is not installed")
    (told,) = contest.run("cp_sat", contest.chosen([SMALL]), 5.0, sys.executable)
    row = contest.judged(small, "cp_sat", told[1])
    assert row["trouble"] == ""
    assert 0 < row["bound"] <= small.file.best.cost
