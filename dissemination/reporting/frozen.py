"""A period's figures as values: what a report is made of, whether it is signed or a draft.

Everything is content: names in both languages, rules, rows and hashes as they stood at that moment.
`digest` is the same for the same content, whatever the database or the machine.
"""

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

PRINTED = 32  # hexadecimal digits of a head on paper: 128 bits, which nobody can meet by trying
DECIMALS = (
    "baseline", "threshold", "target", "actual", "numerator", "denominator", "cumulative", "plan_target",
)  # fmt: skip


def packed(value: Any) -> str:
    """`value` as JSON in one form only: sorted keys, no spaces, decimals and dates as text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def sha256(text: str) -> str:
    """The SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def decimal(value: Any) -> Decimal | None:
    """A decimal out of JSON; "12.50" and "12.5" are the same."""
    if value is None:
        return None
    found = Decimal(str(value))
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found.normalize()


@dataclass(frozen=True)
class Head:
    """The head of a district's activity log: how many rows, and the last link of the chain (hexadecimal)."""

    position: int
    chain: str

    @property
    def printed(self) -> str:
        """As it stands on paper: `1204-9f3c-…`, the position and eight groups of four digits."""
        groups = [self.chain[n : n + 4] for n in range(0, PRINTED, 4)]
        return "-".join([str(self.position), *groups])


@dataclass(frozen=True)
class FrozenRow:
    """A row behind a figure: of the log, a membership or a budget line (`table`), with no person in it.

    `part` is a part of the indicator's rule ("" for the rule itself); `reason` says why it is not
    counted (None: it is); `classes` are its values of the attributes that the figure is split by.
    """

    part: str
    table: str
    id: int
    on: date | None
    title: str
    company_id: int | None
    company: str
    tax_id: str
    line: str
    amount: Decimal | None
    reason: str | None
    kind: str
    subject_id: int
    classes: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from the other rows of its figure."""
        return self.part, self.table, self.id

    def as_list(self) -> list:
        """Its values, as JSON takes them."""
        return [
            self.part, self.table, self.id, self.on.isoformat() if self.on else None, self.title,
            self.company_id, self.company, self.tax_id, self.line,
            None if self.amount is None else str(decimal(self.amount)), self.reason, self.kind,
            self.subject_id, self.classes,
        ]  # fmt: skip

    @classmethod
    def read(cls, values: list) -> "FrozenRow":
        """The row that `as_list` gave."""
        row = cls(*values)
        day = date.fromisoformat(values[3]) if values[3] else None
        return replace(row, on=day, amount=decimal(values[9]))


@dataclass(frozen=True)
class FrozenFigure:
    """An indicator in the period. `history` is of the plan's half-years up to the period, `splits` by
    attribute: {"attribute", "overlaps", "classes": [{"value", "name_it", "name_en", "actual", "numerator",
    "denominator", "rows", "companies"}]}."""

    code: str
    position: int
    name_it: str
    name_en: str
    unit: str
    direction: str
    source_it: str
    source_en: str
    line: str
    public: bool
    rule: dict
    baseline: Decimal | None
    baseline_year: int | None
    threshold: Decimal | None
    target: Decimal | None
    actual: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    counted: int
    not_counted: int
    cumulative: Decimal | None
    plan_target: Decimal | None
    history: list[dict]
    splits: list[dict]
    rows: list[FrozenRow]

    def content(self) -> dict:
        """All but the rows, as JSON takes it."""
        values = asdict(replace(self, rows=[]))
        values.pop("rows")
        return json.loads(packed(values | {name: decimal(values[name]) for name in DECIMALS}))

    def packed_rows(self) -> str:
        """The rows as JSON."""
        return packed([row.as_list() for row in self.rows])

    @classmethod
    def read(cls, content: dict, rows: bytes) -> "FrozenFigure":
        """The figure that `content` and `squeezed` gave."""
        values = content | {name: decimal(content[name]) for name in DECIMALS}
        listed = json.loads(zlib.decompress(rows))
        return cls(**values, rows=[FrozenRow.read(row) for row in listed])

    def squeezed(self) -> bytes:
        """The rows, compressed."""
        return zlib.compress(self.packed_rows().encode(), 6)


@dataclass(frozen=True)
class FrozenFile:
    """A piece of evidence: a file with its hash, or a statement in words (`sha256` empty).

    It proves the subject (`kind`, `subject_id`) that `indicators` counted on `line`.
    """

    line: str
    on: date | None
    title: str
    kind: str
    subject_id: int
    code: str
    evidence_id: int
    name: str
    media_type: str
    size: int
    sha256: str
    note: str
    indicators: list[str]

    def content(self) -> dict:
        """As JSON takes it."""
        return json.loads(packed(asdict(self)))

    @classmethod
    def read(cls, content: dict) -> "FrozenFile":
        """The file that `content` gave."""
        return cls(**content | {"on": date.fromisoformat(content["on"]) if content["on"] else None})


@dataclass(frozen=True)
class Frozen:
    """A period as it stood: the head of the log, what was in force, figures with rows, and evidence."""

    head: Head
    content: dict
    figures: list[FrozenFigure]
    files: list[FrozenFile]

    def digest(self) -> str:
        """The SHA-256 of everything in it."""
        figures = [[f.content(), sha256(f.packed_rows())] for f in self.figures]
        return sha256(packed([asdict(self.head), self.content, figures, [f.content() for f in self.files]]))

    def shown(self) -> str:
        """The SHA-256 of what a manager looks at before signing: all but the head, which grows meanwhile."""
        figures = [[f.content(), sha256(f.packed_rows())] for f in self.figures]
        return sha256(packed([self.content, figures, [f.content() for f in self.files]]))

    def disagreements(self) -> list[str]:
        """Indicators whose rows are not as many as the figure says: none."""
        return [f.code for f in self.figures if not agrees(f)]


def agrees(figure: FrozenFigure) -> bool:
    """Whether the rows of the figure's first part are as many as it says."""
    if figure.rule.get("measure") == "budget":
        return figure.counted == len(figure.rows)
    first = "numerator" if figure.rule.get("measure") == "ratio" else ""
    own = [row for row in figure.rows if row.part == first]
    counted = sum(row.reason is None for row in own)
    return (counted, len(own) - counted) == (figure.counted, figure.not_counted)


@dataclass(frozen=True)
class Signature:
    """Who signed what is frozen, when, and why with points open; `intact`: nothing was edited since.

    `withdrawn` is the reason for which it was reopened ("" while it is in force).
    """

    number: int
    at: datetime
    by: str
    despite: str
    sha256: str
    intact: bool
    withdrawn: str = ""


@dataclass(frozen=True)
class Report:
    """What the documents are made of. Without a signature it is a draft. `made_at` is the one thing in
    them that differs from one making to the next."""

    frozen: Frozen
    signature: Signature | None
    made_at: datetime

    @property
    def at(self) -> datetime:
        """The moment whose figures these are: of the signature, or of the draft."""
        return self.signature.at if self.signature else self.made_at

    @property
    def name(self) -> str:
        """What its files are called: "moda-2026-H1", with the number of a second sign-off, or "draft"."""
        content = self.frozen.content
        base = f"{content['district']['slug']}-{content['period']['code']}"
        if self.signature is None:
            return f"{base}-draft"
        return base if self.signature.number == 1 else f"{base}-{self.signature.number}"
