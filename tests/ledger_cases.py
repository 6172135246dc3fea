"""What several tests of ledgers share."""

from intake_helpers import faults_of, gpkg, workbook

from liancun_geo.intake import read_villages
from liancun_geo.settings import Settings


def _read(folder, rows=None, *, frame=None, sheets=None, ledger=None, **tables):
    path = ledger or workbook(folder, rows, sheets=sheets)
    return read_villages(gpkg(folder, frame), path, settings=Settings.model_validate(tables))


def _faults(folder, rows=None, *, frame=None, sheets=None, ledger=None, **tables):
    path = ledger or workbook(folder, rows, sheets=sheets)
    return faults_of(gpkg(folder, frame), path, **tables)


def _population(table):
    return table.frame["population_registered_persons"].tolist()


POPULATION = [1200.0, 480.0, 900.0, 760.0]
