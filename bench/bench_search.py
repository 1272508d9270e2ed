"""Lists and searches of publications at 100,000 rows, against the same at 100 rows."""

from datetime import date, timedelta

from sqlalchemy import insert

from bench.bench_pages import _browser, _seconds
from bench.growing import compared
from bench.measure import Result
from dissemination.bibliography.kinds import Access, Kind
from dissemination.bibliography.records import Person, Record, search_text_of
from dissemination.kernel.clock import now
from dissemination.kernel.database import transaction
from dissemination.publications.models import Author, Publication
from tests import factories

MANY, FEW, RARE, ROUNDS = 100_000, 100, 20, 3
SUBJECTS = ("tracciabilità", "tintura", "fibre", "concia", "taglio", "filatura", "finissaggio", "stampa")
# Each shows as many rows on both sides, so that only the finding differs.
LISTS = {
    "list": "/moda/publications/",
    "common word": "/moda/publications/?q=usuale",
    "two words": "/moda/publications/?q=usuali+numeri",
    "rare word": "/moda/publications/?q=raro",
    "rare and common": "/moda/publications/?q=raro+rapporto",
    "phrase": "/moda/publications/?q=%22usuale+numero%22",
    "no hit": "/moda/publications/?q=inesistente",
    "word and filters": "/moda/publications/?q=usuale&kind=report&access=open",
    "desk search": "/moda/desk/publications/?q=raro",
}


def _fill(rows: int) -> None:
    """`rows` public reports, several a day, and Ada who organises."""
    with transaction() as session:
        district = factories.district("moda")
        factories.account("ada@moda.example", district=district)
        line, moment = factories.line(district, "b").id, now()
        publications, authors = [], []
        for n in range(1, rows + 1):
            rare = "raro" if n <= RARE else "usuale"
            person = Person(f"Rossi{n % 997}", "Maria")
            abstract = "Il lavoro misura e confronta le fibre riciclate di lana e cotone. " * 4
            issued = date(2026, 12, 31) - timedelta(days=n * 3000 // rows)
            record = Record(
                Kind.REPORT, issued, title_it=f"{SUBJECTS[n % 8].title()}: rapporto {rare} numero {n}",
                abstract_it=abstract, authors=[person],
            )  # fmt: skip
            facts = {k: v for k, v in vars(record).items() if k != "authors"}
            publications.append({
                **facts, "id": n, "district_id": district.id, "slug": f"p-{n}", "activity_line_id": line,
                "search_text": search_text_of(record), "created_at": moment, "changed_at": moment,
                "published_at": moment, "access": Access.OPEN, "version": 1,
            })  # fmt: skip
            authors.append({"publication_id": n, "position": 0, **vars(person)})
        for model, values in ((Publication, publications), (Author, authors)):
            session.execute(insert(model.__table__), values)


def searches() -> list[Result]:
    """`page.search`: each list at 100,000 rows against the same list at 100 rows."""
    return compared(
        "page.search", LISTS, fill=_fill, take=_taken, few=FEW, many=MANY, rounds=ROUNDS, goal=1.5
    )


def _taken(application, _rows: int) -> dict[str, float]:
    browser, taken = _browser(application), {}
    for name, path in LISTS.items():
        browser.get(path)
        taken[name] = _seconds(browser, path)
    return taken


MEASURES = {"page.search": searches}
