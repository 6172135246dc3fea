"""Word templates of a county's own: what is let in, and what they may do.

A template comes by mail like any other file. It may lay the report out as it likes; it may not
write files, fetch anything from elsewhere when the report is opened, or bring programs along.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree

from liancun_geo.errors import DataError, Where, error
from liancun_geo.intake.vector.files import require_regular
from liancun_geo.messages import Listing

_MOST_BYTES = 20_000_000
_MOST_UNPACKED = 100_000_000
_MOST_MARKUP = 10_000_000
"""Of all XML together: the shipped template has one, and a tree takes thirty times as much."""
_MOST_PARTS = 5_000
_LONGEST = 100_000
_TOLD = 5
# Programs, and panes of the web beside the text.
_RUNS = re.compile(r"vbaProject|/activeX/|/webextensions/", re.IGNORECASE)
# Fields that read another file or start another program, some of them as soon as they are shown.
_REACHING = frozenset(("DATABASE", "DDE", "DDEAUTO", "IMPORT", "LINK", "RD"))
_INCLUDING = "INCLUDE"
_LONG_TEXTS = frozenset(("center", "expandtabs", "ljust", "rjust", "zfill"))
_ATTACHED = "/attachedTemplate"
_DAMAGE = (zipfile.BadZipFile, etree.XMLSyntaxError, OSError, ValueError, LookupError, EOFError)


def read_own_template(file: Path) -> bytes:
    """Return a template of somebody's, without the Word template it may be tied to.

    Links that are followed when a reader clicks on them stay. The tie to another template goes:
    Word would fetch it whenever the report is opened.

    Raises
    ------
    DataError
        If it cannot be read, is too large, brings programs along, or holds what is fetched from
        elsewhere when the report is opened: linked pictures, objects and texts, and fields as
        INCLUDEPICTURE or DDEAUTO.
    """
    where = Where(file=str(file))
    try:
        require_regular(file)
        if file.stat().st_size > _MOST_BYTES:
            raise _too_large(where)
        with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
            parts = _parts(archive, where)
            require_harmless(parts, where)
    except DataError as cause:
        if cause.faults[0].key.startswith("paper."):
            raise
        raise DataError([error("paper.bad_template", where)]) from cause
    except (*_DAMAGE, NotImplementedError, RuntimeError, zlib.error) as cause:
        raise DataError([error("paper.bad_template", where)]) from cause
    return _without_tie(parts)


def require_harmless(parts: Mapping[str, bytes], where: Where) -> None:
    """Refuse parts of a Word file that fetch or start something unasked.

    Raises
    ------
    DataError
        With the first few of them.
    lxml.etree.XMLSyntaxError, ValueError
        If a part is damaged or declares entities.
    """
    reaching = [told for name, tree in _trees(parts) for told in _reached(name, tree)]
    reaching += [name for name in parts if _RUNS.search(name)]
    if reaching:
        listed = sorted({told if len(told) <= 80 else f"{told[:79]}…" for told in reaching})
        told = Listing(listed[:_TOLD], " …" if len(listed) > _TOLD else "")
        raise DataError([error("paper.template_reaches_out", where, parts=told)])


def environment() -> SandboxedEnvironment:
    """Return what templates are filled in with: sandboxed, and strict about names."""
    return _Bounded(autoescape=True, undefined=StrictUndefined)


class Picture:
    """A picture in the hands of a template: it can be put somewhere, and nothing else.

    docxtpl's own pictures carry the whole document along, which can save itself anywhere.
    """

    __slots__ = ("_markup",)

    def __init__(self, markup: Any) -> None:
        self._markup = markup

    def __html__(self) -> str:
        return str(self._markup)

    __str__ = __html__


class _Bounded(SandboxedEnvironment):
    """A sandbox in which a short expression makes no gigabytes."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name in ("center", "format", "indent"):
            del self.filters[name]

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        long = isinstance(left, str) if operator == "%" else operator == "**"
        for one, times in ((left, right), (right, left)):
            if operator == "*" and hasattr(one, "__len__") and isinstance(times, int):
                long = len(one) * times > _LONGEST
        if long:
            raise SecurityError(f"{str(left)[:20]} {operator} {str(right)[:20]}")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        of_text = isinstance(getattr(obj, "__self__", None), str)
        if of_text and getattr(obj, "__name__", "") in _LONG_TEXTS:
            return False
        return super().is_safe_callable(obj)

    def wrap_str_format(self, value: Any) -> Any:
        # Their widths can be of any size.
        named = getattr(value, "__name__", "") in ("format", "format_map")
        if named and isinstance(getattr(value, "__self__", None), str):
            raise SecurityError(str(value.__name__))
        return super().wrap_str_format(value)


