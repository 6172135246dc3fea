"""Files that are not what they are called, cut short, packed badly, or hostile."""

from __future__ import annotations

import os
import shutil
import struct
import zipfile
from pathlib import Path

from faulty.build import case
from faulty.county import County, Inputs

OLD = Path(__file__).parents[2] / "data" / "old_ledger.xls"
PARTS = (".cpg", ".dbf", ".prj", ".shp", ".shx")


def packed(county: County, names: dict[str, str] | None = None) -> Path:
    """Pack the shapefile; ``names`` gives the name of an ending inside the archive."""
    shp = county.shapefile()
    path = county.folder / "villages.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in PARTS:
            archive.write(shp.with_suffix(part), (names or {}).get(part, f"villages{part}"))
    for part in PARTS:
        shp.with_suffix(part).unlink()
    return path


def changed_part(path: Path, name: str, change) -> Path:
    """Change one part of a workbook."""
    other = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as to:
        for entry in source.infolist():
            raw = source.read(entry)
            to.writestr(entry.filename, change(raw) if entry.filename == name else raw)
    other.replace(path)
    return path


@case
def zip_of_a_shapefile(county: County) -> Inputs:
    return county.inputs(packed(county))


@case
def zip_in_gbk(county: County) -> Inputs:
    """Names in GBK without a mark, as Chinese Windows packs them."""
    path = packed(county, {part: f"XXXX{part}" for part in PARTS})
    path.write_bytes(path.read_bytes().replace(b"XXXX", "村界".encode("gbk")))
    return county.inputs(path)


@case
def zip_slip(county: County) -> Inputs:
    return county.inputs(packed(county, {".cpg": "../../villages.cpg"}))


@case
def zip_with_link(county: County) -> Inputs:
    path = packed(county)
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("secret.shp")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return county.inputs(path)


@case
def zip_bomb(county: County) -> Inputs:
    """It says that it unpacks to three thousand million bytes."""
    path = packed(county)
    raw = bytearray(path.read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(bytes(raw))
    return county.inputs(path)


@case
def zip_of_zeros(county: County) -> Inputs:
    """Sixty million zeros in sixty thousand bytes."""
    path = packed(county)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("villages.shp", bytes(60_000_000))
        archive.writestr("villages.dbf", b"")
    return county.inputs(path)


@case
def zip_with_password(county: County) -> Inputs:
    path = packed(county)
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(mark, at + 1)
    path.write_bytes(bytes(raw))
    return county.inputs(path)


@case
def zip_cut_short(county: County) -> Inputs:
    path = packed(county)
    path.write_bytes(path.read_bytes()[:-40])
    return county.inputs(path)


@case
def zip_in_zip(county: County) -> Inputs:
    inner = packed(county)
    path = county.folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "villages.zip")
    return county.inputs(path)


@case
def folder_with_two_shapefiles(county: County) -> Inputs:
    folder = county.folder / "maps"
    folder.mkdir()
    county.shapefile(folder=folder)
    county.shapefile(folder=folder, name="old.shp")
    return county.inputs(folder)


@case
def folder_without_shapefile(county: County) -> Inputs:
    folder = county.folder / "maps"
    folder.mkdir()
    (folder / "readme.txt").write_text("nothing")
    return county.inputs(folder)


@case
def not_found(county: County) -> Inputs:
    return county.inputs(county.folder / "none.shp")


@case
def empty_file(county: County) -> Inputs:
    path = county.folder / "villages.gpkg"
    path.write_bytes(b"")
    return county.inputs(path)


@case
def gpkg_cut_short(county: County) -> Inputs:
    path = county.gpkg()
    path.write_bytes(path.read_bytes()[:40_000])
    return county.inputs(path)


@case
def fifo(county: County) -> Inputs:
    """A pipe, which could be read for ever."""
    path = county.folder / "villages.geojson"
    os.mkfifo(path)
    return county.inputs(path)


@case
def drawing(county: County) -> Inputs:
    path = county.folder / "villages.dwg"
    path.write_bytes(b"AC1032" + bytes(200))
    return county.inputs(path)


@case
def picture_called_shp(county: County) -> Inputs:
    path = county.shapefile()
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    return county.inputs(path)


@case
def dbf_chosen(county: County) -> Inputs:
    return county.inputs(county.shapefile().with_suffix(".dbf"))


@case
def password_xlsx(county: County) -> Inputs:
    path = county.folder / "ledger.xlsx"
    head = bytes.fromhex("d0cf11e0a1b11ae1")
    path.write_bytes(head + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512))
    return county.inputs(ledger=path)


@case
def xls_called_xlsx(county: County) -> Inputs:
    path = county.folder / "ledger.xlsx"
    shutil.copyfile(OLD, path)
    return county.inputs(ledger=path)


@case
def xlsx_called_xls(county: County) -> Inputs:
    path = county.workbook()
    return county.inputs(ledger=path.rename(path.with_suffix(".xls")))


@case
def html_called_xls(county: County) -> Inputs:
    path = county.folder / "ledger.xls"
    rows = "".join(f"<tr><td>{row[0]}</td><td>{row[2]}</td></tr>" for row in county.rows)
    path.write_text(f"<html><body><table>{rows}</table></body></html>", "utf-8")
    return county.inputs(ledger=path)


@case
def xls_with_password(county: County) -> Inputs:
    raw = bytearray(OLD.read_bytes())
    start = raw.index(bytes.fromhex("0908100000060500"))
    raw[start + 20 : start + 22] = b"\x2f\x00"
    path = county.folder / "ledger.xls"
    path.write_bytes(bytes(raw))
    return county.inputs(ledger=path)


@case
def xlsx_cut_short(county: County) -> Inputs:
    path = county.workbook()
    path.write_bytes(path.read_bytes()[:3000])
    return county.inputs(ledger=path)


@case
def ledger_as_document(county: County) -> Inputs:
    path = county.folder / "ledger.docx"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    return county.inputs(ledger=path)


@case
def xml_bomb(county: County) -> Inputs:
    laughs = b"".join(
        b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(9)
    )
    path = changed_part(
        county.workbook(),
        "xl/worksheets/sheet1.xml",
        lambda xml: b"<!DOCTYPE a [" + laughs + b"]>" + xml.split(b"?>", 1)[-1],
    )
    return county.inputs(ledger=path)


@case
def million_rows(county: County) -> Inputs:
    row = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
    many = b"".join(row % (n, n) for n in range(20, 1_000_000))
    path = changed_part(
        county.workbook(),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"</sheetData>", many + b"</sheetData>"),
    )
    return county.inputs(ledger=path)


@case
def empty_csv(county: County) -> Inputs:
    path = county.folder / "ledger.csv"
    path.write_bytes(b"")
    return county.inputs(ledger=path)


@case
def picture_called_csv(county: County) -> Inputs:
    path = county.folder / "ledger.csv"
    path.write_bytes(bytes(range(256)) * 8)
    return county.inputs(ledger=path)


@case
def sheet_named_that_is_not_there(county: County) -> Inputs:
    return county.inputs(settings={"data": {"sheets": ["总表"]}})


@case
def setting_names_a_missing_column(county: County) -> Inputs:
    return county.inputs(settings={"fields": {"arable_land_mu": "耕地总面积（亩）"}})
