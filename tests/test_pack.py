"""The pack: options understood, products by name, a plan file reopened, files all or none."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pyogrio
import pytest
from scenarios import scenario

from liancun_geo.errors import DataError, Fault, SettingsError
from liancun_geo.output import (
    PRODUCTS,
    PackOptions,
    PackProgress,
    options_from,
    write_pack,
    write_plan,
)
from liancun_geo.output.options import remembered

DATE = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Return every product written once, with names that programs take for something else."""
    folder = tmp_path_factory.mktemp("pack")
    options, s = PackOptions(created=DATE, png=False, maker="县委组织部"), scenario()
    made: dict[str, list[Path]] = {}
    for name in products_here():
        made[name] = list(write_pack(s, folder / name, [name], options))
    return made


def products_here() -> list[str]:
    """Return the products that this machine can make: sheets of paper need a Chinese font."""
    from liancun_geo.output.printing import find_fonts

    try:
        find_fonts()
    except DataError:
        return [name for name in PRODUCTS if name not in ("map", "docx", "pdf")]
    return list(PRODUCTS)


def test_every_product_writes_exactly_the_files_it_names(whole: dict[str, list[Path]]) -> None:
    s, options = scenario(), PackOptions(created=DATE)
    for name, written in whole.items():
        folder = written[0].parent if "/" not in PRODUCTS[name].files(s, options)[0] else (
            written[0].parent.parent)  # fmt: skip
        told = [path.relative_to(folder).as_posix() for path in written]
        assert told == list(PRODUCTS[name].files(s, options))
        there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert there == set(told), name
        assert all(path.stat().st_size > 0 for path in written)


def test_every_file_is_what_its_name_says(whole: dict[str, list[Path]]) -> None:
    begins = {".xlsx": b"PK", ".docx": b"PK", ".zip": b"PK", ".pdf": b"%PDF", ".gpkg": b"SQLite",
              ".json": b"{", ".geojson": b"{", ".kml": b"<?xml", ".html": b"<!doctype",
              ".csv": b"\xef\xbb\xbf"}  # fmt: skip
    for written in whole.values():
        for path in written:
            assert path.read_bytes().startswith(begins[path.suffix]), path.name


def test_products_come_in_one_order_and_the_plan_file_last(tmp_path: Path) -> None:
    written = write_pack(scenario(), tmp_path, ["plan", " CSV ", "geojson", "csv"])
    names = [path.name for path in written]
    assert names == ["alliances.geojson", "villages.geojson", "assignment.csv", "plan.json"]


def test_the_same_date_and_plan_give_the_same_bytes(tmp_path: Path) -> None:
    told = [
        {p.name: p.read_bytes() for p in write_plan(scenario(), tmp_path / n, created=DATE)}
        for n in ("one", "two")
    ]
    assert told[0] == told[1]


