"""From a plan to the contents of the report."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from liancun_geo.compare import difference, figures
from liancun_geo.messages import Language, Listing, message
from liancun_geo.output.columns import meaning
from liancun_geo.output.document import plan_document
from liancun_geo.output.export import clean, file_name, office_time, sentence
from liancun_geo.output.paper.alliances import AllianceTeller
from liancun_geo.output.paper.content import Figure, Report, Row, Table, TownshipSection
from liancun_geo.points import PER_VILLAGE
from liancun_geo.quality import COLUMNS, quality_sheet
from liancun_geo.settings import Settings

if TYPE_CHECKING:
    from liancun_geo.editing.answers import Objection
    from liancun_geo.scenario import NamedAlliance, Scenario
    from liancun_geo.solve import ZoneResult

_MOST_NOTES = 40
_ALWAYS = ("rules.", "criteria.")
_COMPARED = (
    "placed_share",
    "weak_placed_share",
    "size_sd",
    "distance_mean",
    "distance_max",
    "travel_mean",
    "similar_share",
    "weaker_share",
    "contrast_mean",
    "points",
)
"""Measures of the plan quality sheet that a meeting asks about; the workbook has them all."""


def gather(
    scenario: Scenario,
    language: Language,
    created: datetime,
    *,
    plan_name: str = "",
    maker: str = "",
    others: Mapping[str, Scenario] | None = None,
    objections: Sequence[Objection] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Put the contents of the report together.

    Parameters
    ----------
    scenario
        A plan.
    language
        Of every sentence.
    created
        When it is made; the title page bears the date in China.
    plan_name, maker
        Of the plan and of the office that made it; left blank if empty.
    others
        Other plans of the same villages by name, to be laid beside this one.
    objections
        What villages answered when they were asked, and what came of it. Villages that agreed
        and stay are counted, not listed.
    progress
        Called with (alliances told, alliances in all): each is explained by solving again.
    """
    say = Say(language)
    document = plan_document(scenario, language, created=created)
    townships = tuple(_townships(scenario, say, progress))
    sheet = quality_sheet(scenario)
    county, day = county_name(scenario), office_time(created)
    return Report(
        title=say("title_of" if county else "title", county=county),
        county=county,
        plan_name=clean(plan_name),
        maker=clean(maker),
        date=say("date", year=day.year, month=day.month, day=day.day),
        figures=tuple(_figures(scenario, say)),
        summary=tuple(_summary(scenario, say)),
        method=tuple(_method(scenario, say)),
        proofs=_proofs(scenario, say),
        overview_caption=say("overview", count=len(scenario.alliances)),
        townships=townships,
        comparison=_comparison(sheet, say),
        comparison_notes=sheet.notes(language),
        others=_others(scenario, others or {}, say),
        objections_note=_answered(objections, say),
        objections=_objections(scenario, objections, say),
        unplaced_note=say("unplaced_some" if scenario.unassigned else "unplaced_none"),
        unplaced=_unplaced(scenario, say),
        data_notes=tuple(_data_notes(scenario, say)),
        sources=_sources(document, say),
        settings=_settings(document, say),
        record=_record(document, say),
    )


