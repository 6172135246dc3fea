"""Names of fields within the 10 bytes that a DBF file allows: chosen, never cut off.

A Chinese character takes two bytes in GBK and three in UTF-8, so Chinese names come in two sets:
five characters and three.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from liancun_geo.messages import Language
from liancun_geo.output.options import Encoding


class _Names(NamedTuple):
    english: str
    gbk: str
    utf8: str


_NAMES: Final[Mapping[str, _Names]] = MappingProxyType(
    {
        name: _Names(english, gbk, utf8)
        for name, english, gbk, utf8 in (
            ("code", "code", "村代码", "村代码"),
            ("name", "name", "村名", "村名"),
            ("township_code", "town_code", "乡镇代码", "镇代码"),
            ("township", "township", "乡镇", "乡镇"),
            ("county", "county", "县", "县"),
            ("urban_rural_class", "urb_rural", "城乡分类", "城乡类"),
            ("population_registered_persons", "pop_reg", "户籍人口", "户籍人"),
            ("population_resident_persons", "pop_res", "常住人口", "常住人"),
            ("households", "households", "户数", "户数"),
            ("party_members_persons", "party_mem", "党员数", "党员数"),
            ("collective_income_wan_yuan", "coll_inc", "集体收入", "村收入"),
            ("collective_income_year", "coll_year", "收入年度", "收入年"),
            ("income_per_head_yuan", "inc_head", "人均收入", "人均元"),
            ("arable_land_mu", "arable_mu", "耕地亩", "耕地亩"),
            ("transferable_land_mu", "transf_mu", "可流转亩", "流转亩"),
            ("industries", "industries", "产业", "产业"),
            ("enterprises", "enterprise", "企业", "企业"),
            ("weak_organisation", "weak_org", "软弱涣散", "软弱"),
            ("weak_economy", "weak_econ", "经济薄弱", "经济弱"),
            ("village_class", "vill_class", "村庄分类", "村分类"),
            ("resettlement", "resettle", "回迁安置", "回迁"),
            ("secretary_in_post", "secretary", "书记在任", "有书记"),
            ("existing_alliance", "exist_alli", "已有片区", "原片区"),
            ("alliance_id", "alli_id", "片区编号", "片区号"),
            ("alliance_name", "alli_name", "片区名称", "片区名"),
            ("role", "role", "角色", "角色"),
            ("lead_code", "lead_code", "领建村代码", "领建码"),
            ("lead_name", "lead_name", "领建村", "领建村"),
            ("reason", "reason", "不入片理由", "理由"),
            ("colour", "colour", "片区颜色", "颜色"),
            ("member_codes", "memb_codes", "各联建码", "各村码"),
            ("member_names", "memb_names", "各联建村", "各村名"),
            ("villages", "villages", "村数", "村数"),
            ("alliance_type", "alli_type", "联建类型", "类型"),
            ("party_body", "party_body", "党组织", "党组织"),
            ("core_enterprise", "core_enter", "核心企业", "核企业"),
            ("population_registered_persons_missing", "popreg_na", "户籍缺村", "户籍缺"),
            ("population_resident_persons_missing", "popres_na", "常住缺村", "常住缺"),
            ("households_missing", "househ_na", "户数缺村", "户数缺"),
            ("party_members_persons_missing", "party_na", "党员缺村", "党员缺"),
            ("collective_income_wan_yuan_missing", "income_na", "收入缺村", "收入缺"),
            ("arable_land_mu_missing", "arable_na", "耕地缺村", "耕地缺"),
            ("transferable_land_mu_missing", "transf_na", "流转缺村", "流转缺"),
            ("industries_missing", "indust_na", "产业缺村", "产业缺"),
            ("area_km2", "area_km2", "面积km2", "面积km2"),
            ("member_code", "memb_code", "联建村代码", "联建码"),
            ("member_name", "memb_name", "联建村", "联建村"),
            ("distance_m", "distance_m", "直线距离m", "距离m"),
            ("travel_min", "travel_min", "车程分钟", "车程分"),
            ("shared_border_m", "border_m", "共边长度m", "共边m"),
            ("pair_cost", "pair_cost", "搭配代价", "代价"),
        )
    }
)


def short_names(language: Language, encoding: Encoding) -> Mapping[str, str]:
    """Return canonical name -> name in a shapefile, unique, at most 10 bytes in the encoding.

    Parameters
    ----------
    language
        English names are ASCII in either encoding.
    encoding
        Of the DBF file.
    """
    kind = 0 if language == "en" else 1 if encoding == "GBK" else 2
    return MappingProxyType({name: names[kind] for name, names in _NAMES.items()})
