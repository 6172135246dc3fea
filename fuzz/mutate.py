"""How bytes, trees and texts are damaged; every function takes its own random numbers."""

from __future__ import annotations

import copy
import io
import math
import random
import re
import struct
import zipfile
from typing import Any

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
FLOATS = (math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0, -0.0, 1e15, 180.0001)
TEXTS = (
    "", " ", "\u3000", "NaN", "inf", "-inf", "1e308", "1e999", "３７０４", "约1,200", "1.2万",
    "12万元", "35亩", "10-12", "10～12", "-5", "王权村村民委员会", "370499001001", "3.70E+11",
    "370499001001000", "3704990010010000000", "=1/0", "#REF!", "#DIV/0!", "\ufeff", "🙂村",
    "一二三", "½", "①", "9" * 400, "2023年", "二〇二三", "1,2,3", "--", "/", "无", "是", "否",
    "合计", "小计", "{x}", "{}", "{0.__class__}", "%s %d", "\n", "\t", "a" * 40_000, "城头镇",
    "2023-12-31", "1900-01-00", "0x1F", "1_000", "+1", "1.", ".5", "1e5", "true", "None", "٣٧",
    "村" * 300, "\u202e村", "a\u0000b", "村\u0301", "'370499001001", '"', "<b>&amp;", "C:\\x",
    "../../x", "EPSG:0", "EPSG:4326", "EPSG:32650", "EPSG:99999", "gbk", "utf-16", "亩/人",
)  # fmt: skip
HEADERS = (
    "村代码", "村名", "乡镇", "乡镇代码", "县", "户籍人口（人）", "户籍人口（万人）", "常住人口",
    "户数（户）", "党员数", "村集体经营性收入（元）", "村集体收入(万元)", "人均收入（元）",
    "耕地面积（公顷）", "耕地面积（亩）", "产业", "软弱涣散", "书记在任", "geometry", "index",
    "fid", "FID", "OBJECTID", "x", "y", "code", "name", "level_0", "Unnamed: 0", "序号", "",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**9, 10**18, 10**30, -(2**63), *FLOATS, *TEXTS, [], {},
    [None], [[]], {"": None}, [1, 2, 3],
)  # fmt: skip


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with one thing wrong."""
    if not data:
        return bytes([rng.randrange(256)])
    # Most of what steers a reader stands at the start or the end of a file.
    reach = rng.choice((16, 64, 256, 2048, len(data), len(data)))
    at = rng.randrange(min(reach, len(data)))
    if rng.random() < 0.25:
        at = len(data) - 1 - at
    size = min(rng.choice((1, 2, 4, 8, 16, 64, 512)), len(data) - at)
    match rng.randrange(9):
        case 0:
            return _put(data, at, bytes([data[at] ^ (1 << rng.randrange(8))]))
        case 1:
            return _put(data, at, rng.randbytes(size))
        case 2:
            return data[:at]
        case 3:
            return data[:at] + data[at + size :]
        case 4:
            return data[:at] + data[at : at + size] * rng.choice((2, 3, 100)) + data[at + size :]
        case 5:
            other = rng.randrange(len(data))
            block = data[other : other + size]
            return _put(_put(data, other, data[at : at + len(block)]), at, block)
        case 6:
            return _put(data, at, struct.pack(rng.choice("<>") + "I", rng.choice(EXTREMES)))
        case 7:
            return _put(data, at, struct.pack(rng.choice("<>") + "d", rng.choice(FLOATS)))
        case _:
            return _put(data, at, bytes(size))


def spliced(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return the start of one file and the end of another."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _put(data: bytes, at: int, block: bytes) -> bytes:
    return (data[:at] + block + data[at + len(block) :])[: len(data)]


def odd_tree(tree: Any, rng: random.Random) -> Any:
    """Return a tree of dicts and lists with one thing wrong."""
    tree = copy.deepcopy(tree)
    places = list(_places(tree))
    if not places:
        return rng.choice(ODD)
    # The few places near the root count as much as the many coordinates.
    depth = rng.choice(sorted({place[2] for place in places}))
    holder, key, _ = rng.choice([place for place in places if place[2] == depth])
    value = holder[key]
    match rng.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice((*HEADERS, *TEXTS[:20]))] = holder.pop(key)
        case 1 | 2 if isinstance(holder, list):
            holder.insert(key, copy.deepcopy(value))
        case 3 if isinstance(value, str):
            holder[key] = odd_text(value, rng)
        case 4 if isinstance(value, int | float):
            holder[key] = rng.choice((*FLOATS, -value, value + 1, value * 1e6, str(value), 10**25))
        case 5:
            nested = value
            for _ in range(rng.choice((1, 2, 50, 150))):
                nested = [nested] if rng.random() < 0.5 else {"a": nested}
            holder[key] = nested
        case 6:
            other_holder, other_key, _ = rng.choice(places)
            try:
                holder[key] = copy.deepcopy(other_holder[other_key])
            except (KeyError, IndexError):
                holder[key] = None
        case _:
            holder[key] = rng.choice(ODD)
    return tree


def _places(tree: Any, depth: int = 0) -> Any:
    if isinstance(tree, dict | list):
        keys: Any = tree if isinstance(tree, dict) else range(len(tree))
        for key in list(keys)[:500]:
            yield tree, key, depth
            yield from _places(tree[key], depth + 1)


def odd_text(text: str, rng: random.Random) -> str:
    """Return a text with one thing wrong."""
    at = rng.randrange(len(text) + 1)
    match rng.randrange(6):
        case 0:
            return text[:at] + rng.choice(TEXTS)[:50] + text[at:]
        case 1:
            return text[:at]
        case 2:
            return (
                text[:at] + chr(rng.choice((0x200B, 0xFEFF, 0x3000, 0x2028, 0x1F600))) + text[at:]
            )
        case 3:
            return text * rng.choice((2, 50))
        case 4:
            return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
        case _:
            return str(rng.choice(TEXTS))


_VALUE = re.compile(rb'(?<==")[^"<>]*(?=")|(?<=>)[^<>]+(?=<)')
_XML_VALUES = (
    b"", b"0", b"-1", b"999999999999", b"1048577", b"XFD1048576", b"A0", b"A1:XFD1048576", b"NaN",
    b"1e999", b"true", b"s", b"d", b"e", b"inlineStr", b"str", b"n", b"&#0;", b"&amp;", b"&x;",
    b"rId999", b"../../x.xml", b"http://127.0.0.1/x", b"2023-12-31T00:00:00", b"#REF!", b"A1:A1",
    b"hidden", b"veryHidden", "合计".encode(), b"SUM(A1:A9)", b"14", b"164", b"[$-804]",
)  # fmt: skip


def odd_xml(data: bytes, rng: random.Random) -> bytes:
    """Return XML with one value replaced, one element doubled, or one left out."""
    found = list(_VALUE.finditer(data))
    if not found or rng.random() < 0.1:
        return damaged(data, rng)
    one = rng.choice(found[: rng.choice((20, len(found)))])
    if rng.random() < 0.8:
        return data[: one.start()] + rng.choice(_XML_VALUES) + data[one.end() :]
    start = data.rfind(b"<", 0, one.start())
    end = data.find(b">", one.end()) + 1
    return data[:start] + data[start:end] * rng.choice((0, 2, 2000)) + data[end:]


def odd_archive(data: bytes, rng: random.Random) -> bytes:
    """Return a ZIP (a workbook, a zipped shapefile) with one of its members damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if not members:
        return data
    name = rng.choice(sorted(members))
    out = io.BytesIO()
    action = rng.randrange(12)
    if action == 0:
        members.pop(name)
    elif action == 1:
        members[rng.choice((name.upper(), "../" + name, "a/" + name, "/" + name, "村.shp"))] = (
            members.pop(name)
        )
    elif action == 2:
        members["extra/" + name] = members[name]
    elif action == 3:
        members[name] = members[rng.choice(sorted(members))]
    elif name.endswith((".xml", ".rels")):
        members[name] = odd_xml(members[name], rng)
    else:
        members[name] = damaged(members[name], rng)
    stored = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(out, "w", stored) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return out.getvalue()