class Say:
    """The words of the report in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **params: Any) -> str:
        """Return a sentence of the report's own topic."""
        return message(f"paper.{key}", self.language, **params)

    def heading(self, *names: str) -> tuple[str, ...]:
        """Return the heading of a table."""
        return tuple(self(f"heading_{name}") for name in names)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Return a number with thousands apart, or that it is not known."""
        if value is None or not math.isfinite(value):
            return self("unknown")
        return f"{value:,.{decimals}f}"


def county_name(scenario: Scenario) -> str:
    """Return the name of the county, empty if the villages tell of none or of several."""
    names = {clean(str(name)) for name in scenario.villages.frame["county"].dropna()}
    return names.pop() if len(names) == 1 else ""


def _figures(scenario: Scenario, say: Say) -> Iterable[Figure]:
    found = figures(scenario)
    townships = len({alliance.township for alliance in scenario.alliances})
    yield Figure(say.number(found.alliances), say("figure_alliances"))
    yield Figure(say.number(found.placed), say("figure_placed"))
    yield Figure(say.number(townships), say("figure_townships"))
    yield Figure(say.number(found.total, 1), say("figure_points"))
    yield Figure(_distance(found.distance_mean_km, say), say("figure_distance"))


def _distance(km: float | None, say: Say) -> str:
    return say("unknown") if km is None else say("km", value=f"{km:.1f}")


def _summary(scenario: Scenario, say: Say) -> Iterable[str]:
    found = figures(scenario)
    sizes = [len(alliance.villages) for alliance in scenario.alliances]
    if not sizes:
        yield say("summary_nothing")
    else:
        yield say(
            "summary",
            townships=len({a.township for a in scenario.alliances}),
            placed=found.placed,
            alliances=found.alliances,
            least=min(sizes),
            most=max(sizes),
        )
    left_out = len(scenario.unassigned)
    yield say("summary_left_out", count=left_out) if left_out else say("summary_all_placed")
    yield county_proof(scenario, say)
    if found.distance_mean_km is not None and found.distance_max_km is not None:
        yield say(
            "summary_distance",
            mean=f"{found.distance_mean_km:.1f}",
            most=f"{found.distance_max_km:.1f}",
        )
    if found.weak:
        yield say("summary_weak", weak=found.weak, led=found.weak_led)
    if found.similar_share is not None:
        yield say("summary_similar", share=f"{100 * found.similar_share:.0f}")
    kinds = _kinds(scenario, say)
    if kinds:
        yield say("summary_kinds", kinds=kinds)
    yield say("unchanged")


def _kinds(scenario: Scenario, say: Say) -> Listing | None:
    from liancun_geo.typology import classify

    counts: dict[str, int] = {}
    for typed in classify(scenario):
        name = clean(typed.name(say.language))
        counts[name] = counts.get(name, 0) + 1
    told = [
        say("kind_count", kind=kind, count=count)
        for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Listing(told) if told else None


def county_proof(scenario: Scenario, say: Say) -> str:
    """Return how sure it is that no plan is better, in one sentence."""
    result = scenario.result
    if scenario.violations:
        return say("proof_broken", count=len(scenario.violations))
    if result.status == "optimal":
        return say("proof_optimal")
    return _gap(result.objective, result.bound, result.status, say)


def _gap(cost: float, bound: float, status: str, say: Say) -> str:
    if status == "infeasible":
        return say("proof_infeasible")
    if not (math.isfinite(cost) and math.isfinite(bound)):
        return say("proof_unknown")
    return say("proof_gap", more=f"{PER_VILLAGE * max(0.0, cost - bound):,.1f}")


def _zone_proof(zones: Sequence[ZoneResult], say: Say) -> str:
    if all(zone.status == "optimal" for zone in zones):
        return say("proof_zone_optimal")
    worst = next((z for z in zones if z.status == "infeasible"), None)
    if worst is not None:
        return say("proof_infeasible")
    cost, bound = (math.fsum(getattr(z, name) for z in zones) for name in ("objective", "bound"))
    return _gap(cost, bound, "feasible", say)


def _method(scenario: Scenario, say: Say) -> Iterable[str]:
    settings = scenario.settings
    least, most = settings.rules.min_size, settings.rules.max_size
    yield say("method_alliance", least=least, most=most)
    leads = {name: w for name, w in scenario.leads.weights.items() if w > 0}
    yield say("method_leads", weights=_weights(leads, "indicator", say))
    pairs = {name: w for name, w in scenario.pairs.weights.items() if w > 0}
    yield say("method_pairs", weights=_weights(pairs, "component", say))
    yield say("method_points", most=f"{PER_VILLAGE:g}")
    yield say("method_solver")
    yield say("method_limits")


def _weights(weights: Mapping[str, float], kind: str, say: Say) -> Listing:
    total = math.fsum(weights.values()) or 1.0
    return Listing(
        say("weight", name=say(f"{kind}_{name}"), share=f"{100 * weight / total:.0f}")
        for name, weight in weights.items()
    )


def _proofs(scenario: Scenario, say: Say) -> Table:
    rows = []
    for township, alliances in by_township(scenario):
        zones = _zones_of(scenario, alliances)
        villages = sum(len(alliance.villages) for alliance in alliances)
        cells = (township, str(len(alliances)), say.number(villages), _zone_proof(zones, say))
        rows.append(Row(cells))
    return Table(say.heading("township", "alliances", "placed", "proof"), tuple(rows))


def by_township(scenario: Scenario) -> list[tuple[str, list[NamedAlliance]]]:
    """Return the townships of the leads with their alliances, in the order of the plan."""
    found: dict[str, list[NamedAlliance]] = {}
    for alliance in scenario.alliances:
        found.setdefault(clean(alliance.township), []).append(alliance)
    return list(found.items())


def _zones_of(scenario: Scenario, alliances: Sequence[NamedAlliance]) -> list[ZoneResult]:
    numbers = {int(scenario.problem.zone_of[alliance.lead]) for alliance in alliances}
    return [scenario.result.zones[number] for number in sorted(numbers)]


def _townships(
    scenario: Scenario, say: Say, progress: Callable[[int, int], None] | None
) -> Iterable[TownshipSection]:
    teller = AllianceTeller(scenario, say)
    codes = scenario.villages.frame["township_code"].tolist()
    told = 0
    for township, alliances in by_township(scenario):
        sections = []
        for alliance in alliances:
            sections.append(teller.section(alliance))
            told += 1
            if progress is not None:
                progress(told, len(scenario.alliances))
        yield TownshipSection(
            name=township,
            code=clean(str(codes[alliances[0].lead])),
            summary=say(
                "township",
                township=township,
                alliances=len(alliances),
                villages=sum(len(alliance.villages) for alliance in alliances),
            ),
            proof=_zone_proof(_zones_of(scenario, alliances), say),
            table=teller.table(alliances),
            alliances=tuple(sections),
            unplaced=tuple(
                say("unplaced_village", village=clean(one.name), reason=_why_out(one, say))
                for one in scenario.unassigned
                if clean(one.township) == township
            ),
        )


def _why_out(one: Any, say: Say) -> str:
    return clean(sentence(one.reason, say.language))


def _unplaced(scenario: Scenario, say: Say) -> Table | None:
    if not scenario.unassigned:
        return None
    rows = tuple(
        Row((clean(one.township), clean(one.name), clean(one.code), _why_out(one, say)))
        for one in scenario.unassigned
    )
    return Table(say.heading("township", "village", "code", "reason"), rows)


def _answered(objections: Sequence[Objection], say: Say) -> str:
    if not objections:
        return say("objections_none")
    agreed = sum(one.answer == "agree" for one in objections)
    return say("objections_some", count=len(objections), agreed=agreed)


def _objections(scenario: Scenario, objections: Sequence[Objection], say: Say) -> Table | None:
    frame = scenario.villages.frame
    known = zip(frame["code"], frame["name"], frame["township"], strict=True)
    named = {str(code): (clean(str(name)), clean(str(town))) for code, name, town in known}
    language = say.language
    rows = tuple(
        Row(
            (
                named.get(one.village, ("", ""))[1],
                named.get(one.village, (one.village, ""))[0],
                one.answer_text(language),
                clean(one.reason),
                named.get(one.wish, (one.wish, ""))[0],
                one.outcome_text(language),
            )
        )
        for one in objections
        if (one.answer, one.outcome) != ("agree", "kept")
    )
    if not rows:
        return None
    return Table(say.heading("township", "village", "answer", "given", "wish", "outcome"), rows)


def _comparison(sheet: Any, say: Say) -> Table:
    language = say.language
    heading = (
        say("heading_measure"),
        say("heading_unit"),
        *(message(f"quality.column_{column}", language) for column in COLUMNS),
    )
    rows = []
    for row in sheet.rows:
        if row.metric.id not in _COMPARED:
            continue
        shown = (row.metric.shown(row.by_plan[column], language) for column in COLUMNS)
        unit = message(f"quality.unit_{row.metric.unit}", language)
        rows.append(Row((row.metric.text("name", language), unit, *shown)))
    return Table(heading, tuple(rows))


def _others(scenario: Scenario, others: Mapping[str, Scenario], say: Say) -> Table | None:
    if not others:
        return None
    rows = []
    for name, other in others.items():
        found = figures(other, judged_by=scenario)
        moved = len(difference(scenario, other).moved)
        rows.append(
            Row(
                (
                    clean(name),
                    say.number(found.alliances),
                    say.number(found.placed),
                    say.number(found.total, 1),
                    _distance(found.distance_mean_km, say),
                    say.number(moved),
                )
            )
        )
    heading = say.heading("plan", "alliances", "placed", "points", "distance", "otherwise")
    return Table(heading, tuple(rows))


def _data_notes(scenario: Scenario, say: Say) -> Iterable[str]:
    frame = scenario.villages.frame
    for field in ("population_registered_persons", "collective_income_wan_yuan", "industries"):
        missing = int(frame[field].isna().sum())
        if missing:
            label = meaning(field, say.language)
            yield say("data_missing", field=label, count=missing, of=len(frame))
    notes = [clean(fault.text(say.language)) for fault in scenario.warnings]
    yield from notes[:_MOST_NOTES]
    if len(notes) > _MOST_NOTES:
        yield say("data_more", count=len(notes) - _MOST_NOTES)
    if not notes:
        yield say("data_clean")


def _sources(document: Mapping[str, Any], say: Say) -> Table:
    rows = tuple(
        Row((clean(file_name(source["path"])), str(source["sha256"] or "")))
        for source in document["sources"]
    )
    return Table(say.heading("file", "sha256"), rows)


def _settings(document: Mapping[str, Any], say: Say) -> Table:
    """Return rules and weights, and whatever else is not as it comes."""
    default = dict(_flat(Settings().model_dump(mode="json")))
    rows = tuple(
        Row((name, json.dumps(value, ensure_ascii=False)))
        for name, value in _flat(document["settings"])
        if value not in (None, [], {}) and (name.startswith(_ALWAYS) or value != default.get(name))
    )
    return Table(say.heading("setting", "value"), rows)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _record(document: Mapping[str, Any], say: Say) -> Table:
    names = ("fingerprint", "checksum", "liancun_geo", "created", "seed", "projected_crs")
    rows = tuple(Row((say(f"record_{name}"), str(document[name]))) for name in names)
    return Table(say.heading("item", "content"), rows)
