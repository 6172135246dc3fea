"""Text encoding of layers: stated, or found from the values, never from the machine.

How likely a text is in an encoding is the product of how usual its characters are in the names of
villages. An encoding maps bytes to characters one to one, so the products for several encodings of
the same bytes can be compared as they are, and more text decides more surely.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from typing import Final, Literal, NamedTuple

from liancun_geo.messages import Language, message

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
_USUAL_ENCODINGS: Final = ("utf-8", "gb18030", "big5", "cp1252")
_BIG5_LEVEL_1: Final = range(0xA4, 0xC7)
_GB2312_LEVEL_2: Final = 0xD8

# The 300 characters that make up 81 % of the names of the 620,573 village committees and
# communities in china-division 2.7.0 (npm, MIT; the register of the National Bureau of
# Statistics), those of usual headers, and the traditional forms of all of them (OpenCC).
_OF_NAMES: Final = frozenset(
    "村区社庄家东山西新大南河北子龙沟王桥石园三马小城里街张寨塘兴上湾安头路营林坪金高李水前中楼杨岭场口黄白下刘平田"
    "溪后花江庙生阳湖二和红华屯双店岗活五长沙一坝泉台民丰门陈合坡四官光赵福永嘎青海星堡查树寺木古克源镇道苑关井天集"
    "塔八第联连文十明老郭凤拉峪太格罗坑胜周乐建巴柳农铺坊六地朱万辛云竹富房洞七梁孙峰尔吴牛岩胡康洋洼徐窑九市港宝日"
    "清元川玉苏会土德堂滩韩冲利吉曹心兰阿宋铁达团勒方公隆桃同松梅埠都业洪仁墩义布洲委池莲潭车虚拟董瓦夏广丁院柏孟乌"
    "杜武厂各草麻角县香边景良郑岔化毛管风贾圩横板常旗于唐冯进春巷宁发荣朝范盛滨羊窝旺百美昌盘库庆仙分观魏科潮茶鲁亭"
    "那黑何保果许工力向国居崔英干蔡祥州姚桂锦理尚开哈吕乡省级名称代码编号办事处户数面积收入耕党员企产"
    "劉勝區吳呂員國園團場壩孫寧寶峯崗嶺巖幹庫廟廠廣張後慶戶擬數於會東楊業榮樂樓樹橋橫溝濱灘灣烏營爾產發盤碼稱積窩窪"
    "窯範紅級編縣羅義聯臺興莊華萬蓮蘇蘭處虛號衝裏觀許豐賈趙車辦農連進達邊鄉鄭鋪錦鎮鐵長門開關陳陽雙雲韓頭風馬馮魯鳳"
    "黃黨龍"
)
# Shares in the same names: the 300 together 81 %, the rest of GB2312 level 1 17 %, of level 2
# 1.7 %, all other Han characters 0.2 %; each share over the number of characters it falls on. The
# classes without Han characters are rough, but far enough apart for their purpose.
_LIKELIHOOD: Final = {
    "of names": 0.8 / 300,
    "usual": 0.17 / 5000,
    "less usual": 0.017 / 8000,
    "rare": 0.002 / 60000,
    "ascii": 0.02,
    "accent": 0.005,
    "sign": 1e-4,
    "other script": 1e-6,
    "none": 1e-12,
}
# How much likelier one reading must be for the other to be left aside: odds of 10,000 to 1.
_DECISIVE: Final = math.log(1e4)
# As many texts decide as surely as all of them.
_SCORED: Final = 2000
_NON_ASCII_RUN = re.compile("[\x80-\U0010ffff]+")

Origin = Literal["settings", "cpg", "dbf", "detected"]


class Encoding(NamedTuple):
    """The encoding of a text, and how it became known."""

    name: str
    origin: Origin
    stated: str | None = None
    """What the ``.cpg`` file or the language byte claims, where the values contradict it."""
    rivals: tuple[str, ...] = ()
    """Other encodings in which the values make about as good sense."""


class Preview(NamedTuple):
    """The same texts in an encoding, for a person to compare."""

    encoding: str
    texts: tuple[str, ...]

    def text(self, language: Language) -> str:
        """Return encoding and texts as a clause."""
        if all("\ufffd" in text for text in self.texts):
            return message("listing.preview_of_none", language, encoding=self.encoding)
        names = message("listing.separator", language).join(self.texts)
        return message("listing.preview", language, encoding=self.encoding, names=names)


def known_encoding(text: str) -> str | None:
    """Return the Python name of an encoding as settings or a ``.cpg`` file write it, or None."""
    name = text.strip().lower().removeprefix("cp").removeprefix("windows-")
    candidates = (_ALIASES.get(name, ""), text.strip(), f"cp{name}")
    for candidate in candidates:
        found = _text_encoding(candidate)
        if found is not None:
            return "gb18030" if found in _GB else found
    # GDAL writes 88591 .. 885915 for the ISO 8859 family.
    family = re.fullmatch(r"8859(\d{1,2})", name, re.ASCII)
    return _text_encoding(f"iso8859-{family[1]}") if family else None


def _text_encoding(name: str) -> str | None:
    """Return Python's name of an encoding that reads any bytes as text, or None."""
    try:
        info = codecs.lookup(name)
        # Python also lists transformations such as base64, and IDNA, which is none of files.
        bytes(range(256)).decode(info.name, errors="replace")
    except (LookupError, ValueError):
        return None
    return info.name


