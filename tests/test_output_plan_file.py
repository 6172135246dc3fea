"""The plan file: strict JSON, read back or refused, and verified against its data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scenarios import problem_of, scenario, table

from liancun_geo.errors import DataError
from liancun_geo.output import (
    Verification,
    plan_document,
    read_plan_file,
    verify_plan,
    write_plan_file,
)
from liancun_geo.output.document import checksum
from liancun_geo.problem import AllianceProblem
from liancun_geo.scenario import Scenario
from liancun_geo.settings import Settings
from liancun_geo.solve.result import Reason
from liancun_geo.villages import Correction, Source, VillageTable

Edit = Callable[[dict[str, Any]], None]


def edited(path: Path, edit: Edit, *, sign: bool = False) -> Path:
    """Change the document in the file, with a checksum that fits if ``sign``."""
    document = json.loads(path.read_text("utf-8"))
    edit(document)
    if sign:
        document["checksum"] = checksum(document)
    path.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    return path


def keys(raised: pytest.ExceptionInfo[DataError]) -> list[str]:
    return [fault.key.removeprefix("output.") for fault in raised.value.faults]


def test_document_names_everything_by_code() -> None:
    document = plan_document(scenario(), "zh")
    required = [
        "status",
        "objective",
        "bound",
        "gap",
        "alliances",
        "unassigned",
        "violations",
        "warnings",
    ]
    assert set(required) <= set(document)
    first = document["alliances"][0]
    assert {"type", "party_body", "core_enterprise", "places"} <= set(first)
    assert {name: first[name] for name in ("id", "name", "township", "lead", "members")} == {
        "id": "A001",
        "name": "㐂庄片区",
        "township": "示例镇",
        "lead": "037040610000",
        "members": ["037040610001", "037040610002"],
    }
    (left_out,) = document["unassigned"]
    assert left_out["village"] == "037040610007"
    assert left_out["rule"] == "cheaper_left_out"
    assert document["zones"][0]["name"] == "示例镇"


def test_numbers_that_json_does_not_know_are_null(tmp_path: Path) -> None:
    s = scenario([-1] * 9)
    reason = Reason("min_size", (1, 2), 3)
    zone = replace(
        s.result.zones[0], objective=np.inf, bound=np.inf, status="infeasible", reason=reason
    )
    result = replace(s.result, objective=np.inf, bound=-np.inf, status="infeasible", zones=(zone,))
    path = write_plan_file(replace(s, result=result), tmp_path / "p.json")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document = json.loads(path.read_text("utf-8"), parse_constant=refuse)
    assert document["objective"] is document["bound"] is document["gap"] is None
    assert document["zones"][0]["objective"] is None
    assert document["zones"][0]["reason"]["villages"] == ["037040610001", "037040610002"]
    assert "𠮷沟" in document["zones"][0]["reason"]["message"]
    assert read_plan_file(path).objective is None


def test_round_trip(tmp_path: Path) -> None:
    source = Source("data/villages.shp", "boundaries", "a" * 64, encoding="gbk")
    s = scenario(sources=(source,), rules={"size_cost": {4: 0.5, 5: -0.25}})
    plan = read_plan_file(write_plan_file(s, tmp_path / "p.json"))
    assert plan.settings == s.settings
    assert plan.sources == (source,)
    assert (plan.seed, plan.status, plan.objective) == (7, "optimal", s.result.objective)
    codes = s.villages.frame["code"]
    assert [(a.id, a.name, a.lead, a.members) for a in plan.alliances] == [
        (a.id, a.name, codes[a.lead], tuple(codes[list(a.members)])) for a in s.alliances
    ]
    assert dict(plan.unassigned) == {"037040610007": "cheaper_left_out"}
    assert plan.document == plan_document(s, created=None) | {
        "created": plan.created,
        "checksum": plan.document["checksum"],
    }


def test_layout_does_not_count_but_values_do(tmp_path: Path) -> None:
    path = write_plan_file(scenario(), tmp_path / "p.json")
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document, indent=8, sort_keys=True), "utf-8")
    assert read_plan_file(path).seed == 7
    edited(path, lambda d: d.update(seed=8))
    with pytest.raises(DataError) as raised:
        read_plan_file(path)
    assert keys(raised) == ["plan_file_edited"]


def swap(document: dict[str, Any]) -> None:
    document["alliances"][0]["members"].append(document["alliances"][1]["lead"])


def drop_lead(document: dict[str, Any]) -> None:
    del document["alliances"][0]["lead"]
    document["status"] = "perfect"
    document["sources"] = "none"


EDITS: list[tuple[Edit, list[str]]] = [
    (lambda d: d.update(format="other"), ["plan_file_foreign"]),
    (lambda d: d.update(format_version="1"), ["plan_file_foreign"]),
    (lambda d: d.update(format_version=99), ["plan_file_newer"]),
    (swap, ["plan_file_village_twice"]),
    (drop_lead, ["plan_file_invalid"] * 3),
    (lambda d: d["alliances"].append(d["alliances"][0]), ["plan_file_village_twice"] * 3
     + ["plan_file_alliance_twice"]),
    (lambda d: d["settings"]["rules"].update(min_sise=3, max_size=0),
     ["settings.below_least", "settings.unknown_name"]),
    (lambda d: d.update(settings=[]), ["plan_file_invalid"]),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "expected"), EDITS)
def test_what_the_program_never_writes_is_refused(
    tmp_path: Path, edit: Edit, expected: list[str]
) -> None:
    path = edited(write_plan_file(scenario(), tmp_path / "p.json"), edit, sign=True)
    with pytest.raises(DataError) as raised:
        read_plan_file(path)
    assert keys(raised) == expected
    assert str(path) in raised.value.text()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "plan_file_not_json"),
        (b"{", "plan_file_not_json"),
        (b"\xff\xfe\x00", "plan_file_not_json"),
        (b"[" * 100_000, "plan_file_not_json"),
        (b'{"format": "liancun-plan", "objective": NaN}', "plan_file_not_json"),
        (b"[]", "plan_file_foreign"),
        (b"{}", "plan_file_foreign"),
        (b"null", "plan_file_foreign"),
        (None, "plan_file_unreadable"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, content: bytes | None, expected: str) -> None:
    path = tmp_path / "p.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        read_plan_file(path)
    assert keys(raised) == [expected]


def test_cut_file_is_refused(tmp_path: Path) -> None:
    path = write_plan_file(scenario(), tmp_path / "p.json")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError) as raised:
        read_plan_file(path)
    assert keys(raised) == ["plan_file_not_json"]


def test_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    path = write_plan_file(scenario(), tmp_path / "p.json")
    text = path.read_text("utf-8")
    path.write_text(text.replace('"seed": 7', '"seed": 6,\n "seed": 7', 1), "utf-8")
    with pytest.raises(DataError) as raised:
        read_plan_file(path)
    assert keys(raised) == ["plan_file_repeated"]


# --- verifying -----------------------------------------------------------------------------------


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Data:
    """A county whose boundaries are one file of bytes, and what reads it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "villages.gpkg"
        self.file.write_bytes(b"borders")
        self.ledger = folder / "ledger.xlsx"
        self.ledger.write_bytes(b"table")
        self.villages = table()

    def sources(self, *paths: Path) -> tuple[Source, ...]:
        boundaries, ledger = paths or (self.file, self.ledger)
        return (
            Source(str(boundaries), "boundaries", digest(boundaries)),
            Source(str(ledger), "ledger", digest(ledger)),
        )

    def build(
        self,
        boundaries: Path,
        ledger: tuple[Path, ...],
        settings: Settings,
        corrections: tuple[Correction, ...] = (),
    ) -> tuple[VillageTable, AllianceProblem]:
        villages = replace(self.villages, sources=self.sources(boundaries, *ledger))
        return villages, problem_of(villages, settings)

    def scenario(self, **given: Any) -> Scenario:
        return scenario(villages=self.villages, sources=self.sources(), **given)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


