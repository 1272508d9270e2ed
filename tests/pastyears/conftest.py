"""Spreadsheets as people have them."""

from datetime import date
from io import BytesIO

import pytest
from openpyxl import Workbook

from dissemination.kernel.database import db, transaction
from dissemination.pastyears import actions
from dissemination.pastyears.models import PastImport
from dissemination.plan import queries
from dissemination.plan.actions import adopt_catalogue
from tests import factories

HEADER = [
    "Tipo",
    "Data",
    "Partita IVA",
    "Azienda",
    "Oggetto",
    "Importo",
    "Settore",
    "Dimensione",
    "Provincia",
    "Bando",
]


def workbook(rows, *, header=HEADER, change=None):
    """An XLSX with one sheet "Attività" as bytes; `change(sheet)` before it is saved."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Attività"
    for row in [header, *rows]:
        sheet.append(row)
    if change:
        change(sheet)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def audit(n, day=date(2026, 3, 11), **more):
    """A line of an audit at the n-th company."""
    cells = {"Tipo": "audit", "Data": day, "Partita IVA": factories.tax_id(n), "Azienda": f"Filatura {n}",
             "Oggetto": f"Audit {n}", "Settore": "Tessile", "Dimensione": "piccola", "Provincia": "po"} | more  # fmt: skip
    return [cells.get(name) for name in HEADER]


@pytest.fixture
def plan(moda):
    """Moda's plan with the catalogue."""
    found = queries.current_plan(moda.id)
    with transaction():
        adopt_catalogue(found)
    return found


def uploaded(district, data, name="storico.xlsx", by=None):
    """An import whose columns are guessed; reads it again from the database."""
    with transaction():
        import_id = actions.upload(district, name, data, by=by).id
    actions.go_on(import_id)
    return again(import_id)


def again(import_id):
    """The import as it is now."""
    db.session.expire_all()
    return db.session.get(PastImport, import_id)


def judged(row, *, verb="", line="c", columns=None):
    """The import with each line judged."""
    with transaction():
        actions.map_columns(row, columns or row.mapping["columns"], verb=verb, line=line)
    actions.go_on(row.id)
    return again(row.id)


def entered(row, *, by=None, leaves_out_wrong=False):
    """The import entered."""
    with transaction():
        actions.approve(row, leaves_out_wrong=leaves_out_wrong, by=by)
    actions.go_on(row.id)
    return again(row.id)
