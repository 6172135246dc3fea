"""Tables of TOML files: read and checked, all faults at once, in the planner's words; JSON."""

from __future__ import annotations

import json
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from liancun_geo.errors import SettingsError, Where, error
from liancun_geo.messages import Listing

MAX_TOML_BYTES: Final = 20_000_000
"""Largest file of settings or decisions: tens of thousands of decisions."""


class Table(BaseModel):
    """A table whose entries are known by name: an unknown one is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


M = TypeVar("M", bound=BaseModel)

_LIMITS = ("ge", "gt", "le", "lt", "expected")
# Pydantic speaks English only; what planners get wrong most is said in their language.
_SENTENCES = {
    "extra_forbidden": "settings.unknown_name",
    "missing": "settings.entry_missing",
    "literal_error": "settings.not_a_choice",
    "greater_than_equal": "settings.below_least",
    "greater_than": "settings.not_above",
    "less_than_equal": "settings.above_most",
    "less_than": "settings.not_below",
    "finite_number": "settings.not_a_number",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "settings.not_whole"),
    **dict.fromkeys(("float_type", "float_parsing"), "settings.not_a_number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "settings.not_true_or_false"),
    "string_type": "settings.not_text",
    **dict.fromkeys(("tuple_type", "too_long", "too_short"), "settings.not_a_list"),
    "range_order": "settings.range_order",
    "sizes_order": "settings.sizes_order",
    "same_village": "settings.same_village",
    "village_twice": "settings.village_twice",
    "budget_in_part": "settings.budget_in_part",
    "too_many_layers": "settings.too_many_layers",
    "roads_needed": "settings.roads_needed",
    "type_condition": "types.condition_unsound",
    "type_text_empty": "types.text_empty",
    "type_twice": "types.listed_twice",
    "type_unknown": "types.unknown_type",
    "party_thresholds": "types.thresholds_order",
    "with_rule": "places.with_rule",
    "sharing_weights_zero": "benefit.sharing_weights_zero",
}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    SettingsError
        If it cannot be opened, is too large, is not UTF-8 or not TOML.
    """
    where = Where(file=str(path))
    try:
        found = path.stat()
        # A pipe or a device could be read for ever.
        if not stat.S_ISREG(found.st_mode):
            raise SettingsError([error("bounds.not_regular", where)])
        if found.st_size > MAX_TOML_BYTES:
            limit_mb = MAX_TOML_BYTES // 10**6
            raise SettingsError([error("bounds.settings", where, limit_mb=limit_mb)])
        content = path.read_bytes()
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or str(cause)
        raise SettingsError([error("settings.unreadable", where, cause=reason)]) from cause
    return parse_toml(content, where)


def parse_toml(content: bytes, where: Where) -> dict[str, Any]:
    """Return the content of a TOML file that was read already.

    Raises
    ------
    SettingsError
        If it is not UTF-8 or not TOML.
    """
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as cause:
        raise SettingsError([error("settings.not_utf8", where)]) from cause
    # Numbers of thousands of digits and lists nested as deep are no TOML of anybody's either.
    except (ValueError, RecursionError) as cause:
        raise SettingsError([error("settings.not_toml", where, cause=str(cause))]) from cause


def parse_json(text: str, **hooks: Any) -> Any:
    """Return JSON that came from outside; ``hooks`` as for :func:`json.loads`.

    Raises
    ------
    ValueError
        If it is not JSON, or a text in it is none: JSON can spell half of a character outside
        the basic plane (an escape such as ``ud800``), which no file and no page can hold.
    """
    value = json.loads(text, **hooks)
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def validated(model: type[M], tables: dict[str, Any], *, file: str | None = None) -> M:
    """Return nested tables as a model.

    Raises
    ------
    SettingsError
        With every fault.
    """
    try:
        return model.model_validate(tables)
    except ValidationError as cause:
        raise SettingsError(
            error(
                _SENTENCES.get(fault["type"], "settings.invalid"),
                Where(file=file, field=".".join(str(part) for part in fault["loc"]) or None),
                cause=fault["msg"],
                value=repr(fault["input"])[:80],
                limit=_limit(fault.get("ctx", {})),
            )
            for fault in cause.errors()
        ) from cause


def _limit(context: Mapping[str, Any]) -> object:
    """Return what a value may be."""
    limit = next((limit for name, limit in context.items() if name in _LIMITS), "")
    # Pydantic joins the choices with commas and an English "or".
    choices = re.fullmatch(r"('[^']*'(, | or )?)+", limit) if type(limit) is str else None
    return Listing(re.findall(r"'([^']*)'", limit)) if choices else limit
