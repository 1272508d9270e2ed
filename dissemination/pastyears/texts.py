"""Words of imports of past activities: kinds of activity, what columns may be, states, verdicts."""

from flask_babel import lazy_gettext as _l

from dissemination.pastyears.models import State, Verdict
from dissemination.plan.texts import ATTRIBUTES

# What may be imported: (name, whether it is of a company, words of files that mean it).
VERBS = {
    "audit.visited": (_l("Technology audit"), True, ("audit", "audit tecnologico", "visita", "visit")),
    "audit.area_found": (_l("Area of improvement found by an audit"), True,
                         ("area", "area di miglioramento", "area of improvement")),
    "meeting.held": (_l("Personalised meeting"), False, ("incontro", "meeting", "incontro personalizzato")),
    "agreement.signed": (_l("Cooperation agreement"), False,
                         ("accordo", "agreement", "accordo di collaborazione")),
    "application.submitted": (_l("Application for funding submitted"), True,
                              ("domanda", "domanda presentata", "application", "submitted", "presentata")),
    "application.decided": (_l("Application for funding decided"), True,
                            ("domanda valutata", "decided", "esito", "valutata")),
    "application.funded": (_l("Application for funding approved"), True,
                           ("domanda finanziata", "funded", "finanziata", "ammessa")),
    "roadmap.approved": (_l("Roadmap approved"), False, ("roadmap",)),
    "workshop.held": (_l("Workshop held"), False, ("workshop", "seminario", "seminar")),
    "attendance.present": (_l("Presence at a workshop"), False,
                           ("presenza", "presente", "presence", "partecipazione")),
    "publication.published": (_l("Publication"), False, ("pubblicazione", "publication")),
    "newsletter.sent": (_l("Newsletter sent"), False, ("newsletter",)),
}  # fmt: skip
# What a column may be, with the words of headers that mean it.
FIELDS = {
    "verb": (_l("Kind of activity"),
             ("verb", "tipo", "tipo di attività", "attività", "kind", "activity", "kind of activity")),
    "date": (_l("Date"),
             ("date", "data", "giorno", "day", "data visita", "data presentazione", "happened on")),
    "title": (_l("Title"), ("title", "titolo", "oggetto", "descrizione", "description")),
    "tax_id": (_l("Tax id"), ("tax id", "partita iva", "p.iva", "p iva", "piva", "vat", "vat number")),
    "company": (_l("Company"),
                ("company", "azienda", "impresa", "ragione sociale", "denominazione", "company name")),
    "line": (_l("Activity line"), ("line", "linea", "linea di attività", "activity line")),
    "amount": (_l("Amount"), ("amount", "importo", "contributo", "euro", "finanziamento", "grant")),
}  # fmt: skip
ATTRIBUTE_WORDS = {
    "sector": ("sector", "settore", "filiera"), "size": ("size", "dimensione", "classe dimensionale"),
    "province": ("province", "provincia", "prov"), "mode": ("mode", "modalità"),
    "macro_area": ("macro-area", "macro area", "macroarea"), "role": ("role", "ruolo"),
    "organisation_type": ("organisation type", "tipo di organizzazione"),
    "language": ("language", "lingua"), "type": ("type", "tipologia"),
    "open_access": ("open access", "accesso aperto"),
    "application_area": ("application area", "ambito", "ambito di applicazione"),
    "area_type": ("area type", "tipo di miglioramento", "kind of improvement"),
    "partner": ("partner",), "call": ("call", "bando"),
    "catalogue_code": ("catalogue code", "codice catalogo", "codice servizio"),
    "cooperation": ("cooperation", "collaborazione", "stato"),
}  # fmt: skip
STATES = {
    State.OPENING: (_l("being opened"), "primary"), State.MAPPING: (_l("columns to confirm"), "warning"),
    State.JUDGING: (_l("being read"), "primary"), State.JUDGED: (_l("to decide"), "warning"),
    State.ENTERING: (_l("being entered"), "primary"), State.DONE: (_l("entered"), "success"),
    State.UNDOING: (_l("being undone"), "primary"), State.UNDONE: (_l("undone"), "secondary"),
    State.DROPPED: (_l("given up"), "secondary"), State.FAILED: (_l("not readable"), "danger"),
}  # fmt: skip
VERDICTS = {
    Verdict.NEW: (_l("new"), "success"), Verdict.SAME: (_l("there already"), "secondary"),
    Verdict.WRONG: (_l("to correct"), "danger"),
}  # fmt: skip


def targets() -> list[tuple[str, str]]:
    """What a column may be: (value, words), for a list to choose from; "" leaves it aside."""
    own = [(name, str(words[0])) for name, words in FIELDS.items()]
    return [("", str(_l("leave aside"))), *own, *[(f"attr:{n}", str(ATTRIBUTES[n])) for n in ATTRIBUTE_WORDS]]


def verb_name(verb: str) -> str:
    """A kind of activity in words."""
    return str(VERBS[verb][0]) if verb in VERBS else verb
