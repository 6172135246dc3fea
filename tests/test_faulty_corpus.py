"""Every faulty input: found exactly, settled by its proposal, never changed, never a crash.

The inputs are built by ``faulty/cases``; ``faulty/catalogue.toml`` says what must be found.
"""

from __future__ import annotations

import hashlib
import stat
from collections import Counter
from functools import cache
from itertools import zip_longest
from pathlib import Path

import faulty.cases
import pytest
from faulty.build import CASES, build
from faulty.catalogue import (
    Examined,
    chosen,
    confirmed,
    differences,
    examined,
    expectations,
    listed,
    once_settled,
)
from faulty.county import Inputs

from liancun_geo.decisions import Decision
from liancun_geo.doctor import Finding

EXPECTED = expectations()
WITH_PROPOSALS = sorted(
    name
    for name, expected in EXPECTED.items()
    if any(line.startswith(("error? ", "question ")) for line in expected.findings)
)
MOST_TRIED = 3
SETTLED = sorted(name for name, expected in EXPECTED.items() if expected.settle)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Return a function that builds a case and examines it, once for all tests."""

    @cache
    def looked_at(name: str) -> tuple[Inputs, Examined]:
        folder = tmp_path_factory.mktemp(name[:30])
        inputs = build(name, folder)
        before = bytes_of(folder)
        found = examined(inputs)
        assert bytes_of(folder) == before, "examining changed the files"
        return inputs, found

    return looked_at


def bytes_of(folder: Path) -> dict[str, str]:
    """Return every file below a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if stat.S_ISREG(path.stat().st_mode)
        else "no file"
        for path in sorted(folder.rglob("*"))
    }


def usual(first) -> Counter[str]:
    return Counter(listed(first("clean")[1].findings))


def test_every_case_is_in_the_catalogue_and_there_are_many():
    assert faulty.cases.__all__
    assert sorted(CASES) == sorted(EXPECTED)
    assert len(CASES) >= 80
    every = Counter(expected.problem for expected in EXPECTED.values())
    assert all(every[problem] >= 3 for problem in range(1, 11)), every


def test_the_clean_county_is_read_without_a_question(first):
    inputs, found = first("clean")
    assert found.findings.questions == found.findings.errors == ()
    assert differences(found.villages, inputs, EXPECTED["clean"]) == []


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_found(name, first):
    inputs, (findings, villages) = first(name)
    expected = EXPECTED[name]
    base = Counter() if name == "clean" else usual(first)
    assert listed(findings, usual=base) == sorted(expected.findings)
    assert findings.ok == expected.plan
    for finding in findings.findings:
        for language in ("zh", "en"):
            said = (finding.what(language), finding.why(language), finding.remedy(language))
            assert all(said)
            assert not any("{" in text or "None" in text for text in said), said
        assert not any(fix.confirmed for fix in finding.fault.fixes)
    if expected.plan:
        # Whatever is read without a question is the truth, or a finding says what it is.
        assert villages is not None
        assert differences(villages, inputs, expected) == []


@pytest.mark.parametrize("name", SETTLED)
def test_confirming_the_right_proposal_settles_it(name, first):
    inputs, (findings, _) = first(name)
    folder = inputs.boundaries.parent
    before = bytes_of(folder)
    decisions: list[Decision] = []
    for step in EXPECTED[name].settle:
        decisions += chosen(findings, step)
        findings, villages = examined(inputs, tuple(decisions))
    assert listed(findings, usual=usual(first)) == sorted(EXPECTED[name].after)
    assert findings.ok
    assert findings.questions == ()
    applied = [f for f in findings.findings if f.fault.key == "decisions.applied"]
    assert len(applied) == len(set(decisions))
    assert villages is not None
    assert differences(villages, inputs, once_settled(EXPECTED[name])) == []
    assert bytes_of(folder) == before, "deciding changed the files"


@pytest.mark.parametrize("name", WITH_PROPOSALS)
def test_every_proposal_settles_its_question(name, first):
    inputs, (findings, _) = first(name)
    asked = findings.questions
    unconfirmed = tuple(fix for finding in asked for fix in finding.fault.fixes)
    assert listed(examined(inputs, unconfirmed).findings) == listed(findings)
    for fixes in zip_longest(*(finding.fault.fixes[:MOST_TRIED] for finding in asked)):
        given = [(f, fix) for f, fix in zip(asked, fixes, strict=True) if fix is not None]
        together = still_asked([f for f, _ in given], inputs, [fix for _, fix in given])
        # Proposals for several questions may contradict each other: then each is tried alone.
        for finding, fix in given if together else ():
            assert still_asked([finding], inputs, [fix]) == [], fix


def still_asked(asked: list[Finding], inputs: Inputs, fixes: list[Decision]) -> list[str]:
    found, _ = examined(inputs, tuple(map(confirmed, fixes)))
    places = {(finding.fault.key, finding.fault.where) for finding in found.questions}
    return [f.fault.text("en") for f in asked if (f.fault.key, f.fault.where) in places]