def encoding_of_language(language: int) -> str | None:
    """Return the encoding that the language byte of a DBF header states, or None."""
    return _LANGUAGE_BYTES.get(language)


def choose_encoding(
    samples: Iterable[bytes],
    *,
    setting: str | None = None,
    cpg: str | None = None,
    language: str | None = None,
) -> Encoding:
    """Choose the encoding of the texts of a layer.

    The setting wins. Else the statement of the ``.cpg`` file, then that of the language byte, is
    believed unless another encoding makes far better sense; without a statement the encoding that
    makes the best sense is taken, and those that make about as good sense are its rivals.

    Parameters
    ----------
    samples
        Raw bytes of names and values that are not pure ASCII.
    setting, cpg, language
        Known encodings (see :func:`known_encoding`), or None.
    """
    if setting is not None:
        return Encoding(setting, "settings")
    raw = sorted(set(samples))
    if not raw:
        return Encoding(cpg or language or "utf-8", "cpg" if cpg else "dbf")
    stated = [(name, origin) for name, origin in ((cpg, "cpg"), (language, "dbf")) if name]
    names = dict.fromkeys([name for name, _ in stated] + list(_USUAL_ENCODINGS))
    scores = {name: log_likelihood(raw, name) for name in names}
    best = max(scores, key=lambda name: scores[name])
    for name, origin in stated:
        if name == best or scores[best] - scores[name] < _DECISIVE:
            claimed = cpg if cpg and origin == "dbf" else None
            return Encoding(name, "cpg" if origin == "cpg" else "dbf", claimed)
    if stated:
        return Encoding(best, "detected", stated[0][0])
    rivals = sorted(
        (name for name in names if name != best and scores[best] - scores[name] < _DECISIVE),
        key=lambda name: -scores[name],
    )
    return Encoding(best, "detected", rivals=tuple(rivals))


def readings(samples: Sequence[bytes], encodings: Iterable[str]) -> tuple[Preview, ...]:
    """Return the same few texts in several encodings, damaged characters as ``\ufffd``."""
    return tuple(
        Preview(
            name,
            tuple(
                codecs.getincrementaldecoder(name)("replace").decode(raw, final=False)
                for raw in islice(samples, 3)
            ),
        )
        for name in encodings
    )


def other_reading(encoding: str) -> str:
    """Return the encoding that this one is most often mistaken for."""
    return "gb18030" if encoding == "utf-8" else "utf-8"


def decode(raw: bytes, encoding: str) -> str | None:
    """Return the text, or None if it is not valid; a character cut at the end is dropped.

    DBF cuts field names at 10 and values at 254 bytes, without regard to characters.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        return decoder.decode(raw, final=False)
    except UnicodeDecodeError:
        return None


def is_cut(raw: bytes, encoding: str) -> bool:
    """Tell whether a text ends in the middle of a character."""
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return decode(raw, encoding) is not None
    return False


def decodes(raw: Iterable[bytes], encoding: str) -> bool:
    """Tell whether every text is valid in an encoding."""
    return all(decode(value, encoding) is not None for value in raw)


def log_likelihood(raw: Sequence[bytes], encoding: str) -> float:
    """Return the natural logarithm of how likely texts are as names in an encoding.

    Bytes that are no character count as a most unlikely one: a few damaged texts do not hide the
    encoding of all others.
    """
    scored = raw[:: max(1, -(-len(raw) // _SCORED))]
    decoder = codecs.getincrementaldecoder(encoding)
    texts = [decoder("replace").decode(value, final=False) for value in scored]
    cut = sum(is_cut(value, encoding) for value in scored)
    return sum(log for text in texts for _, log in _logs(text)) + cut * _LOGS["other script"]


def _logs(text: str) -> Iterable[tuple[str, float]]:
    """Return each character with its logarithm."""
    crowded = {
        position
        for run in _NON_ASCII_RUN.finditer(text)
        if len(run.group()) > 1
        for position in range(run.start(), run.end())
    }
    for position, character in enumerate(text):
        kind = _kind(character)
        if kind == "accent" and position in crowded:
            # Accented letters in a row are the mark of other text read as Latin-1.
            kind = "other script"
        yield character, _LOGS[kind]


@cache
def _kind(character: str) -> str:
    """Return the class of a character, a key of the table of likelihoods."""
    if character < "\x80":
        return "ascii" if character.isprintable() or character.isspace() else "none"
    if character in _OF_NAMES:
        return "of names"
    if "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff":
        return _han_kind(character)
    if "\u00c0" <= character <= "\u017f" and character not in "×÷":
        return "accent"
    if "\x80" <= character <= "\x9f" or "\ue000" <= character <= "\uf8ff":
        return "none"
    if character == "\ufffd":
        return "none"
    if "\u2010" <= character <= "\u2027" or "\u3000" <= character <= "\u3011":
        return "sign"
    if "\uff01" <= character <= "\uff5e" or character == "\u00b7":
        return "sign"
    return "other script" if character.isprintable() else "none"


def _han_kind(character: str) -> str:
    raw = character.encode("gb2312", errors="ignore")
    if raw and raw[0] < _GB2312_LEVEL_2:
        return "usual"
    big5 = character.encode("big5", errors="ignore")
    if big5 and big5[0] in _BIG5_LEVEL_1:
        return "usual"
    return "less usual" if raw or big5 else "rare"


_LOGS: Final = {kind: math.log(share) for kind, share in _LIKELIHOOD.items()}
