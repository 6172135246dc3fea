"""Ledgers read: headers, units, totals, joins with the boundaries."""

import zipfile

import pytest
from intake_helpers import CODES, NAMES, faults_of, gpkg, keys, ledger_rows, workbook
from ledger_cases import POPULATION, _faults, _population, _read

from liancun_geo.intake import read_villages


# Finding the table
def test_titles_totals_notes_and_blank_rows_are_no_villages(tmp_path):
    head, *body = ledger_rows()
    rows = [
        ["城头镇村情台账"],
        ["单位：人、亩"],
        head,
        *body[:2],
        [],
        *body[2:],
        ["合 计", None, 3340],
        ["注：数据截至2023年底"],
    ]
    table = _read(tmp_path, rows)
    assert _population(table) == POPULATION
    skipped = {f.key: f.where.row for f in table.warnings if f.key.endswith("_row")}
    assert skipped == {"intake.total_row": 9, "intake.note_row": 10}


def test_row_numbers_are_those_of_the_sheet(tmp_path):
    rows = [["台账"], [], *ledger_rows(values=(1200, "约480", 900, 760))]
    (fault,) = _faults(tmp_path, rows)
    where = fault.where
    assert (where.file, where.sheet, where.row, where.field) == (
        "ledger.xlsx",
        "台账",
        5,
        "户籍人口",
    )
    assert (where.village, where.code) == ("李家村", CODES[1])


def test_all_sheets_are_read_and_complete_each_other(tmp_path):
    sheets = {"人口": ledger_rows(), "党员": ledger_rows("党员数", (30, 12, 25, 20)), "空": []}
    table = _read(tmp_path, sheets=sheets)
    assert _population(table) == POPULATION
    assert table.frame["party_members_persons"].tolist() == [30, 12, 25, 20]
    table = _read(tmp_path, sheets=sheets, data={"sheets": ["人口"]})
    assert table.frame["party_members_persons"].isna().all()
    assert keys(_faults(tmp_path, sheets=sheets, data={"sheets": ["收入"]}))[0] == (
        "intake.sheet_missing"
    )


def test_sheet_without_header_warns_if_others_work_and_stops_if_none_does(tmp_path):
    sheets = {"台账": ledger_rows(), "说明": [["填写说明", "甲", "乙"]]}
    assert "intake.no_header" in keys(_read(tmp_path, sheets=sheets).warnings)
    assert "intake.no_header" in keys(_faults(tmp_path, [["甲", "乙"], [1, 2]]))


def test_several_ledgers(tmp_path):
    first = workbook(tmp_path, ledger_rows(), name="a.xlsx")
    second = workbook(tmp_path, ledger_rows("户数", (300, 100, 200, 150)), name="b.xlsx")
    table = read_villages(gpkg(tmp_path), [first, second])
    assert table.frame["households"].tolist() == [300, 100, 200, 150]
    assert [source.role for source in table.sources] == ["boundaries", "ledger", "ledger"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_usual_form(tmp_path, delimiter, encoding):
    path = tmp_path / "ledger.csv"
    lines = [delimiter.join(str(cell) for cell in row) for row in ledger_rows()]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    table = _read(tmp_path, ledger=path)
    assert _population(table) == POPULATION
    assert table.sources[1].encoding == {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def test_unquoted_thousands_that_shift_a_csv_row_are_a_fault(tmp_path):
    path = tmp_path / "ledger.csv"
    rows = ["村代码,村名,户籍人口", *(f"{c},{n},1,200" for c, n in zip(CODES, NAMES, strict=True))]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert keys(_faults(tmp_path, ledger=path))[:4] == ["intake.row_too_long"] * 4


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "intake.old_xls"),
        (
            "b.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "intake.password",
        ),
        ("c.xlsx", b"PK\x03\x04" + b"\0" * 80, "intake.damaged"),
        ("d.xlsx", b"code,name", "intake.not_its_ending"),
        ("e.csv", b"PK\x03\x04" + b"\0" * 80, "intake.not_its_ending"),
        ("f.csv", b'code,name\n"1,2', "intake.damaged"),
        ("g.csv", b"code\xff\xff\xff,x\n", "intake.not_text"),
        ("h.doc", b"x", "intake.ledger_format"),
        ("i.xls", b"x", "intake.not_its_ending"),
        ("l.xls", b" <html><table>", "ledger.xls_is_html"),
        ("m.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "intake.damaged"),
        ("j.csv", b"", "intake.empty_file"),
        ("k.csv", b"\n\n", "intake.ledger_empty"),
    ],
)
def test_ledgers_that_cannot_be_read_are_faults(tmp_path, name, content, key):
    path = tmp_path / name
    path.write_bytes(content)
    assert keys(_faults(tmp_path, ledger=path))[0] == key


def test_truncated_workbook(tmp_path):
    path = workbook(tmp_path, ledger_rows())
    path.write_bytes(path.read_bytes()[:-400])
    assert keys(_faults(tmp_path, ledger=path)) == ["intake.damaged"]


def test_faults_of_boundaries_and_ledger_come_together(tmp_path):
    ledger = workbook(tmp_path, ledger_rows(values=("abc", 1, 2, -3)))
    found = keys(faults_of(tmp_path / "absent.shp", ledger))
    assert found == ["intake.not_found", "intake.not_a_number", "intake.negative"]


