"""What villages said of a plan when they were consulted, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message

AnswerKind = Literal["agree", "disagree", "abstain"]
Outcome = Literal["kept", "changed", "granted", "moved", "left_out", "conflict", "noted"]

_Code = Annotated[str, Field(min_length=1, max_length=64)]
_Strict = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_Strict)
class Answer:
    """What one village said.

    Attributes
    ----------
    village
        Code.
    answer
        ``"agree"``, ``"disagree"`` or ``"abstain"``.
    reason
        In its own words; may be empty.
    wish
        Code of the village it wants to be led by; empty if it named none.
    refused
        Codes of villages it does not want to share an alliance with.
    """

    village: _Code
    answer: AnswerKind
    reason: Annotated[str, Field(max_length=2_000)] = ""
    wish: Annotated[str, Field(max_length=64)] = ""
    refused: Annotated[tuple[_Code, ...], Field(max_length=100_000)] = ()

    def answer_text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the answer in words: 同意, 不同意, 弃权."""
        return message(f"consultation.answer_{self.answer}", language)


@dataclass(frozen=True, config=_Strict)
class Objection(Answer):
    """What one village said, and what came of it; also of those that agreed.

    Attributes
    ----------
    outcome
        ``"kept"``: it agreed and stays. ``"changed"``: it agreed, but its alliance has another
        lead now. ``"granted"``: the lead it wished for leads it. ``"moved"``: it is in another
        alliance. ``"left_out"``: it is in none any more. ``"conflict"``: its objection cannot
        hold together with the rules or with what others said; people have to decide.
        ``"noted"``: nothing followed from it.
    """

    outcome: Outcome = "noted"

    def outcome_text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return what came of it, in a few words."""
        return message(f"consultation.outcome_{self.outcome}", language)
