"""The columns of a file of past audits and the words that stand in them, in Italian and English."""

from dissemination.audits.models import Department, Outcome, State
from dissemination.calls.models import AreaType
from dissemination.kernel.text import fold
from dissemination.people.models import SizeClass

COLUMNS = {
    "tax_id": ("partita iva", "p.iva", "piva", "tax id"),
    "company": ("impresa", "azienda", "ragione sociale", "denominazione"),
    "province": ("provincia", "prov"),
    "sector": ("settore",),
    "size": ("dimensione", "classe dimensionale"),
    "visited_on": ("data visita", "data della visita", "data", "visited on", "date"),
    "contacted_on": ("data contatto", "contacted on"),
    "drafted_on": ("data bozza", "data rapporto", "drafted on"),
    "shared_on": ("data condivisione", "shared on"),
    "closed_on": ("data chiusura", "closed on"),
    "state": ("stato",),
    "auditor_name": ("auditor", "esperto", "svolto da"),
    "site": ("sede", "stabilimento"),
    "people": ("persone incontrate", "people met"),
    "departments": ("reparti", "reparti visitati"),
    "strengths": ("punti di forza",),
    "weaknesses": ("punti di debolezza",),
    "summary": ("sintesi",),
    "sheet": ("scheda di visita", "scheda", "visit sheet"),
    "strategy": ("strategia",),
    "organisation": ("organizzazione",),
    "life_cycle": ("ciclo di vita", "life cycle"),
    "enabling_factors": ("fattori abilitanti", "enabling factors"),
    "results": ("risultati",),
    "area_title": ("ambito", "ambito di miglioramento", "improvement area", "area"),
    "area_type": ("tipo", "tipo di ambito", "type"),
    "priority": ("priorita",),
    "description": ("descrizione",),
    "proposed_action": ("azione proposta", "proposed action"),
    "expected_result": ("risultato atteso", "expected result"),
    "keywords": ("parole chiave",),
    "service": ("servizio", "codice servizio", "catalogue code"),
    "outcome": ("esito",),
}
AREA_COLUMNS = (
    "area_title", "area_type", "priority", "description", "proposed_action", "expected_result", "keywords",
    "service", "outcome",
)  # fmt: skip
STEP_DAYS = {
    State.CONTACTED: "contacted_on", State.DRAFTED: "drafted_on", State.SHARED: "shared_on",
    State.CLOSED: "closed_on",
}  # fmt: skip
NO = ("no", "manca", "missing")


def _words(more: dict) -> dict:
    """{folded word: value}, the value's own name among them."""
    return {fold(word): value for value, words in more.items() for word in (value.value, *words)}


STATES = _words({
    State.VISITED: ("visitato", "visitata", "svolto"), State.DRAFTED: ("bozza", "rapporto in bozza"),
    State.SHARED: ("condiviso", "rapporto condiviso"), State.CLOSED: ("chiuso", "concluso"),
})  # fmt: skip
TYPES = _words({
    AreaType.PRODUCT: ("prodotto",), AreaType.PROCESS: ("processo", "processo produttivo"),
    AreaType.REORGANISATION: ("riorganizzazione", "riorganizzazione strategica"),
})  # fmt: skip
OUTCOMES = _words({
    Outcome.OPEN: ("aperto",), Outcome.STARTED: ("avviato",), Outcome.APPLIED: ("domanda presentata",),
    Outcome.DONE: ("fatto", "concluso"), Outcome.DROPPED: ("abbandonato",),
})  # fmt: skip
SIZES = _words({
    SizeClass.MICRO: (), SizeClass.SMALL: ("piccola",), SizeClass.MEDIUM: ("media",),
    SizeClass.LARGE: ("grande",),
})  # fmt: skip
DEPARTMENTS = _words({
    Department.PURCHASING: ("acquisti",), Department.INTERNAL_LOGISTICS: ("logistica interna",),
    Department.EXTERNAL_LOGISTICS: ("logistica esterna",), Department.PRODUCTION: ("produzione",),
    Department.MAINTENANCE: ("manutenzione",), Department.QUALITY: ("qualita",),
    Department.RESEARCH: ("ricerca e sviluppo", "r&s"), Department.DESIGN: ("progettazione", "design"),
    Department.ADMINISTRATION: ("amministrazione",), Department.SALES: ("marketing e vendite", "vendite"),
    Department.PEOPLE: ("risorse umane", "personale"),
})  # fmt: skip
