"""Proposals of the doctor are confirmed, written and replayed."""

from __future__ import annotations

import json
import re

import pytest
from doctor_cases import _income_ledger, _run, _squares

from liancun_geo.decisions import ValueDecision, read_decisions


@pytest.fixture
def odd(tmp_path):
    return tmp_path, [_squares(tmp_path), "--ledger", _income_ledger(tmp_path)]


def test_doctor_asks_confirms_and_replays(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    code, told = _run("doctor", *files)
    assert code == 0
    (name,) = set(re.findall(r"O-[0-9a-f]{6}(?=  )", told))
    assert f"{name}.1" in told
    assert f"--confirm {name} --by NAME" in told
    code, told = _run("doctor", *files, "--decisions", decisions, "--confirm", name, "--by", "Wang")
    assert code == 0, told
    (decision,) = read_decisions(decisions)
    assert isinstance(decision, ValueDecision)
    assert (decision.value, decision.by, decision.confirmed) == ("25", "Wang", True)
    assert decision.on is not None
    assert name not in told.replace(f"--confirm {name}", "")
    code, told = _run("doctor", *files, "--decisions", decisions, "--json")
    document = json.loads(told)
    assert document["counts"]["questions"] == 0
    assert "decisions.applied" in [finding["key"] for finding in document["findings"]]


def test_proposals_are_written_once_and_comments_kept(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    mine = '# ours\r\n[[decision]]  # Wang said so\r\nkind = "exclude"\r\n'
    mine += 'file = "other.shp"\r\nvillage = "1"\r\nconfirmed = true # sure\r\n'
    decisions.write_bytes(mine.encode())
    assert _run("doctor", *files, "--decisions", decisions, "--propose")[0] == 0
    text = decisions.read_bytes().decode()
    assert text.startswith(mine)
    assert text.count("\r\n") == text.count("\n")
    kept, *proposed = read_decisions(decisions)
    assert kept.confirmed
    assert len(proposed) >= 2
    assert not any(decision.confirmed for decision in proposed)
    assert re.search(r"# O-[0-9a-f]{6}  .*250000", text)
    assert _run("doctor", *files, "--decisions", decisions, "--propose")[0] == 0
    assert decisions.read_bytes().decode() == text


def test_a_proposal_in_the_file_is_confirmed_in_its_place(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    _run("doctor", *files, "--decisions", decisions, "--propose")
    before = read_decisions(decisions)
    name = re.findall(r"O-[0-9a-f]{6}", decisions.read_text(encoding="utf-8"))[0]
    number = len(before)  # the last one: accept
    wanted = f"{name}.{number}"
    assert _run("doctor", *files, "--decisions", decisions, "--confirm", wanted)[0] == 0
    after = read_decisions(decisions)
    assert [decision.confirmed for decision in after] == [False] * (number - 1) + [True]
    assert after[-1].kind == "accept"


def test_what_was_settled_is_said_to_be_and_by_what(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    name = re.findall(r"O-[0-9a-f]{6}", _run("doctor", *files)[1])[0]
    call = ["doctor", *files, "--decisions", decisions, "--confirm"]
    assert _run(*call, name)[0] == 0
    before = decisions.read_bytes()
    code, told = _run(*call, f"{name}.2")
    assert code == 3
    assert f"{name} was decided in this file already" in told
    assert '"25"' in told
    assert decisions.read_bytes() == before


def test_two_proposals_of_one_finding_are_not_confirmed_together(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    name = re.findall(r"O-[0-9a-f]{6}", _run("doctor", *files)[1])[0]
    asked = ["--confirm", name, "--confirm", f"{name}.2"]
    code, told = _run("doctor", *files, "--decisions", decisions, *asked)
    assert code == 3
    assert "cannot both be confirmed" in told
    assert not decisions.exists()


def test_a_confirmed_proposal_replaces_the_decision_it_contradicts(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    call = ["doctor", *files, "--decisions", decisions]
    name = re.findall(r"O-[0-9a-f]{6}", _run("doctor", *files)[1])[0]
    assert _run(*call, "--confirm", name)[0] == 0
    (first,) = read_decisions(decisions)
    # What it is read as now is as odd as before.
    text = decisions.read_text(encoding="utf-8").replace('value = "25"', 'value = "250000"')
    decisions.write_text(text, encoding="utf-8")
    name = re.findall(r"O-[0-9a-f]{6}(?=\.1)", _run(*call)[1])[0]
    code, told = _run(*call, "--confirm", name)
    assert code == 0, told
    assert "was set to confirmed = false" in told
    before, after = read_decisions(decisions)
    assert (before.confirmed, after.confirmed) == (False, True)
    assert (before.value, after.value) == ("250000", first.value)


def test_next_steps_name_only_files_that_are_there_and_keep_the_options(odd):
    folder, files = odd
    call = ["doctor", *files, "--out", folder / "out"]
    told = _run(*call)[1]
    (plan,) = [line for line in told.splitlines() if "liancun plan" in line]
    assert "--decisions" not in plan
    assert "--language en" in plan
    assert f"--language en --out {folder / 'out'} --confirm" in told
    decisions = folder / "decisions.toml"
    told = _run(*call, "--decisions", decisions, "--propose")[1]
    assert "set confirmed = true where you agree, save it" in told
    assert "--propose" not in told
    assert f"--decisions {decisions}" in told


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("X-000000", "no finding"), (".9", "no number 9"), (".0", "no number 0"), (".x", "no number")],
)
def test_what_cannot_be_confirmed_is_said_and_nothing_written(odd, wanted, words):
    folder, files = odd
    decisions = folder / "decisions.toml"
    name = re.findall(r"O-[0-9a-f]{6}", _run("doctor", *files)[1])[0]
    asked = wanted if wanted.startswith("X") else name + wanted
    code, told = _run("doctor", *files, "--decisions", decisions, "--confirm", asked)
    assert code == 3
    assert words in told
    assert not decisions.exists()


def test_a_damaged_file_of_decisions_is_left_alone(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    decisions.write_text('[[decision]]\nkind = "guess"\n', encoding="utf-8")
    assert _run("doctor", *files, "--decisions", decisions, "--propose")[0] == 2
    assert decisions.read_text(encoding="utf-8") == '[[decision]]\nkind = "guess"\n'


def test_decisions_in_one_list_are_not_lost(odd):
    folder, files = odd
    decisions = folder / "decisions.toml"
    listed = 'decision = [{kind = "exclude", file = "o.shp", village = "1"}]\n'
    decisions.write_text(listed, encoding="utf-8")
    code, told = _run("doctor", *files, "--decisions", decisions, "--propose")
    assert code == 2
    assert "[[decision]]" in told
    assert decisions.read_text(encoding="utf-8") == listed


def test_open_questions_are_told_when_planning(odd):
    _, files = odd
    code, told = _run("check", *files)
    assert code == 0
    assert told.startswith("To be confirmed: 1 on the data.")


def test_confirmations_go_to_the_file_that_the_settings_name(odd):
    folder, files = odd
    settings = folder / "settings.toml"
    settings.write_text('[data]\ndecisions = "ours.toml"\n', encoding="utf-8")
    (folder / "ours.toml").write_text("# ours\n", encoding="utf-8")
    told = _run("doctor", *files, "--settings", settings)[1]
    name = re.findall(r"O-[0-9a-f]{6}", told)[0]
    assert "--decisions" not in told
    assert _run("doctor", *files, "--settings", settings, "--confirm", name)[0] == 0
    assert len(read_decisions(folder / "ours.toml")) == 1
    told = _run("check", *files, "--settings", settings)[1]
    assert "decided and done" in told
