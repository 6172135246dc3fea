"""The page and the pictures of the worked examples; run by ``python -m scripts.make_cases``."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

from liancun_geo.output.picture.scene import build_scene
from liancun_geo.scenario import Scenario
from liancun_geo.studio.drawing import map_page
from liancun_geo.studio.markup import shipped
from liancun_geo.studio.words import Words
from liancun_geo.typology import TypedAlliance, classify
from liancun_geo.why import Explainer
from scripts.make_cases import CASES

INVENTED = "几何为虚构 · invented geometry"
FONTS = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif'


def draw(case: dict[str, Any], scenario: Scenario) -> str:
    """Return the plan of a case as SVG, drawn as the application draws it."""
    page = map_page(build_scene(scenario), Words("zh"), township=0)
    found = re.search(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert found is not None
    # The page scales type with the window; a picture has one size.
    svg = ET.fromstring(re.sub(r"calc\(([\d.]+)px \* var\(--type\)\)", r"\1px", found.group()))
    left, top, wide, high = (float(value) for value in svg.attrib["viewBox"].split())
    band = 0.085 * high
    svg.attrib["viewBox"] = f"{left:.2f} {top - band:.2f} {wide:.2f} {high + band:.2f}"
    svg.attrib["width"], svg.attrib["height"] = "960", f"{960 * (high + band) / wide:.0f}"
    svg.attrib["aria-label"] = f"{case['title']} ({INVENTED})"
    style = ET.Element("style")
    style.text = f"{shipped('map.css')}\nsvg {{ font-family: {FONTS}; }}"
    ground = ET.Element("rect", {"fill": "#EDF1F3"})
    for name, value in (("x", left), ("y", top - band), ("width", wide), ("height", high + band)):
        ground.attrib[name] = f"{value:.2f}"
    svg.insert(0, style)
    svg.insert(1, ground)
    line = f"{top - 0.3 * band:.2f}"
    for text, x, anchor, fill, size in (
        (f"{case['county']}{case['township']} {case['title']}", 0.02, "start", "#1B2A34", 0.5),
        (INVENTED, 0.98, "end", "#8A4B08", 0.42),
    ):
        look = f"font-size: {size * band:.2f}px; text-anchor: {anchor}; fill: {fill}"
        place = {"x": f"{left + x * wide:.2f}", "y": line, "style": look}
        ET.SubElement(svg, "text", place).text = text
    svg.attrib["xmlns"] = "http://www.w3.org/2000/svg"
    return ET.tostring(svg, encoding="unicode") + "\n"


def alliance_of(case: dict[str, Any], scenario: Scenario) -> TypedAlliance:
    """Return the alliance that has the first published village of a case."""
    names = scenario.villages.frame["name"].tolist()
    first = names.index(case.get("lead", case["members"][0]))
    return next(one for one in classify(scenario) if first in one.alliance.villages)


def document(facts: dict[str, Any], planned: list[tuple[dict[str, Any], Scenario]]) -> str:
    """Return docs/cases.md."""
    sources = facts["source"]
    introduction = (CASES / "introduction.md").read_text(encoding="utf-8")
    parts = [
        introduction.format(z=_source(sources["Z"]), s=_source(sources["S"]), cases=len(planned))
    ]
    parts += [_section(case, scenario, sources) for case, scenario in planned]
    parts.append(
        "## Cases that cannot be drawn (画不出的案例)\n\n"
        "| case | source | 原因 | why |\n|---|---|---|---|\n"
    )
    parts += [
        f"| {one['title']} | {one['source']} | {one['zh']} | {one['en']} |\n"
        for one in facts["not_drawn"]
    ]
    return "".join(parts)


def _source(source: dict[str, Any]) -> str:
    return f"{source['zh']} ({source['en']})"


def _section(case: dict[str, Any], scenario: Scenario, sources: dict[str, Any]) -> str:
    source = sources[case["source"]]
    typed = alliance_of(case, scenario)
    names = scenario.villages.frame["name"].tolist()
    lead, *members = (names[village] for village in typed.alliance.villages)
    explainer = Explainer(scenario)
    of_lead = explainer.card(typed.alliance.lead)
    of_member = explainer.card(typed.alliance.members[0])
    why = [
        line
        for language in ("zh", "en")
        for line in (*of_lead.text(language)[:2], *of_member.text(language)[:5])
    ]
    published = case.get("lead", "未公布 not published")
    if case.get("lead_inferred"):
        published += "（由名称推断 inferred from the name）"
    lines = [
        f"## {case['title']} (`{case['id']}`)",
        f"![{case['title']}: {INVENTED}](images/cases/{case['id']}.svg)",
        f"- 公布 Published ({case['source']}): {case['county']}{case['township']}; "
        f"领建村 lead {published}; 联建村 members {'、'.join(case['members'])}; "
        f"类型 type {case['type']}.",
        f"- 原文 Quote: “{case['quote']}”",
        f"- 规则 Rules: {source['rule_zh']}. {source['rule_en']}.",
    ]
    lines += [f"- {case[key]}" for key in ("note_zh", "note_en") if key in case]
    proven = scenario.result.status == "optimal"
    lines += [
        f"- 结果 Result: **{lead}** + {'、'.join(members)}; "
        f"{typed.name('zh')} ({typed.name('en')}); {typed.party_body.short('zh')}; "
        f"{'已证明最优 proven optimal' if proven else '未证明 not proven'}.",
        f"- 类型依据 Why this type: {typed.reason('zh')} {typed.reason('en')}",
        "- 为什么 Why, from the cards of the lead and one member (数字为虚构 figures invented):",
        *(f"  - {line}" for line in why),
    ]
    head, picture, *rest = lines
    return f"{head}\n\n{picture}\n\n" + "\n".join(rest) + "\n\n"
