"""The catalogue keeps to the fixed terms: one word for one thing, in both languages."""

from __future__ import annotations

import re

import pytest

from liancun_geo.messages import catalogue
from liancun_geo.output.field_names import _NAMES

TERMS = {
    "领建村": "牵头村|带头村|主村|中心村|核心村|龙头村|领头村",
    "联建村": "成员村|成员",
    "片区": "联合体|联建片|片组|组团|群组|小组",
    "方案": "规划方案|预案|情景",
    "弱村": "薄弱村",
    "暂不入片": "未入片|未编入|未排入|没入片",
}
"""Fixed term -> other words for the same thing."""

ENGLISH = r"\b(clusters?|groups?|regions?|teams?)\b"
"""What an alliance is never called; a column may hold regions of its own."""

OTHER_SENSE = {
    # Villages of the official list, written as the ledger writes it.
    *("集体经济薄弱村",),
    # Villages that hang together on the map; groups of columns in a ledger.
    *("连片组合", "分组"),
}


def told(sentence: str) -> str:
    for one in OTHER_SENSE:
        sentence = sentence.replace(one, "")
    return sentence


@pytest.mark.parametrize("term", TERMS)
def test_chinese_sentences_keep_the_fixed_terms(term: str) -> None:
    other = re.compile(TERMS[term])
    strays = {k: s["zh"] for k, s in catalogue().items() if other.search(told(s["zh"]))}
    assert strays == {}, f"say {term}"


def test_english_sentences_keep_the_fixed_terms() -> None:
    strays = {k: s["en"] for k, s in catalogue().items() if re.search(ENGLISH, s["en"], re.I)}
    assert strays == {}


def test_names_of_fields_keep_them_too() -> None:
    other = re.compile("|".join(TERMS.values()))
    assert not [names for names in _NAMES.values() if other.search("".join(names))]
