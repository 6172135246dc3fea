"""Text encoding of shapefiles: stated, or found from the values, never from the machine."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

# Language byte of the DBF header -> encoding, for the languages in which villages are written.
# Other bytes are not believed: 0x57 ("ANSI") is written by default whatever the text.
_LANGUAGE_BYTES: Final = {
    0x4D: "gb18030",
    0x7A: "gb18030",
    0x4F: "big5",
    0x78: "big5",
}
_ALIASES: Final = {
    "936": "gb18030",
    "54936": "gb18030",
    "950": "big5",
    "65001": "utf-8",
    "utf_8": "utf-8",
    "ansi936": "gb18030",
}
# GB18030 reads all of GB2312 and GBK, so the narrower statements lose nothing by it.
_GB: Final = {"gb2312", "gbk", "gb18030"}
_BIG5_LEVEL_1: Final = {bytes([lead]) for lead in range(0xA4, 0xC7)}
_RUN = re.compile("[\x80-\U0010ffff]+")


class Encoding(NamedTuple):
    """The encoding of a text, and how it became known."""

    name: str
    origin: str
    """``settings``, ``cpg``, ``dbf`` or ``detected``."""
    stated: str | None = None
    """What the ``.cpg`` file claims, where the values contradict it."""


def known_encoding(text: str) -> str | None:
    """Return the Python name of an encoding as settings or a ``.cpg`` file write it, or None."""
    name = text.strip().lower().removeprefix("cp").removeprefix("windows-")
    candidates = (_ALIASES.get(name, ""), text.strip(), f"cp{name}", f"iso-8859-{name[-1:]}")
    for candidate in candidates[:3]:
        try:
            found = codecs.lookup(candidate).name
        except (LookupError, ValueError):
            continue
        return "gb18030" if found in _GB else found
    # GDAL writes 88591 .. 885915 for the ISO 8859 family.
    return f"iso8859-{name[4:]}" if re.fullmatch(r"8859\d{1,2}", name) else None


def choose_encoding(
    samples: Iterable[bytes], *, setting: str | None, cpg: str | None, dbf: Path
) -> Encoding:
    """Choose the encoding of the texts of a shapefile.

    The setting wins; then the ``.cpg`` file and the language byte of the DBF, if the values are
    plausible text in it; then strict UTF-8; then GB18030, unless only Big5 makes sense.

    Parameters
    ----------
    samples
        Raw bytes of names and values that are not pure ASCII.
    setting, cpg
        Known encodings (see :func:`known_encoding`), or None.
    dbf
        File with the language byte.
    """
    if setting is not None:
        return Encoding(setting, "settings")
    raw = sorted(set(samples))
    if not raw:
        return Encoding(cpg or "utf-8", "cpg" if cpg else "dbf")
    if cpg is not None and plausible(raw, cpg):
        return Encoding(cpg, "cpg")
    with dbf.open("rb") as stream:
        language = _LANGUAGE_BYTES.get(stream.read(30)[29])
    if language is not None and plausible(raw, language):
        return Encoding(language, "dbf", cpg)
    if decodes(raw, "utf-8"):
        return Encoding("utf-8", "detected", cpg)
    if not plausible(raw, "gb18030") and plausible(raw, "big5"):
        return Encoding("big5", "detected", cpg)
    return Encoding("gb18030", "detected", cpg)


def decode(raw: bytes, encoding: str) -> str | None:
    """Return the text, or None if it is not valid; a character cut at the end is dropped.

    DBF cuts field names at 10 and values at 254 bytes, without regard to characters.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return decoder.decode(raw, final=False)
    except UnicodeDecodeError:
        return None


def decodes(raw: Iterable[bytes], encoding: str) -> bool:
    """Tell whether every text is valid in an encoding."""
    return all(decode(value, encoding) is not None for value in raw)


def plausible(raw: Iterable[bytes], encoding: str) -> bool:
    """Tell whether texts read like language in an encoding, and not like mojibake.

    Valid, without control and private-use characters; Han characters mostly of GB2312 or Big5
    level 1 (rare ones are the mark of UTF-8 read as GBK); accented Latin letters mostly single
    (runs of them are the mark of GBK read as Latin-1).
    """
    texts = [decode(value, encoding) for value in raw]
    if any(text is None for text in texts):
        return False
    joined = " ".join(text for text in texts if text is not None)
    odd = sum("\x80" <= c <= "\x9f" or "\ue000" <= c <= "\uf8ff" or c == "\ufffd" for c in joined)
    runs = _RUN.findall(joined)
    others = "".join(runs)
    han = [c for c in others if "\u3400" <= c <= "\u9fff"]
    latin = [run for run in runs if run[0] < "\u0250"]
    if odd:
        return False
    if han:
        common = sum(_common(c) for c in han)
        return common >= 0.8 * len(han)
    return sum(len(run) > 1 for run in latin) <= 0.3 * len(latin)


def _common(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        # Level 1 of Big5, the 5,401 usual characters, ends at 0xC67E; level 2 holds most of what
        # mojibake is made of.
        return character.encode("big5", errors="ignore")[:1] in _BIG5_LEVEL_1
    return True
