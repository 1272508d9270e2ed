"""companies' own pages: links to them, the corrections that are asked for; the window of effects

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("company_links", "company_corrections", "effect_windows")
PROOFS = (
    ("meeting.held", "minutes", "Verbale dell''incontro", "Minutes of the meeting"),
    ("agreement.signed", "signed_agreement", "Accordo firmato", "Signed agreement"),
)  # fmt: skip


def _reference(table, column, other):
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade():
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "company_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("mailed_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("revoked_at", moment, nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        _reference("company_links", "district_id", "districts"),
        _reference("company_links", "company_id", "companies"),
        _reference("company_links", "contact_id", "contacts"),
        _reference("company_links", "made_by", "accounts"),
        _reference("company_links", "revoked_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_links")),
    )
    op.create_index("ix_company_links_contact_id", "company_links", ["contact_id"])
    op.create_index("ix_company_links_company_id_contact_id", "company_links", ["company_id", "contact_id"])
    op.create_table(
        "company_corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("decided_at", moment, nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        _reference("company_corrections", "district_id", "districts"),
        _reference("company_corrections", "company_id", "companies"),
        _reference("company_corrections", "contact_id", "contacts"),
        _reference("company_corrections", "decided_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_corrections")),
    )
    op.create_index("ix_company_corrections_company_id", "company_corrections", ["company_id"])
    op.create_index("ix_company_corrections_contact_id", "company_corrections", ["contact_id"])
    op.create_index("ix_company_corrections_district_id_id", "company_corrections", ["district_id", "id"])
    op.create_table(
        "effect_windows",
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_at", moment, nullable=False),
        sa.Column("set_by", sa.Integer(), nullable=True),
        _reference("effect_windows", "district_id", "districts"),
        _reference("effect_windows", "set_by", "accounts"),
        sa.PrimaryKeyConstraint("district_id", name=op.f("pk_effect_windows")),
    )
    # Districts that have a checklist already are asked for minutes and signed agreements too (R4).
    since = "" if op.get_bind().dialect.name == "sqlite" else "DATE "
    for verb, code, italian, english in PROOFS:
        op.execute(f"""
            INSERT INTO evidence_requirements (district_id, verb, code, name_it, name_en, position, valid_from)
            SELECT district_id, '{verb}', '{code}', '{italian}', '{english}', MAX(position) + 1,
                   {since}'2016-01-01'
            FROM evidence_requirements AS known
            WHERE NOT EXISTS (
                SELECT 1 FROM evidence_requirements AS there
                WHERE there.district_id = known.district_id AND there.verb = '{verb}'
                  AND there.code = '{code}'
            )
            GROUP BY district_id
        """)


def downgrade():
    for table in reversed(TABLES):
        op.drop_table(table)
