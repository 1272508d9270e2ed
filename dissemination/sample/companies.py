"""The companies of the sample with their memberships, and the invented people who work in them.

Tax ids pass the check of the partita IVA but begin with 99, where no register has arrived: they are nobody's.
Every address is below .example (RFC 2606).
"""

from datetime import date, timedelta

from stdnum import luhn

from dissemination.districts.models import District
from dissemination.kernel import clock
from dissemination.kernel.text import slugify
from dissemination.people import actions as people
from dissemination.people.models import Company, OrganisationType, SizeClass
from dissemination.sample.dates import at
from dissemination.sample.world import Somebody, World, rows, table

OFFICES = {"PO": "097", "FI": "048", "PI": "050", "AR": "051", "LU": "046", "PT": "047"}
STAFF = {"micro": (1, 2), "small": (1, 3), "medium": (2, 4), "large": (3, 5)}
KEENEST = 5
PRIVATE = 14  # people whom nobody sends: students, advisers


def tax_id(number: int, province: str) -> str:
    """A partita IVA that passes its check (Luhn) and belongs to nobody."""
    base = f"99{number:05d}{OFFICES[province]}"
    return base + luhn.calc_check_digit(base)


def add_companies(world: World) -> None:
    """All companies, entered when the plan begins or when they join; the members' first contact too."""
    names = table("names")
    taken: set[str] = set()
    opening = world.plan.starts_on + timedelta(days=5)
    for number, facts in enumerate(rows("companies"), start=1):
        since, until = _membership(world, facts["membership"])
        with clock.at(min(at(max(opening, since or opening)), world.now)):
            company = _add_company(world, facts, number)
            if since:
                people.add_membership(company, since=since, until=until)
            count = world.chance.randint(*STAFF[facts["size"]])
            keen = KEENEST * world.chance.random() ** 3 + (0.3 if since else 0.05)
            staff = [
                _somebody(world, names, taken, company, facts["sector"], keen=keen) for _ in range(count)
            ]
            if since:
                _enter(world, staff[0])
        world.people += staff
    with clock.at(at(opening)):
        _add_organisations(world, names, taken)
    world.people += [_somebody(world, names, taken, None, "") for _ in range(PRIVATE)]


def _membership(world: World, kind: str) -> tuple[date | None, date | None]:
    start, span = world.plan.starts_on, max(40, (world.today - world.plan.starts_on).days - 30)
    before = start - timedelta(days=world.chance.randint(100, 3600))
    within = start + timedelta(days=world.chance.randint(30, span))
    return {
        "": (None, None), "joined": (within, None), "left": (before, within),
    }.get(kind, (before, None))  # fmt: skip


def _add_company(world: World, facts: dict, number: int) -> Company:
    return people.add_company(
        district_id=world.district.id, tax_id=tax_id(number, facts["province"]), name=facts["name"],
        size=SizeClass(facts["size"]), ateco=facts["ateco"], sector_id=world.sector(facts["sector"]).id,
        province=facts["province"], municipality=facts["municipality"],
        website=f"https://{domain(facts['name'])}", in_managing_body=facts["membership"] == "board",
    )  # fmt: skip


def _add_organisations(world: World, names: dict, taken: set[str]) -> None:
    for number, facts in enumerate(rows("organisations"), start=1):
        organisation = people.add_company(
            district_id=world.district.id, tax_id=tax_id(900 + number, facts["province"]), name=facts["name"],
            type=OrganisationType(facts["type"]), province=facts["province"],
            municipality=facts["municipality"], website=f"https://{facts['domain']}",
        )  # fmt: skip
        world.people += [_somebody(world, names, taken, organisation, "") for _ in range(3)]


def domain(name: str) -> str:
    """The invented domain of an organisation."""
    return f"{slugify(name).replace('-', '')}.example"


def _somebody(
    world: World, names: dict, taken: set[str], company: Company | None, sector: str, *, keen: float = 0.5
) -> Somebody:  # fmt: skip
    """A new invented person of that company, whose address nobody has."""
    host = company.website.removeprefix("https://") if company else "posta.example"
    while True:
        given, family = world.chance.choice(names["given"]), world.chance.choice(names["family"])
        address = f"{slugify(given)}.{slugify(family).replace('-', '')}@{host}"
        if address not in taken:
            break
    taken.add(address)
    english = family == "Zhou" or world.chance.random() < 0.05
    jobs = names["jobs"]
    job = world.chance.choice(jobs.get(company.type.value, jobs["other"])) if company else ""
    return Somebody(given, family, address, job, "en" if english else "it", sector, company, keen)


def _enter(world: World, person: Somebody) -> None:
    people.find_or_add_contact(
        district_id=world.district.id, email=person.email, given_name=person.given_name,
        family_name=person.family_name, company=person.company, language=person.language,
        job_title=person.job_title,
    )  # fmt: skip


def add_few(district: District, now) -> None:
    """The first companies of the other district."""
    for number, (name, province, municipality) in enumerate(FEW, start=1):
        company = people.add_company(
            district_id=district.id, tax_id=tax_id(500 + number, province), name=name, size=SizeClass.SMALL,
            ateco="30.12.00", sector_id=district.sectors[(number - 1) % len(district.sectors)].id,
            province=province, municipality=municipality, website=f"https://{domain(name)}",
        )  # fmt: skip
        people.add_membership(company, since=now.date() - timedelta(days=30 * number))


FEW = (
    ("Cantiere Chiglia Lunga", "LU", "Viareggio"),
    ("Arredi Quadrato Nautico", "PI", "Pisa"),
    ("Servizi Molo Vecchio", "PI", "San Miniato"),
    ("Vele Maestrale Corto", "LU", "Camaiore"),
)