def test_all_unknown_names_are_told_at_once_with_the_list(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        write_pack(scenario(), tmp_path / "out", ["shp", "ship", "exe"])
    (fault,) = raised.value.faults
    assert "ship, exe" in fault.text("en") and "ship、exe" in fault.text("zh")
    assert all(name in fault.text("en") for name in PRODUCTS)
    with pytest.raises(SettingsError, match="没有说要"):
        write_pack(scenario(), tmp_path / "out", ["", " "])
    assert not (tmp_path / "out").exists()


def test_progress_names_each_product_and_ends_at_all(tmp_path: Path) -> None:
    told: list[PackProgress] = []
    write_pack(scenario(), tmp_path, ["csv", "xlsx"], progress=told.append)
    assert list(dict.fromkeys(state.product for state in told)) == ["xlsx", "csv", ""]
    shares = [state.share for state in told]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0


def test_options_are_understood_as_people_type_them() -> None:
    given = {
        "encoding": "gbk",
        "paper": " a4",
        "crs": "4490",
        "maker": " 县委\n组织部 ",
        "png": None,
    }
    options = options_from(given)
    assert (options.encoding, options.paper, options.crs) == ("GBK", "A4", "EPSG:4490")
    assert options.maker == "县委 组织部"
    assert options_from({"crs": ""}).crs is None
    assert options_from({"encoding": "utf8", "crs": "AUTO"}).crs == "auto"
    assert options_from(remembered(options)) == options


def test_every_option_that_cannot_be_used_is_told_at_once() -> None:
    given = {"encoding": "big5", "paper": "A0", "crs": "nowhere", "png": "yes", "colours": 3}
    with pytest.raises(SettingsError) as raised:
        options_from(given)
    assert {fault.where.field for fault in raised.value.faults} == set(given)
    assert "UTF-8, GBK" in raised.value.text("en")


def test_files_may_lie_in_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace
    from types import MappingProxyType

    from liancun_geo.output import pack
    from liancun_geo.output.products import Product

    def fill(_s: object, stage: object, _o: object, tell: object) -> None:
        stage.path("maps/a.txt").write_text("1")  # type: ignore[attr-defined]
        tell(1, 1)  # type: ignore[operator]

    one = Product("x", lambda _s, _o: ("maps/a.txt",), fill)
    two = replace(one, name="y")
    monkeypatch.setattr(pack, "PRODUCTS", MappingProxyType({"x": one, "y": two}))
    write_pack(scenario(), tmp_path, ["x"])
    assert (tmp_path / "maps" / "a.txt").read_text() == "1"
    # What two products would both write is a mistake of the program, seen before anything is.
    with pytest.raises(ValueError, match="several products"):
        write_pack(scenario(), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_what_a_format_cannot_hold_is_told(tmp_path: Path) -> None:
    remarks: list[Fault] = []
    gbk = PackOptions(encoding="GBK", crs="EPSG:4490")
    write_pack(scenario(), tmp_path, ["shp", "gpkg"], gbk, remarks=remarks)
    assert [fault.key for fault in remarks] == ["gis.characters_replaced"]
    # Both layers are in the coordinates asked for.
    assert pyogrio.read_info(tmp_path / "plan.gpkg", layer="villages")["crs"] == "EPSG:4490"
    zipped = f"/vsizip/{tmp_path}/plan_shapefile.zip/villages.shp"
    assert pyogrio.read_info(zipped)["crs"] == "EPSG:4490"


def test_language_of_the_plan_file(tmp_path: Path) -> None:
    write_pack(scenario(), tmp_path, ["plan"], PackOptions(language="en", created=DATE))
    assert json.loads((tmp_path / "plan.json").read_text("utf-8"))["language"] == "en"


def test_papers_bear_the_date_of_china(tmp_path: Path) -> None:
    # In the evening of one day in Greenwich it is the morning of the next one there.
    evening = PackOptions(created=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    names = ["xlsx", "consultation", "html"]
    names += ["docx"] if "docx" in products_here() else []
    for path in write_pack(scenario(), tmp_path, names, evening):
        if path.suffix == ".html":
            parts = [path.read_text("utf-8")]
        else:
            with zipfile.ZipFile(path) as archive:
                # Not the properties of the file, which say the hour as well.
                inside = [one for one in archive.namelist() if not one.startswith("docProps/")]
                parts = [archive.read(one).decode() for one in inside if one.endswith(".xml")]
        text = " ".join(parts)
        assert "2026-03-01" in text or "2026年3月1日" in text.replace(" ", ""), path.name
        assert "2026-02-28" not in text.replace("2026-02-28T23:30:00Z", ""), path.name


def test_an_alliance_has_its_colour_on_every_map(tmp_path: Path) -> None:
    from liancun_geo.output.picture.colours import PALETTE
    from liancun_geo.output.picture.scene import plan_colours
    from liancun_geo.output.printing.chart import prepare
    from liancun_geo.output.products import forget_shared, layers_of
    from liancun_geo.output.web_map.contents import contents

    plan = scenario()
    codes = [str(plan.villages.frame["code"].iat[one.lead]) for one in plan.alliances]
    new = plan_colours(plan)
    wanted = tuple((colour + 3) % len(PALETTE) for colour in new)
    options = PackOptions(lasting=tuple(zip(codes, wanted, strict=True)), created=DATE)
    layers = layers_of(plan, options)
    assert layers_of(plan, PackOptions())["alliances"]["colour"].tolist() != (
        layers["alliances"]["colour"].tolist()
    )
    forget_shared()
    assert layers["alliances"]["colour"].tolist() == [PALETTE[one] for one in wanted]
    told = contents(plan, layers["alliances"], DATE, "zh")
    assert told["plan"]["colours"] == list(wanted)
    assert prepare(plan, options.lasting).fills["colour"] == wanted
    # Who is known keeps its colour, whoever is new takes its own.
    assert plan_colours(plan, options.lasting[:1]) == (wanted[0], *new[1:])
    # A stray place in the palette is nobody's colour.
    assert plan_colours(plan, ((codes[0], 99),)) == new
    write_pack(plan, tmp_path, ["geojson"], options)
    drawn = pyogrio.read_dataframe(tmp_path / "alliances.geojson")
    assert drawn["colour"].tolist() == [PALETTE[one] for one in wanted]
