"""From a plan to the contents of the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from liancun_geo.compare import figures
from liancun_geo.messages import Language, Listing, planners_words
from liancun_geo.output.document import plan_document
from liancun_geo.output.export import clean, county_name, office_time
from liancun_geo.output.paper import tables
from liancun_geo.output.paper.alliances import AllianceTeller
from liancun_geo.output.paper.content import Figure, Report, Row, Table, TownshipSection
from liancun_geo.output.paper.wording import Say, distance
from liancun_geo.points import PER_VILLAGE
from liancun_geo.quality import quality_sheet

if TYPE_CHECKING:
    from liancun_geo.editing.answers import Objection
    from liancun_geo.scenario import NamedAlliance, Scenario
    from liancun_geo.solve import ZoneResult


@planners_words()
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
    county, day = county_name(scenario.villages.frame), office_time(created)
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
        comparison=tables.comparison(sheet, say),
        comparison_notes=sheet.notes(language),
        others=tables.others(scenario, others or {}, say),
        objections_note=tables.answered(objections, say),
        objections=tables.objections(scenario, objections, say),
        unplaced_note=say("unplaced_some" if scenario.unassigned else "unplaced_none"),
        unplaced=tables.unplaced(scenario, say),
        data_notes=tuple(tables.data_notes(scenario, say)),
        sources=tables.sources(document, say),
        settings=tables.settings(scenario, say),
        record=tables.record(document, say),
    )


def _figures(scenario: Scenario, say: Say) -> Iterable[Figure]:
    found = figures(scenario)
    townships = len({alliance.township for alliance in scenario.alliances})
    yield Figure(say.number(found.alliances), say("figure_alliances"))
    yield Figure(say.number(found.placed), say("figure_placed"))
    yield Figure(say.number(townships), say("figure_townships"))
    yield Figure(say.number(found.total, 1), say("figure_points"))
    yield Figure(distance(found.distance_mean_km, say), say("figure_distance"))


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
                say("unplaced_village", village=clean(one.name), reason=tables.why_out(one, say))
                for one in scenario.unassigned
                if clean(one.township) == township
            ),
        )
