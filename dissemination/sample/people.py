"""Who signs in to the sample: the cast of the README, with one password for all.

Only for a first look at invented data. A real installation makes its accounts with `flask accounts add`.
"""

from dataclasses import dataclass

PASSWORD = "telaio-fuso-spola-7"  # noqa: S105 (for invented data only, printed by `make run`)


@dataclass(frozen=True)
class Person:
    """Somebody of the cast; `district` None holds the role in all districts."""

    email: str
    name: str
    role: str
    district: str | None
    about: str


CAST = (
    Person("ada@moda.example", "Ada Lastrucci", "organiser", "moda",
           "organizza workshop e newsletter di Moda / organises workshops and newsletters of Moda"),
    Person("bice@moda.example", "Bice Nerli", "manager", "moda",
           "dirige Moda: piano, persone, impostazioni / manages Moda: plan, people, settings"),
    Person("vera@moda.example", "Vera Pieraccini", "viewer", "moda",
           "legge ed esporta in Moda / reads and exports in Moda"),
    Person("dora@nautica.example", "Dora Malfatti", "manager", "nautica",
           "dirige Nautica, non vede Moda / manages Nautica, cannot see Moda"),
    Person("elio@regione.example", "Elio Vannucchi", "observer", None,
           "osserva tutti i distretti per la Regione / observes all districts for the Region"),
)  # fmt: skip
