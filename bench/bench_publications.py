"""Importing a bibliography of 10,000 entries, against parsing alone with the library."""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import bibtexparser

import config
from app import create_app
from bench.measure import Result
from dissemination.kernel.database import db, transaction
from dissemination.publications import actions
from dissemination.publications.importing import preview
from dissemination.publications.models import Publication
from tests import factories

ENTRIES, ROUNDS, GOAL = 10_000, 3, 3.0


def _bibliography() -> str:
    """Entries as reference managers write them: LaTeX accents, braces, strings, wrapped abstracts."""
    abstract = " ".join(["Il lavoro misura {\\`e} confronta le fibre riciclate di lana e cotone."] * 8)
    return "@string{rt = {Rivista Tessile}}\n" + "\n".join(
        f"""@article{{chiave{n},
  author    = {{Rossi{n % 997}, Maria and {{Regione Toscana}} and
               N{{\\'u}}{{\\~n}}ez{n % 991}, Jos{{\\'e}} and Verdi, U. {n}}},
  title     = {{Tracciabilit{{\\`a}} delle fibre {{PET}} nel distretto, parte {n}}},
  journal   = rt,
  year      = {{{2000 + n % 25}}},
  month     = mar,
  volume    = {{{n % 40}}},
  number    = {{{n % 12}}},
  pages     = {{{n}--{n + 9}}},
  doi       = {{10.1000/fibre.{n}}},
  keywords  = {{lana, cotone, riciclo}},
  abstract  = {{{abstract}}},
}}"""
        for n in range(ENTRIES)
    )


def _import(settings, data: bytes) -> float:
    """Seconds to read, compare and write the file into an empty district; its rows are taken away after."""
    with create_app(settings).app_context():
        with transaction():
            db.metadata.create_all(db.session.connection())
            district = factories.district("moda")
            line = factories.line(district, "b").id
        began = time.perf_counter()
        found = preview(district.id, data, language="it")
        with transaction():
            actions.add_all(
                district, [x.found.record for x in found.new], by=None, published=True, activity_line_id=line
            )
        took = time.perf_counter() - began
        written = db.session.query(Publication).count()
        db.session.remove()
        db.engine.dispose()
    if written != ENTRIES:
        raise RuntimeError(f"{written} of {ENTRIES} entries were imported")
    return took


def import_() -> Result:
    """`publications.import`: the file read, compared, written and logged; the control only parses it."""
    text = _bibliography()
    ours, control = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        parsed = bibtexparser.parse_string(text)
        control.append(time.perf_counter() - began)
        if len(parsed.entries) != ENTRIES:
            raise RuntimeError("the control lost entries")
        folder = Path(tempfile.mkdtemp())
        try:
            ours.append(_import(config.load({"INSTANCE": str(folder)}), text.encode()))
        finally:
            shutil.rmtree(folder)
    value, beside = statistics.median(ours), statistics.median(control)
    return Result(
        name="publications.import", value=value, unit="s", control="bibtexparser.parse_string",
        control_value=beside, ratio=value / beside, goal=f"<= {GOAL:g} x", holds=value / beside <= GOAL,
        rounds=ROUNDS,
    )  # fmt: skip


MEASURES = {"publications.import": import_}