def _parts(archive: zipfile.ZipFile, where: Where) -> dict[str, bytes]:
    """Unpack within bounds: a few kilobytes can unpack to gigabytes."""
    entries = archive.infolist()
    markup = [entry.file_size for entry in entries if _is_markup(entry.filename)]
    whole = sum(entry.file_size for entry in entries)
    if whole > _MOST_UNPACKED or sum(markup) > _MOST_MARKUP or len(entries) > _MOST_PARTS:
        raise _too_large(where)
    parts = {entry.filename: archive.read(entry) for entry in entries if not entry.is_dir()}
    if "word/document.xml" not in parts:
        raise DataError([error("paper.bad_template", where)])
    return parts


def _too_large(where: Where) -> DataError:
    return DataError([error("paper.template_too_large", where, size=_MOST_BYTES // 10**6)])


def _is_markup(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in (".xml", ".rels", ".vml")


def _trees(parts: Mapping[str, bytes]) -> Iterator[tuple[str, Any]]:
    for name, content in parts.items():
        if _is_markup(name):
            tree = etree.fromstring(content, _parser())
            if tree.getroottree().docinfo.doctype:
                raise ValueError(f"{name} declares entities")
            yield name, tree


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _reached(name: str, tree: Any) -> Iterator[str]:
    """Yield what a part lets Word fetch or start unasked."""
    if name.lower().endswith(".rels"):
        for element in tree:
            kind, target = str(element.get("Type", "")), str(element.get("Target", ""))
            outside = str(element.get("TargetMode", "")).lower() == "external"
            if outside and not kind.endswith(("/hyperlink", _ATTACHED)):
                yield target
        return
    yield from _source_outside(tree)
    # An instruction may stand in several runs; the marks between fields part them.
    told = []
    for element in tree.iter("{*}instrText", "{*}fldChar", "{*}fldSimple"):
        kind = etree.QName(element).localname
        simple = next((v for k, v in element.items() if k.endswith("}instr")), "")
        told.append((element.text or "") if kind == "instrText" else f"\0{simple}\0")
    for instruction in "".join(told).split("\0"):
        words = instruction.split()
        first = words[0].upper() if words else ""
        if first in _REACHING or first.startswith(_INCLUDING):
            yield " ".join(words)


def _source_outside(tree: Any) -> Iterator[str]:
    """Yield addresses that old drawings name without a relationship."""
    for element in tree.iter("{urn:schemas-microsoft-com:vml}*"):
        source = str(element.get("src", ""))
        if source:
            yield source


def _without_tie(parts: dict[str, bytes]) -> bytes:
    for name in list(parts):
        if name.lower().endswith(".rels") and _ATTACHED.encode() in parts[name]:
            parts[name] = _pruned(
                parts[name], lambda one: str(one.get("Type", "")).endswith(_ATTACHED)
            )
        elif name.endswith("settings.xml") and b"attachedTemplate" in parts[name]:
            parts[name] = _pruned(
                parts[name], lambda one: etree.QName(one).localname == "attachedTemplate"
            )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def _pruned(content: bytes, goes: Callable[[Any], bool]) -> bytes:
    tree = etree.fromstring(content, _parser())
    for element in list(tree):
        if isinstance(element.tag, str) and goes(element):
            tree.remove(element)
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))
