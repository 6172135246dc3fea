"""Faults and exceptions: what happened, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message

if TYPE_CHECKING:
    from liancun_geo.decisions import Decision


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a fault, as precisely as it is known.

    ``row`` counts from 1 as the spreadsheet shows it (for a layer: the feature, from 1).
    ``field`` is the header as it stands in the file, ``cell`` its name in the sheet (``"F12"``).
    ``point`` is longitude and latitude in degrees.
    """

    village: str | None = None
    code: str | None = None
    township: str | None = None
    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    field: str | None = None
    cell: str | None = None
    point: tuple[float, float] | None = None

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return the place as one readable line, empty if nothing is known."""
        # A cell says its row.
        row = () if self.cell is not None else ("row",)
        known = [
            message(f"where.{name}", language, value=value)
            for name in ("file", "sheet", "cell", *row, "field", "township", "village", "code")
            if (value := getattr(self, name)) is not None
        ]
        if self.point is not None:
            lon, lat = self.point
            known.append(message("where.point", language, lon=f"{lon:.6f}", lat=f"{lat:.6f}"))
        return message("where.separator", language).join(known)

    def as_dict(self) -> dict[str, str | int | tuple[float, float]]:
        """Return the known parts only."""
        return {
            name: value for name in self.__slots__ if (value := getattr(self, name)) is not None
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong or worth knowing: a key of the catalogue, its values, its place.

    The sentence under ``key`` says what happened and what to do next; ``where`` says where.
    ``fixes`` are decisions that would settle it, the likeliest first: none is applied before a
    person has confirmed it.
    """

    key: str
    where: Where = Where()
    severity: Literal["error", "warning"] = "error"
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    fixes: tuple[Decision, ...] = ()

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return place and sentence in one line."""
        sentence = message(self.key, language, **self.params)
        place = self.where.text(language)
        return (
            message("where.placed", language, place=place, sentence=sentence) if place else sentence
        )

    def proposing(self, *fixes: Decision) -> Fault:
        """Return the fault with decisions that would settle it."""
        return replace(self, fixes=(*self.fixes, *fixes))

    def as_dict(self, language: Language = DEFAULT_LANGUAGE) -> dict[str, Any]:
        """Return the fault for machine-readable output."""
        return {
            "key": self.key,
            "severity": self.severity,
            "message": message(self.key, language, **self.params),
            "where": self.where.as_dict(),
        }


def error(key: str, where: Where = Where(), **params: Any) -> Fault:
    """Return a fault that stops the work."""
    return Fault(key, where, "error", MappingProxyType(params))


def warning(key: str, where: Where = Where(), **params: Any) -> Fault:
    """Return a fault that is reported while the work goes on."""
    return Fault(key, where, "warning", MappingProxyType(params))


class LiancunError(Exception):
    """Base of every exception this package raises on purpose."""


class FaultsError(LiancunError):
    """All faults found in one piece of input, never only the first.

    Parameters
    ----------
    faults
        At least one fault of severity ``"error"``; warnings found on the way come along.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        # Put into words only when somebody reads it: there may be very many.
        return self.text()

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """Return every fault, one a line."""
        return "\n".join(fault.text(language) for fault in self.faults)


class DataError(FaultsError):
    """Boundaries, ledger or plan file cannot be used as they are."""


class SettingsError(FaultsError):
    """The settings file cannot be used as it is."""


class ProblemError(LiancunError, ValueError):
    """The arrays handed to :class:`~liancun_geo.problem.AllianceProblem` contradict each other.

    The message lists every fault, one a line, in English: it speaks to a programmer.
    """