@pytest.fixture
def plan_path(data: Data, tmp_path: Path) -> Path:
    return write_plan_file(data.scenario(), tmp_path / "plan.json")


def fault_keys(verification: Verification) -> list[str]:
    return [fault.key.removeprefix("output.") for fault in verification.faults]


def test_a_plan_as_written_is_verified(data: Data, plan_path: Path) -> None:
    found = verify_plan(plan_path, build=data.build)
    assert found.ok
    assert (found.faults, found.violations) == ((), ())
    assert found.objective == pytest.approx(data.scenario().result.objective)


def test_sources_are_found_beside_a_plan_that_moved(
    data: Data, plan_path: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in (data.file, data.ledger, plan_path):
        path.rename(moved / path.name)
    assert verify_plan(moved / plan_path.name, build=data.build).ok


def test_sources_may_be_given(data: Data, plan_path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gpkg"
    data.file.rename(other)
    missing = verify_plan(plan_path, build=data.build)
    assert fault_keys(missing) == ["verify_source_missing"]
    assert not missing.ok
    assert verify_plan(plan_path, build=data.build, boundaries=other).ok
    assert verify_plan(plan_path, build=data.build, boundaries=other, ledger=data.ledger).ok


def test_every_changed_source_is_told(data: Data, plan_path: Path) -> None:
    data.file.write_bytes(b"other borders")
    data.ledger.write_bytes(b"other table")
    assert fault_keys(verify_plan(plan_path, build=data.build)) == ["verify_source_changed"] * 2


def test_faults_of_the_data_are_returned(data: Data, plan_path: Path) -> None:
    def build(*_: Any) -> Any:
        raise DataError(verify_plan(plan_path, build=data.build, boundaries="nowhere").faults)

    assert fault_keys(verify_plan(plan_path, build=build)) == ["verify_source_missing"]


def test_unreadable_plan_is_not_ok(data: Data, tmp_path: Path) -> None:
    found = verify_plan(tmp_path / "none.json", build=data.build)
    assert found.plan is None
    assert not found.ok


def move_far(document: dict[str, Any]) -> None:
    """Give the far corner village to the first alliance, which it does not touch."""
    second = document["alliances"][1]["members"]
    document["alliances"][0]["members"].append(second.pop())


def forget_village(document: dict[str, Any]) -> None:
    document["alliances"][1]["members"].pop()


def strange_village(document: dict[str, Any]) -> None:
    document["unassigned"] = []
    document["alliances"][0]["members"].append("999999999999")


def shrink(document: dict[str, Any]) -> None:
    document["settings"]["rules"].update(max_size=4)


VERIFIED: list[tuple[Edit, set[str], set[str]]] = [
    (move_far, {"verify_objective_differs"}, {"connected"}),
    (forget_village, {"verify_village_absent", "verify_objective_differs"}, set()),
    (strange_village, {"verify_unknown_village", "verify_village_absent"}, set()),
    (lambda d: d.update(objective=1.0, bound=1.0), {"verify_objective_differs"}, set()),
    (lambda d: d.update(bound=99.0), {"verify_bound_above", "verify_gap_differs"}, set()),
    (lambda d: d.update(bound=1.0), {"verify_gap_differs"}, set()),
    (lambda d: d.update(status="feasible", gap=0.5), {"verify_gap_differs"}, set()),
    (lambda d: d.update(objective=None), {"verify_objective_absent"}, set()),
    (shrink, {"verify_objective_infinite"}, {"size"}),
    (lambda d: d.update(sources=d["sources"][1:]), {"verify_no_boundaries"}, set()),
]


@pytest.mark.parametrize(("edit", "faults", "rules"), VERIFIED)
@pytest.mark.parametrize("sign", [False, True])
def test_every_untrue_claim_is_found(
    data: Data, plan_path: Path, edit: Edit, faults: set[str], rules: set[str], sign: bool
) -> None:
    found = verify_plan(edited(plan_path, edit, sign=sign), build=data.build)
    assert set(fault_keys(found)) == faults | (set() if sign else {"plan_file_edited"})
    assert {violation.rule for violation in found.violations} == rules
    assert not found.ok
    assert all(fault.text(language) for fault in found.faults for language in ("zh", "en"))


def test_zone_without_plan_is_no_violation(data: Data, tmp_path: Path) -> None:
    s = data.scenario(lead_of=[-1] * 9)
    zone = replace(s.result.zones[0], status="unknown", objective=np.inf, bound=0.0)
    result = replace(s.result, status="unknown", objective=np.inf, bound=0.0, zones=(zone,))
    path = write_plan_file(replace(s, result=result), tmp_path / "plan.json")

    def full(*given: Any) -> tuple[VillageTable, AllianceProblem]:
        villages, problem = data.build(*given)
        free = AllianceProblem.from_arrays(
            problem.zones[0].pair_cost, problem.edges, 2, 6, zones=[problem.zones[0].label] * 9
        )
        return villages, free

    assert verify_plan(path, build=full).ok
    assert verify_plan(path, build=data.build).ok


def test_barriers_are_handed_on_where_they_are(data: Data, tmp_path: Path) -> None:
    river = tmp_path / "rivers.shp"
    river.write_bytes(b"river")
    sources = (*data.sources(), Source("gone/rivers.shp", "barriers", digest(river)))
    s = scenario(villages=data.villages, sources=sources)
    seen: list[tuple[str, ...]] = []

    def build(boundaries: Path, ledger: tuple[Path, ...], settings: Settings, *_: Any) -> Any:
        seen.append(settings.contiguity.barriers)
        villages, problem = data.build(boundaries, ledger, settings)
        return replace(villages, sources=sources), problem

    assert verify_plan(write_plan_file(s, tmp_path / "plan.json"), build=build).ok
    assert seen == [(str(river),)]
