"""The words of the page, in the language its reader chose."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences of the catalogue in one language; called with a key of the topic ``studio``."""

    language: Language = DEFAULT_LANGUAGE

    def __call__(self, key: str, **params: Any) -> str:
        """Return one sentence with its places filled."""
        return message(f"studio.{key}", self.language, **params)

    def said(self, key: str, **params: Any) -> str:
        """Return one sentence of the topic ``findings``, as its workbook and map say it."""
        return message(f"findings.{key}", self.language, **params)

    def listed(self, items: Iterable[object]) -> str:
        """Return names one after the other."""
        return self("list_separator").join(str(one) for one in items)

    @property
    def other(self) -> Language:
        """The language to switch to."""
        return "en" if self.language == "zh" else "zh"


def words_of(query: Mapping[str, str]) -> Words:
    """Return the words in the language that the page's address asks for (``?lang=en``)."""
    return Words("en" if query.get("lang") == "en" else "zh")


def at_most_percent(share: float) -> str:
    """Return a share in per cent rounded up to two decimals: a bound must not look better."""
    return f"{math.ceil(round(share * 1e4, 6)) / 100:.2f}%"
