"""Why cards as one page to open from disk or to print: a card a sheet, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from liancun_geo.messages import DEFAULT_LANGUAGE, Language, message
from liancun_geo.output.atomic import staged
from liancun_geo.output.export import input_files
from liancun_geo.output.picture.markup import Element, add, markup, new
from liancun_geo.output.standalone import digest
from liancun_geo.output.why_card import leads, members, unplaced
from liancun_geo.output.why_card.neighbourhood import Neighbourhoods
from liancun_geo.output.why_card.parts import Say, dots, hundredths
from liancun_geo.sample import is_sample
from liancun_geo.scenario import Scenario
from liancun_geo.why import Card, LeadCard, MemberCard, Profile, Stability, UnplacedCard
from liancun_geo.why.wording_sure import Listed, proof_lines, under_weights_lines

_MOST_TAGS = 4


def write_why_cards(
    scenario: Scenario,
    cards: Sequence[Card],
    path: Path | str,
    language: Language = DEFAULT_LANGUAGE,
) -> Path:
    """Write cards as one HTML file to open from disk.

    Parameters
    ----------
    scenario, cards, language
        As for :func:`why_cards_page`.
    path
        The file; replaced as a whole. An input file is never overwritten.

    Raises
    ------
    DataError
        If the file cannot be written.
    """
    path = Path(path)
    page = why_cards_page(scenario, cards, language)
    sources = input_files(scenario.villages.sources)
    with staged(path.parent, [path.name], inputs=sources) as stage:
        stage.path(path.name).write_text(page, encoding="utf-8", newline="\n")
    return path


def why_cards_page(
    scenario: Scenario, cards: Sequence[Card], language: Language = DEFAULT_LANGUAGE
) -> str:
    """Return cards as an HTML document: on screen with contents, on paper one card a sheet of A4.

    It holds all it needs and its policy lets it fetch nothing and run nothing. Every name passes
    through the escaping of :mod:`liancun_geo.output.picture.markup`.

    Parameters
    ----------
    scenario
        The plan the cards are of: for the small maps.
    cards
        From :class:`liancun_geo.why.Explainer`; at least one.
    language
        Of the page; names stay as they are.
    """
    say = Say(language)
    maps = Neighbourhoods(scenario)
    sample = is_sample((source.path, source.sha256) for source in scenario.villages.sources)
    articles = [_article(card, maps, say, sample) for card in cards]
    page = new("html", lang="zh-CN" if language == "zh" else "en")
    head = add(page, "head")
    add(head, "meta", charset="utf-8")
    style = _shipped("card.css")
    policy = f"default-src 'none'; style-src '{digest(style)}'"
    add(head, "meta", http_equiv="Content-Security-Policy", content=policy)
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    first = cards[0].profile.village if cards else ""
    one = len(cards) == 1
    title = say("title_one", village=first) if one else say("title_many", count=len(cards))
    add(head, "title", title)
    add(head, "style", style)
    body = add(page, "body")
    body.append(maps.shapes())
    if len(cards) > 1:
        body.append(_contents(cards, title, say))
    body.extend(articles)
    return "<!doctype html>\n" + markup(page)


def _contents(cards: Sequence[Card], title: str, say: Say) -> Element:
    nav = new("nav", aria_label=say("contents"))
    add(nav, "h1", title)
    by_township: dict[str, list[Card]] = {}
    for card in cards:
        by_township.setdefault(card.profile.village.township, []).append(card)
    for township, there in by_township.items():
        add(nav, "h3", township)
        for card in there:
            village = card.profile.village
            add(nav, "a", village.text(say.language), href=f"#w{village.position}")
    return nav


def _article(card: Card, maps: Neighbourhoods, say: Say, sample: bool) -> Element:
    village = card.profile.village.position
    article = new("article", id=f"w{village}")
    _header(article, card, say)
    two = add(article, "section", class_="two")
    maps.draw(add(two, "div", class_="frame"), village, say)
    text = add(two, "div")
    if isinstance(card, MemberCard):
        members.opening(text, card, say)
        members.addition(add(article, "section"), card, say)
        members.comparison(add(article, "section"), card, say)
    elif isinstance(card, LeadCard):
        leads.opening(text, card, say)
        leads.addition(add(article, "section"), card, say)
        leads.comparison(add(article, "section"), card, say)
    else:
        unplaced.opening(text, card, say)
        unplaced.ways(add(article, "section"), card, say)
        if card.moves:
            unplaced.comparison(add(article, "section"), card, say)
    _standing(article, card, say)
    footer = add(article, "footer")
    add(footer, "span", message("output.decision_support", say.language))
    if sample:
        add(footer, "span", say("sample"))
    return article


def _header(article: Element, card: Card, say: Say) -> None:
    profile = card.profile
    header = add(article, "header")
    title = add(header, "h2")
    add(title, "span", profile.village.text(say.language))
    role = {LeadCard: "role_lead", MemberCard: "role_member", UnplacedCard: "role_unplaced"}
    add(title, "span", say(role[type(card)]), class_="tag role")
    if profile.industries:
        named = Listed(profile.industries[:_MOST_TAGS]).text(say.language)
        add(title, "span", named, class_="tag")
    for flag, key in (
        (profile.weak_organisation, "weak_organisation"),
        (profile.weak_economy, "weak_economy"),
    ):
        if flag:
            add(title, "span", say(key), class_="tag warn")
    if profile.locked:
        add(title, "span", say("locked"), class_="tag")
    facts = add(header, "p", class_="facts")
    for text in _facts(profile, say):
        add(facts, "span", text)


def _facts(profile: Profile, say: Say) -> list[str]:
    people, income = profile.population_persons, profile.collective_income_wan_yuan
    secretary = {True: "in_post", False: "missing", None: "unknown"}[profile.secretary_in_post]
    return [
        profile.village.township,
        say("population_unknown") if people is None else say("population", count=f"{people:,.0f}"),
        say("income_unknown") if income is None else say("income", value=f"{income:.1f}"),
        say(f"secretary_{secretary}"),
    ]


def _standing(article: Element, card: Card, say: Say) -> None:
    """Append how stable it is, and how good the plan of its zone is.

    The dots show other weights where they were tried, else the near-optimal plans.
    """
    section = add(article, "section", class_="stable")
    text = add(section, "div")
    captions = proof_lines(card.proof, say.language)
    if not (isinstance(card, UnplacedCard) and card.placed is None):
        add(text, "h3", say("stability"))
        told = add(text, "p")
        share = None if card.stability is None else card.stability.stays
        lines = [say("stability_unknown")]
        if card.stability is not None:
            lines = _stability(card, card.stability, say)
        if card.weights is not None:
            captions = [*lines, *captions]
            share, lines = card.weights.stays, under_weights_lines(card.weights, say.language)
        if share is not None:
            filled = hundredths(share)
            add(told, "b", f"{filled}%")
            dots(section, say, filled)
        add(told, "span", say.joined(lines))
    add(text, "p", say.joined(captions), class_="caption")


def _stability(card: Card, stability: Stability, say: Say) -> list[str]:
    plans = stability.plans
    within = {"plans": plans, "within": f"{100 * stability.within:.2g}%"}
    if plans == 1 and stability.stays == 1.0:
        return [say("stability_only", **within)]
    kind = {LeadCard: "lead", MemberCard: "member", UnplacedCard: "unplaced"}[type(card)]
    key = "stability_none" if stability.stays == 0 else f"stability_{kind}"
    told = [say(key, times=round(stability.stays * plans), **within)]
    if not stability.complete:
        told.append(say("stability_some"))
    now = card.profile.village if isinstance(card, LeadCard) else None
    now = card.alliance.lead if isinstance(card, MemberCard) else now
    others = [
        message(
            "why.with_share",
            say.language,
            village=message("why.not_in_alliance", say.language) if lead is None else lead,
            share=f"{hundredths(share)}%",
        )
        for lead, share in stability.leads
        if lead != now
    ]
    if others:
        told.append(say("stability_elsewhere", leads=Listed(others[:3])))
    return told


@cache
def _shipped(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
