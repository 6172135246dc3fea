"""Lists in sentences: commas of the language that is read."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from liancun_geo.errors import warning
from liancun_geo.messages import Listing, Wording


def test_a_list_is_a_chinese_text_and_reads_with_the_commas_of_its_language() -> None:
    names = Listing(["王村", "李庄"], " …")
    assert names == "王村、李庄 …"
    assert json.dumps(names, ensure_ascii=False) == '"王村、李庄 …"'
    assert isinstance(names, Wording)
    assert names.text("en") == "王村, 李庄 …"
    assert names.text("zh") == str(names)
    assert Listing(()).text("en") == ""


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_list_survives_copies(again) -> None:
    assert again(Listing("ab", "!")).text("en") == "a, b!"


def test_sentences_use_it() -> None:
    fault = warning("roads.bridged", count=2, pairs=Listing(["甲–乙", "丙–丁"]))
    assert "甲–乙、丙–丁" in fault.text("zh")
    assert "甲–乙, 丙–丁" in fault.text("en")
