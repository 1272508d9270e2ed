"""What the activity log says of a company: str -> str, what rules filter and figures are split by.

Nothing in it names the company or a person.
"""

from dissemination.people.models import Company


def of_log(company: Company) -> dict[str, str]:
    """Its sector (code), size, province, kind of organisation and whether it belongs to the managing body.

    What is not known is left out. Give the company that stands today: a merged duplicate is described
    by the survivor (`people.queries.survivors`).
    """
    known = {
        "sector": company.sector.code if company.sector else "",
        "size": company.size.value if company.size else "",
        "province": company.province,
        "organisation_type": company.type.value,
        "in_managing_body": "yes" if company.in_managing_body else "no",
    }
    return {name: value for name, value in known.items() if value}