def test_wrong_extent_of_a_sheet_does_not_cut_it_short(tmp_path):
    path = workbook(tmp_path, ledger_rows())
    wrong = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(wrong, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                assert b'<dimension ref="A1:C5"' in content
                content = content.replace(b'<dimension ref="A1:C5"', b'<dimension ref="A1:B2"')
            target.writestr(entry.filename, content)
    assert _population(_read(tmp_path, ledger=wrong)) == POPULATION


def test_formula_that_was_never_calculated_is_not_a_blank(tmp_path):
    rows = ledger_rows(values=(1200, "=C2-720", 900, 760))
    (fault,) = _faults(tmp_path, rows)
    assert fault.key == "intake.formula_without_value"
    assert fault.params["cell"] == "C3"


def test_formula_of_a_total_that_was_never_calculated_is_nobodys_business(tmp_path):
    rows = [*ledger_rows(values=(1200, 480, 900, 760)), ["合计", None, "=SUM(C2:C5)"]]
    assert _population(_read(tmp_path, rows)) == [1200, 480, 900, 760]


def test_figures_beyond_all_reason(tmp_path):
    (fault,) = _faults(tmp_path, ledger_rows(values=(1e308, 480, 900, 760)))
    assert (fault.key, fault.where.row) == ("intake.too_large", 2)


# Headers and units
def test_canonical_and_labelled_headers_are_known(tmp_path):
    rows = ledger_rows("population_resident_persons")
    assert _read(tmp_path, rows).frame["population_resident_persons"].tolist() == POPULATION
    rows = ledger_rows("  村集体 经营性收入\n（万元） ")
    assert _read(tmp_path, rows).frame["collective_income_wan_yuan"].tolist() == POPULATION


@pytest.mark.parametrize(
    ("header", "field", "factor"),
    [
        ("村集体经营性收入（元）", "collective_income_wan_yuan", 1e-4),
        ("村集体经营性收入(千元)", "collective_income_wan_yuan", 0.1),
        ("2023年集体收入（万元）", "collective_income_wan_yuan", 1),
        ("人均可支配收入（万元）", "income_per_head_yuan", 1e4),
        ("耕地面积（公顷）", "arable_land_mu", 15),
        ("耕地面积（平方公里）", "arable_land_mu", 1500),
        ("耕地面积_亩", "arable_land_mu", 1),
        ("可流转土地（平方米）", "transferable_land_mu", 0.0015),
        ("户籍人口（2023年末）", "population_registered_persons", 1),
    ],
)
def test_stated_units_are_converted_exactly(tmp_path, header, field, factor):
    table = _read(tmp_path, ledger_rows(header))
    assert table.frame[field].tolist() == pytest.approx([v * factor for v in POPULATION], rel=1e-15)
    assert "intake.unit_assumed" not in keys(table.warnings)


def test_unit_of_the_title_counts_and_none_at_all_is_said(tmp_path):
    rows = ledger_rows("集体收入")
    table = _read(tmp_path, rows)
    (note,) = [fault for fault in table.warnings if fault.key == "intake.unit_assumed"]
    assert note.params["unit"] == "万元"
    # Beside the office that filled it in, too.
    for title in ("村情台账（单位：元、亩）", "填报单位：县委组织部   单位：人、元、亩"):
        table = _read(tmp_path, [[title], *rows])
        assert table.frame["collective_income_wan_yuan"].tolist() == [0.12, 0.048, 0.09, 0.076]
        assert "intake.unit_assumed" not in keys(table.warnings)


def test_unit_that_cannot_be_is_a_fault(tmp_path):
    assert keys(_faults(tmp_path, ledger_rows("耕地面积（万元）"))) == ["intake.unit_wrong"]
    rows = ledger_rows("集体收入（美元）")
    assert keys(_faults(tmp_path, rows)) == ["intake.unit_unknown"]
    fields = {"collective_income_wan_yuan": "集体收入（美元）"}
    assert "intake.unit_assumed" in keys(_read(tmp_path, rows, fields=fields).warnings)


def test_two_headers_for_one_field_are_a_fault_until_one_is_named(tmp_path):
    head, *body = ledger_rows()
    rows = [[*head, "户籍总人口"], *([*row, 1] for row in body)]
    (fault,) = _faults(tmp_path, rows)
    assert fault.key == "intake.headers_ambiguous"
    assert fault.params["headers"] == "“户籍人口”、“户籍总人口”"
    fields = {"population_registered_persons": "户籍人口"}
    assert _population(_read(tmp_path, rows, fields=fields)) == POPULATION


def test_general_headers_give_way_to_exact_ones(tmp_path):
    head, *body = ledger_rows()
    rows = [[*head, "总人口"], *([*row, 1] for row in body)]
    assert _population(_read(tmp_path, rows)) == POPULATION
    table = _read(tmp_path, ledger_rows("总人口"))
    assert _population(table) == POPULATION
    assert "intake.header_assumed" in keys(table.warnings)


def test_named_header_that_does_not_exist_lists_those_that_do(tmp_path):
    (fault,) = _faults(tmp_path, ledger_rows(), fields={"households": "户数合计"})
    assert fault.key == "intake.header_missing"
    assert fault.params["headers"] == "村代码、村名、乡镇、户籍人口"


def test_unused_columns_are_listed(tmp_path):
    table = _read(tmp_path, ledger_rows("联系电话"))
    assert any("联系电话" in str(fault.params.get("headers")) for fault in table.warnings)
