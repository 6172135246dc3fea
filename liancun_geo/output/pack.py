"""The pack that a planner hands over: whatever products are asked for, all files or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from liancun_geo.errors import Fault, SettingsError, error
from liancun_geo.messages import DEFAULT_LANGUAGE, Language, Listing
from liancun_geo.output.export import creation_time, exporting
from liancun_geo.output.options import PackOptions
from liancun_geo.output.products import PRODUCTS, Product, forget_shared

if TYPE_CHECKING:
    from liancun_geo.scenario import Scenario

PLAN_PRODUCTS = ("xlsx", "gpkg", "shp", "geojson", "csv", "plan")
"""What ``liancun plan`` writes: the plan itself, without maps and papers."""


@dataclass(frozen=True, slots=True)
class PackProgress:
    """How far a pack is.

    Attributes
    ----------
    product
        The one being written; empty when all are.
    done, total
        Products.
    part, parts
        Sheets or files of this product; ``parts`` is 0 where a product does not tell.
    """

    product: str
    done: int
    total: int
    part: int = 0
    parts: int = 0

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        inside = self.part / self.parts if self.parts else 0.0
        return 1.0 if self.done >= self.total else (self.done + inside) / self.total


def write_pack(
    scenario: Scenario,
    folder: Path | str,
    what: Iterable[str] | None = None,
    options: PackOptions = PackOptions(),
    progress: Callable[[PackProgress], None] | None = None,
    remarks: list[Fault] | None = None,
    kept: Iterable[Path] = (),
) -> tuple[Path, ...]:
    """Write the products asked for; the one way in which files of a plan are made.

    Parameters
    ----------
    scenario
        A plan that breaks no rule. A plan without any alliance is written as well.
    folder
        Made if it does not exist. Files of an earlier pack are replaced, all of them or, if
        anything stands in the way, none; nothing else in it is touched.
    what
        Names of :data:`~liancun_geo.output.products.PRODUCTS`, in any order; all of them if None.
    options
        How they are to look.
    progress
        Called before every product, as it advances, and at the end.
    remarks
        Warnings are added here: what a format could not hold, as characters that GBK lacks. The
        files say it as well.
    kept
        Files that are never replaced, beside those the plan was made from and those that
        ``options`` names: the project it is kept in.

    Returns
    -------
    tuple of pathlib.Path
        The files written, product by product.

    Raises
    ------
    SettingsError
        If a name is no product: all such names at once.
    DataError
        If the plan breaks a rule (listing the violations), a target is an input file or to be
        kept, a consultation workbook with answers in it, open in another program or read-only, or
        the folder cannot be written to.
    """
    products = products_named(PRODUCTS if what is None else what)
    options = replace(options, created=creation_time(options.created))
    names = _file_names(products, scenario, options)
    if any(product.name == "consultation" for product in products):
        from liancun_geo.output.consultation_answers import refuse_answered

        refuse_answered(folder, names)
    tell = progress or (lambda _told: None)
    given = (options.report_template, options.objections)
    kept = (*kept, *(one for one in given if isinstance(one, Path)))
    try:
        with exporting(scenario, folder, names, kept=kept) as stage:
            for number, product in enumerate(products):
                state = PackProgress(product.name, number, len(products))
                tell(state)
                found = product.fill(scenario, stage, options, _advancing(state, tell))
                if remarks is not None and found is not None:
                    remarks.extend(found)
    finally:
        forget_shared()
    tell(PackProgress("", len(products), len(products)))
    return stage.targets()


def _file_names(products: Iterable[Product], scenario: Scenario, options: PackOptions) -> list[str]:
    names = [name for product in products for name in product.files(scenario, options)]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:  # a mistake of a product, which would overwrite another's file unseen
        raise ValueError(f"files of several products: {', '.join(twice)}")
    return names


def _advancing(
    state: PackProgress, tell: Callable[[PackProgress], None]
) -> Callable[[int, int], None]:
    return lambda part, parts: tell(replace(state, part=part, parts=parts))


def products_named(names: Iterable[str]) -> tuple[Product, ...]:
    """Return products by name, each once, in the order in which they are written.

    Raises
    ------
    SettingsError
        If there is no name, or with every name that is no product and the list of those that are.
    """
    asked = [name.strip().lower() for name in names]
    asked = [name for name in dict.fromkeys(asked) if name]
    known = Listing(PRODUCTS)
    unknown = [name for name in asked if name not in PRODUCTS]
    if unknown:
        told = error(
            "export.product_unknown", names=Listing(unknown), count=len(unknown), known=known
        )
        raise SettingsError([told])
    if not asked:
        raise SettingsError([error("export.product_missing", known=known)])
    return tuple(product for name, product in PRODUCTS.items() if name in asked)


def write_plan(
    scenario: Scenario,
    folder: Path | str,
    *,
    language: Language = DEFAULT_LANGUAGE,
    created: datetime | None = None,
    kept: Iterable[Path] = (),
) -> tuple[Path, ...]:
    """Write workbook, GeoPackage, zipped shapefile, GeoJSON, CSV and plan file.

    :func:`write_pack` of :data:`PLAN_PRODUCTS`, which see for ``folder`` and what is raised.

    Parameters
    ----------
    scenario
        A plan that breaks no rule. A plan without any alliance is written as well.
    folder
        Made if it does not exist.
    language
        Of headings and sentences.
    created
        The date in the files; default ``SOURCE_DATE_EPOCH``, else now.
    kept
        Files that are never replaced, beside those the plan was made from.

    Returns
    -------
    tuple of pathlib.Path
        The files written.
    """
    wanted: Sequence[str] = PLAN_PRODUCTS
    options = PackOptions(language=language, created=created)
    return write_pack(scenario, folder, wanted, options, kept=kept)
