"""Names of villages and townships in every form, and those that must not be confused."""

from __future__ import annotations

from faulty.build import case
from faulty.county import County


@case
def name_full_suffix(county: County) -> None:
    county.without_codes()
    county.put("370499102202", "村名", "熊背村村民委员会")
    county.put("370499100202", "村名", "李家村委会")


@case
def name_without_suffix(county: County) -> None:
    county.without_codes()
    county.put("370499102202", "村名", "熊背")


@case
def name_wang_quan(county: County) -> None:
    county.without_codes()
    county.put("370499102204", "村名", "王权村村民委员会")
    county.put("370499102203", "村名", "康村委会")


@case
def name_with_typo(county: County) -> None:
    county.without_codes()
    county.put("370499102202", "村名", "熊背材")


@case
def name_traditional(county: County) -> None:
    county.without_codes()
    county.put("370499101203", "村名", "後嶺村")


@case
def name_with_township_in_front(county: County) -> None:
    county.without_codes()
    county.put("370499101202", "村名", "北庄镇前岭村")


@case
def name_with_spaces(county: County) -> None:
    county.without_codes()
    county.put("370499100202", "村名", " 李 家 村\u3000")


@case
def name_with_newline(county: County) -> None:
    county.put("370499100202", "村名", "李家\n村")


@case
def name_with_zero_width_space(county: County) -> None:
    county.without_codes()
    county.put("370499100202", "村名", "\ufeff李家\u200b村")


@case
def name_with_remark(county: County) -> None:
    county.without_codes()
    county.put("370499102203", "村名", "康村（省级贫困村）")


@case
def same_name_two_townships(county: County) -> None:
    county.without_codes()
    county.put("370499100201", "乡镇", None)


@case
def same_name_without_any_township(county: County) -> None:
    county.without_codes()
    county.header = county.header[1:]
    county.rows = [row[1:] for row in county.rows]


@case
def community_and_village(county: County) -> None:
    county.without_codes()
    county.put("370499101001", "村名", "大黎")


@case
def community_called_village(county: County) -> None:
    # The row of the community is called like the village, which has no row then.
    county.without_codes()
    county.put("370499101001", "村名", "大黎村")
    del county.rows[5]


@case
def name_east_for_west(county: County) -> None:
    county.without_codes()
    county.put("370499100204", "村名", "东河岔村")


@case
def name_front_for_back(county: County) -> None:
    county.without_codes()
    county.put("370499101203", "村名", "前岭村")
    del county.rows[6]


@case
def name_without_direction(county: County) -> None:
    county.without_codes()
    county.put("370499100203", "村名", "河岔村")


@case
def township_without_suffix(county: County) -> None:
    county.without_codes()
    county.change("乡镇", lambda name: name.removesuffix("镇"))


@case
def township_misspelt(county: County) -> None:
    county.without_codes()
    county.change("乡镇", lambda name: name.replace("水泉", "水全"))


@case
def township_of_another(county: County) -> None:
    county.put("370499100203", "乡镇", "北庄镇")


@case
def township_missing_in_layer(county: County) -> None:
    county.townships = [None] * 12
    county.township_codes = [None] * 12


@case
def layer_with_names_only(county: County) -> None:
    county.codes = None  # type: ignore[assignment]
    county.township_codes = None  # type: ignore[assignment]
    county.without_codes()


@case
def layer_with_two_of_one_name(county: County) -> None:
    county.codes = None  # type: ignore[assignment]
    county.township_codes = None  # type: ignore[assignment]
    county.names[3] = county.names[2]
    county.without_codes()


@case
def layer_without_names(county: County) -> None:
    county.names = None  # type: ignore[assignment]
    county.rows = [[row[0], row[1], None, *row[3:]] for row in county.rows]
