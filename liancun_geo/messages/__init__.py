"""The message catalogue: every sentence a person reads, in Chinese and in English.

The catalogue is the union of the TOML files of this folder, one file per topic. A key is
``topic.name``; its table holds ``zh`` and ``en``, whole sentences with named ``{places}``.
Sentences are never pieced together from fragments.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

Language = Literal["zh", "en"]
DEFAULT_LANGUAGE: Language = "zh"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every message: key -> language -> sentence."""
    messages: dict[str, dict[str, str]] = {}
    folder = resources.files(__name__)
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".toml"):
            continue
        topic = entry.name.removesuffix(".toml")
        for name, sentences in tomllib.loads(entry.read_text(encoding="utf-8")).items():
            messages[f"{topic}.{name}"] = sentences
    return messages


def message(key: str, language: Language = DEFAULT_LANGUAGE, /, **params: Any) -> str:
    """Return one sentence of the catalogue with its places filled.

    Parameters
    ----------
    key
        ``topic.name``, for example ``"intake.duplicate_code"``.
    language
        ``"zh"`` (default) or ``"en"``.
    **params
        The values of the named places.

    Raises
    ------
    KeyError
        If the catalogue has no such key, or a place has no value: a fault of the program.
    """
    return catalogue()[key][language].format(**params)
