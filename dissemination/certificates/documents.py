"""The certificate as a PDF (PDF/UA-1, ISO 14289-1): made of the row alone, so the same for ever."""

import unicodedata
from io import BytesIO

from flask_babel import force_locale
from flask_babel import gettext as _

from dissemination.certificates import codes
from dissemination.certificates.models import Certificate
from dissemination.certificates.queries import Claim
from dissemination.certificates.refusals import LettersMissing
from dissemination.certificates.texts import duration
from dissemination.kernel import pdf
from dissemination.kernel.clock import local
from dissemination.kernel.languages import long_date, translated
from dissemination.registrations.mails import public_url
from dissemination.registrations.models import Attends
from dissemination.workshops.models import Mode, Workshop

# The scripts that the fonts of `kernel.pdf` have; "ª" and "º" are letters too.
SCRIPTS = frozenset({"LATIN", "GREEK", "CYRILLIC", "MODIFIER", "FEMININE", "MASCULINE", "MICRO"})


def verification_url(certificate: Certificate) -> str:
    """The public page that says whether the certificate is genuine."""
    return public_url(f"/certificates/{codes.grouped(certificate.code)}")


def printed(claim: Claim) -> dict:
    """The facts that a certificate of `claim` prints beside the name and the hours, in her language."""
    workshop = claim.registration.workshop
    district, language = workshop.district, claim.registration.language
    with force_locale(language):
        return {
            "title": translated(workshop, "title"),
            "district": translated(district, "name"),
            "managing_body": district.managing_body,
            "town": district.place,
            "zone": district.timezone,
            "dates": [_day(workshop, *day) for day in workshop.days.values()],
            "place": _place(workshop, claim.via),
            "co_organisers": [c.name for c in workshop.co_organisers],
        }


def _day(workshop: Workshop, start, end) -> str:
    start, end = local(start, workshop.district.zone), local(end, workshop.district.zone)
    return _("%(date)s, from %(start)s to %(end)s", date=long_date(start.date()),
             start=start.strftime("%H:%M"), end=end.strftime("%H:%M"))  # fmt: skip


def _place(workshop: Workshop, via: Attends | None) -> str:
    """Where she took part: of a hybrid workshop only the one or the other is true."""
    if workshop.mode is Mode.ONLINE or (workshop.mode is Mode.MIXED and via is Attends.ONLINE):
        return _("Online")
    return ", ".join(part for part in (workshop.venue, workshop.address) if part)


def file_name(certificate: Certificate) -> str:
    """What the file is called when it is saved."""
    with force_locale(certificate.language):
        word = _("certificate")
    return f"{word}-{codes.grouped(certificate.code)}.pdf"


def render(certificate: Certificate) -> bytes:
    """The PDF of `certificate`: the same bytes whenever it is asked for.

    Raises LettersMissing: a certificate whose name is drawn as empty boxes would certify nobody.
    """
    if not all(_has_letters(text) for text in (certificate.name, certificate.printed["title"])):
        raise LettersMissing
    with force_locale(certificate.language):
        data = _data(certificate)
    return pdf.render("certificates/attendance.typ", data, standards=pdf.PDF_UA, at=certificate.issued_at)


def _has_letters(text: str) -> bool:
    """Whether the document's fonts have the letters of `text`."""
    return all(unicodedata.name(c, "").split(" ")[0] in SCRIPTS for c in text if c.isalpha())


def _data(certificate: Certificate) -> dict:
    facts, url = certificate.printed, verification_url(certificate)
    issued = long_date(local(certificate.issued_at, certificate.registration.workshop.district.zone).date())
    rows = [
        (_("When"), facts["dates"]),
        (_("Where"), [facts["place"]]),
        (_("Present"), [_("%(time)s of %(planned)s planned", time=duration(certificate.minutes),
                          planned=duration(certificate.of_minutes))]),
    ]  # fmt: skip
    if facts["co_organisers"]:
        rows.append((_("Organised with"), [", ".join(facts["co_organisers"])]))
    place = facts["town"]
    return {
        "language": certificate.language,
        "document_title": _("Certificate of attendance: %(title)s", title=facts["title"]),
        "district": facts["district"], "managing_body": facts["managing_body"],
        "heading": _("Certificate of attendance"),
        "certifies": _("We certify that"), "name": certificate.name,
        "attended": _("took part in the workshop"), "title": facts["title"],
        "rows": [{"label": label, "lines": lines} for label, lines in rows],
        "issued": _("%(place)s, %(date)s", place=place, date=issued) if place else issued,
        "code_label": _("Code"), "code": codes.grouped(certificate.code),
        "verify": _("Whether this certificate is genuine is said at"), "url": url,
        "qr": _qr(url), "qr_alt": _("QR code that opens %(url)s", url=url),
    }  # fmt: skip


def _qr(url: str) -> str:
    import segno

    out = BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=0, scale=4, xmldecl=False)
    return out.getvalue().decode()
