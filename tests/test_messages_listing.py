"""Lists in sentences: commas of the language that is read."""

from __future__ import annotations

import contextvars
import copy
import json
import pickle
import re
import string

import pytest

from liancun_geo.decisions import AcceptDecision, CellsDecision, LinkDecision, parse_decisions
from liancun_geo.errors import SettingsError, warning
from liancun_geo.messages import Listing, Wording, catalogue, message, speak_in_app
from liancun_geo.settings import parse_settings


def test_a_list_is_a_chinese_text_and_reads_with_the_commas_of_its_language() -> None:
    names = Listing(["王村", "李庄"], " …")
    assert names == "王村、李庄 …"
    assert json.dumps(names, ensure_ascii=False) == '"王村、李庄 …"'
    assert isinstance(names, Wording)
    assert names.text("en") == "王村, 李庄 …"
    assert names.text("zh") == str(names)
    assert Listing(()).text("en") == ""


@pytest.mark.parametrize(
    ("count", "told"), [(1, "1 similar plan"), ("1", "1 similar plan"), (0, "0 similar plans")]
)
def test_english_tells_one_from_several(count: object, told: str) -> None:
    assert message("plans_step.near", "en", count=count) == told
    assert message("plans_step.near", "zh", count=count) == f"相近方案 {count} 个"


def places(key: str) -> set[str | None]:
    texts = catalogue()[key].values()
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text)}


def test_the_app_names_no_setting_and_no_command() -> None:
    own = [key for key in catalogue() if key.startswith("in_app.")]
    assert len(own) > 40
    for key in own:
        other = key.removeprefix("in_app.").replace("__", ".", 1)
        assert places(key) - {None} <= places(other), key
        for text in catalogue()[key].values():
            assert not re.search(r"\[(data|rules|fields|contiguity|criteria|travel)|--|_m\b", text)


def test_no_reason_given_in_the_app_names_a_setting_or_a_cost() -> None:
    for key in catalogue():
        own = f"in_app.{key.replace('.', '__', 1)}"
        if not key.startswith("reason."):
            continue
        for text in catalogue().get(own, catalogue()[key]).values():
            assert "{cost}" not in text, key
            said = re.sub(r"\{[^}]*\}", "", text)
            assert not re.search(r"[a-z]_[a-z]|（coverage）|\(coverage\)|liancun ", said), key


@pytest.mark.parametrize("topic", ["plan", "readings"])
def test_what_rules_and_readings_say_in_the_app_names_no_key(topic: str) -> None:
    key = re.compile(r"(?<!\{)\b[a-z]+(_[a-z]+)+\b|\[[a-z.]+\]|--[a-z]")
    for name, sentences in catalogue().items():
        own = catalogue().get(f"in_app.{name.replace('.', '__', 1)}", sentences)
        if name.startswith(f"{topic}."):
            plain = (re.sub(r"\{[^{}]*\}", "", text) for text in own.values())
            assert [text for text in plain if key.search(text)] == [], name


def test_only_who_speaks_in_the_app_says_so() -> None:
    key, given = "reason.conflict_min_size", {"value": 4}
    assert "min_size" in message(key, "zh", **given)

    def in_the_app() -> str:
        speak_in_app()
        return message(key, "zh", **given)

    assert contextvars.Context().run(in_the_app) == "每片至少 4 村。"
    assert "min_size" in message(key, "zh", **given)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_list_survives_copies(again) -> None:
    assert again(Listing("ab", "!")).text("en") == "a, b!"


def test_sentences_use_it() -> None:
    fault = warning("roads.bridged", count=2, pairs=Listing(["甲–乙", "丙–丁"]))
    assert "甲–乙、丙–丁" in fault.text("zh")
    assert "甲–乙, 丙–丁" in fault.text("en")


@pytest.mark.parametrize(
    "decision",
    [
        LinkDecision(villages=("1", "2")),
        CellsDecision(file="t.csv", header="x", accept=("approximate", "range")),
        AcceptDecision(finding="readings.islands", code="1、2、3"),
    ],
)
def test_decisions_use_it(decision) -> None:
    assert "、" in decision.text("zh")
    # "35余人" and the like are quoted from a file.
    assert "、" not in decision.text("en")
    assert ", " in decision.text("en")


def test_what_settings_and_decisions_allow_is_listed_in_the_language() -> None:
    header = {"kind": "header", "file": "t.csv", "header": "x", "field": "nothing"}
    needs = {"criteria": {"proximity": "travel_time"}, "rules": {"max_travel_min": 30}}
    for read, tables in (
        (parse_decisions, {"decision": [header]}),
        (parse_settings, needs),
        (parse_settings, {"criteria": {"proximity": "as_the_crow_flies"}}),
    ):
        with pytest.raises(SettingsError) as caught:
            read(tables)
        (fault,) = caught.value.faults
        assert "、" in fault.text("zh")
        assert "、" not in fault.text("en")
        assert " or " not in fault.text("zh")
        assert ", " in fault.text("en")
