"""`oai.growth`: answers of OAI-PMH at 100,000 records against the same answers at 100, drafts beside them."""

import statistics
import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from sqlalchemy import insert

from bench.growing import compared
from bench.measure import Result
from dissemination.bibliography.kinds import Access, Kind
from dissemination.harvest import tokens
from dissemination.kernel.database import db, transaction
from dissemination.publications.models import Author, Publication
from tests import factories

MANY, FEW, ROUNDS, CALLS, GOAL = 100_000, 100, 3, 9, 1.5
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
OAI = "{http://www.openarchives.org/OAI/2.0/}"
WHOLE = {"verb": "ListRecords", "metadataPrefix": "oai_dc"}
ASKED: dict[str, dict[str, str]] = {
    "records": WHOLE,
    "datacite": {**WHOLE, "metadataPrefix": "datacite"},
    "identifiers": {**WHOLE, "verb": "ListIdentifiers"},
    "district": {**WHOLE, "set": "district:moda"},
    "type": {**WHOLE, "set": "type:report"},
    "openaire": {**WHOLE, "set": "openaire"},
    "from": {**WHOLE, "from": "2026-01-01"},
    "record": {"verb": "GetRecord", "metadataPrefix": "oai_dc",
               "identifier": "oai:dissemination.invalid:moda/p-50"},
    "identify": {"verb": "Identify"},
}  # fmt: skip
"""Each gives as many records on both sides, so that only the finding differs."""


def _fill(rows: int) -> None:
    """`rows` publications that were public, every seventh one withdrawn, and as many drafts.

    A hundred of each list's kind come on one page: of few all are reports, of many every tenth.
    """
    with transaction() as session:
        district = factories.district("moda")
        line, few = factories.line(district, "b").id, rows == FEW
        works, people = [], []
        for n in range(1, 2 * rows + 1):
            public, moment = n <= rows, FIRST + timedelta(seconds=n)
            kind = Kind.REPORT if few or n % 10 == 0 else Kind.BROCHURE if n % 2 else Kind.ARTICLE
            works.append({
                "id": n, "district_id": district.id, "slug": f"p-{n}", "kind": kind, "title_it": f"Fibre {n}",
                "abstract_it": "Di che si parla. " * 20, "issued": date(2025, 1, 1), "licence": "CC-BY-4.0",
                "access": Access.OPEN, "activity_line_id": line, "keywords": ["lana", "riciclo"],
                "created_at": FIRST, "changed_at": moment,
                "published_at": moment if public and n % 7 else None,
                "first_published_at": moment if public else None,
            })  # fmt: skip
            people += [
                {"publication_id": n, "position": p, "family_name": f"Rossi{n % 997}", "given_name": "Maria"}
                for p in range(2)
            ]
        for model, values in ((Publication, works), (Author, people)):
            for start in range(0, len(values), 10_000):
                session.execute(insert(model), values[start : start + 10_000])


def _seconds(browser, arguments: dict[str, str], records: int) -> float:
    """The median time of an answer that holds so many records."""
    path, taken = "/oai?" + urlencode(arguments), []
    for _ in range(CALLS):
        db.session.remove()
        began = time.perf_counter()
        answer = browser.get(path)
        taken.append(time.perf_counter() - began)
        found = len(list(ET.fromstring(answer.data).iter(f"{OAI}header")))
        if found != records:
            raise RuntimeError(f"{path}: {found} records, not {records}: {answer.text[:400]}")
    return statistics.median(taken)


def _deep() -> dict[str, str]:
    """The page behind record 90,000: where a list by offset would be slowest."""
    moment = FIRST + timedelta(seconds=90_000)
    place = tokens.Place("oai_dc", after=(moment, 90_000), cursor=90_000)
    return {"verb": "ListRecords", "resumptionToken": tokens.write("ListRecords", place)[0]}


def growth() -> list[Result]:
    """Each answer at 100,000 records against 100."""
    names = (*ASKED, "deep")
    return compared(
        "oai.growth", names, fill=_fill, take=_taken, few=FEW, many=MANY, rounds=ROUNDS, goal=GOAL
    )


def _taken(application, rows: int) -> dict[str, float]:
    taken = {}
    with application.test_request_context():
        browser = application.test_client()
        for name, asked in {**ASKED, "deep": _deep() if rows == MANY else WHOLE}.items():
            browser.get("/oai?" + urlencode(asked))
            taken[name] = _seconds(browser, asked, {"identify": 0, "record": 1}.get(name, FEW))
    return taken


MEASURES = {"oai.growth": growth}
