"""The message catalogue: every sentence a person reads, in Chinese and in English.

The catalogue is the union of the TOML files of this folder, one file per topic. A key is
``topic.name``; its table holds ``zh`` and ``en``, whole sentences with named ``{places}``.
Sentences are never pieced together from fragments. English tells one from several in the place
of the count: ``{count} {count:village|villages}``.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol, Self, runtime_checkable

Language = Literal["zh", "en"]
DEFAULT_LANGUAGE: Language = "zh"


@runtime_checkable
class Wording(Protocol):
    """A value that reads differently in each language, such as a list of villages."""

    def text(self, language: Language) -> str:
        """Return the value in words."""


class Listing(str):
    """Several names as one text, with the commas of the language that it is read in.

    As a plain string it is the Chinese list.

    Parameters
    ----------
    names
        As they are shown.
    ending
        What follows the last, such as " …" where there are more.
    """

    __slots__ = ("_ending", "_names")

    _names: tuple[str, ...]
    _ending: str

    def __new__(cls, names: Iterable[str], ending: str = "") -> Self:
        """Join the names."""
        shown = tuple(names)
        self = super().__new__(cls, "、".join(shown) + ending)
        self._names, self._ending = shown, ending
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[str, ...], str]]:
        """Keep the names apart when copied or sent to another process."""
        return type(self), (self._names, self._ending)

    def text(self, language: Language) -> str:
        """Return the list in words."""
        return (", " if language == "en" else "、").join(self._names) + self._ending


class _Counting(string.Formatter):
    """Formats as ``str.format`` does, and chooses between singular and plural."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return the word that follows a count."""
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        one, several = format_spec.split("|", 1)
        return one if str(value) == "1" else several


_in_app: ContextVar[bool] = ContextVar("in_app", default=False)


def speak_in_app() -> None:
    """Let what this thread says from now on name no setting and no command.

    A planner before the app has neither at hand: the topic ``in_app`` says what to do there.
    """
    _in_app.set(True)


@contextmanager
def planners_words() -> Iterator[None]:
    """Let what is said inside name no setting and no command, as on paper for a meeting."""
    token = _in_app.set(True)
    try:
        yield
    finally:
        _in_app.reset(token)


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
        The values of the named places; a :class:`Wording` is put into the same language.

    Raises
    ------
    KeyError
        If the catalogue has no such key, or a place has no value: a fault of the program.
    """
    values = {
        name: value.text(language) if isinstance(value, Wording) else value
        for name, value in params.items()
    }
    known = catalogue()
    sentence = known[key][language]
    if _in_app.get():
        own = f"in_app.{key.replace('.', '__', 1)}"
        sentence = known[own][language] if own in known else sentence
    # The formatter of the library is some times slower.
    return _Counting().format(sentence, **values) if "|" in sentence else sentence.format(**values)
