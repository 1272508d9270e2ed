"""applications for funding with their dated states; who was told of which call

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("applications", "application_partners", "application_services", "application_steps", "call_alerts",)


PROOFS = (
    ("application.submitted", "protocol_number", "Numero di protocollo", "Protocol number"),
    ("application.funded", "grant_decision", "Atto di concessione", "Grant decision"),
)


def upgrade():
    moment = sa.DateTime(timezone=True)
    op.create_table("applications",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("call_id", sa.Integer(), nullable=False),
    sa.Column("cutoff_id", sa.Integer(), nullable=True),
    sa.Column("company_id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=True),
    sa.Column("area_id", sa.Integer(), nullable=True),
    sa.Column("without_audit", sa.String(length=300), nullable=False),
    sa.Column("activity_line_id", sa.Integer(), nullable=False),
    sa.Column("title", sa.String(length=300), nullable=False),
    sa.Column("stage", sa.String(40), nullable=False),
    sa.Column("protocol_number", sa.String(length=60), nullable=False),
    sa.Column("cost", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("requested", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("granted", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("paid", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("notes", sa.Text(), nullable=False),
    sa.Column("created_at", moment, nullable=False),
    sa.Column("created_by", sa.Integer(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["activity_line_id"], ["activity_lines.id"], name=op.f("fk_applications_activity_line_id_activity_lines")),
    sa.ForeignKeyConstraint(["area_id"], ["improvement_areas.id"], name=op.f("fk_applications_area_id_improvement_areas")),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_applications_audit_id_audits")),
    sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_applications_call_id_calls")),
    sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_applications_company_id_companies")),
    sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_applications_created_by_accounts")),
    sa.ForeignKeyConstraint(["cutoff_id"], ["call_cutoffs.id"], name=op.f("fk_applications_cutoff_id_call_cutoffs")),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_applications_district_id_districts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_applications"))
    )
    op.create_index("ix_applications_area_id", "applications", ["area_id"])
    op.create_index("ix_applications_audit_id", "applications", ["audit_id"])
    op.create_index("ix_applications_call_id", "applications", ["call_id"])
    op.create_index("ix_applications_company_id", "applications", ["company_id"])
    op.create_index("ix_applications_district_id_stage_id", "applications", ["district_id", "stage", "id"])
    op.create_table("application_partners",
    sa.Column("application_id", sa.Integer(), nullable=False),
    sa.Column("company_id", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name=op.f("fk_application_partners_application_id_applications")),
    sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_application_partners_company_id_companies")),
    sa.PrimaryKeyConstraint("application_id", "company_id", name=op.f("pk_application_partners"))
    )
    op.create_index("ix_application_partners_company_id", "application_partners", ["company_id"])
    op.create_table("application_services",
    sa.Column("application_id", sa.Integer(), nullable=False),
    sa.Column("service_id", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name=op.f("fk_application_services_application_id_applications")),
    sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_application_services_service_id_services")),
    sa.PrimaryKeyConstraint("application_id", "service_id", name=op.f("pk_application_services"))
    )
    op.create_index("ix_application_services_service_id", "application_services", ["service_id"])
    op.create_table("application_steps",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("application_id", sa.Integer(), nullable=False),
    sa.Column("stage", sa.String(40), nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("hour", sa.Time(), nullable=True),
    sa.Column("at", moment, nullable=False),
    sa.Column("by", sa.Integer(), nullable=True),
    sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("note", sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name=op.f("fk_application_steps_application_id_applications")),
    sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_application_steps_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_application_steps"))
    )
    op.create_index("ix_application_steps_application_id", "application_steps", ["application_id"])
    op.create_table("call_alerts",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("call_id", sa.Integer(), nullable=False),
    sa.Column("contact_id", sa.Integer(), nullable=False),
    sa.Column("area_id", sa.Integer(), nullable=True),
    sa.Column("at", moment, nullable=False),
    sa.Column("by", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["area_id"], ["improvement_areas.id"], name=op.f("fk_call_alerts_area_id_improvement_areas"), ondelete="SET NULL"),
    sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_call_alerts_by_accounts")),
    sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_alerts_call_id_calls")),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_call_alerts_contact_id_contacts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_call_alerts")),
    sa.UniqueConstraint("call_id", "contact_id", name=op.f("uq_call_alerts_call_id_contact_id"))
    )
    op.create_index("ix_call_alerts_area_id", "call_alerts", ["area_id"])
    op.create_index("ix_call_alerts_contact_id", "call_alerts", ["contact_id"])
    # Districts that have a checklist already are asked for these proofs too (R4), as new ones are.
    day = "'2016-01-01'" if op.get_bind().dialect.name == "sqlite" else "DATE '2016-01-01'"
    for proof in PROOFS:
        op.execute(sa.text(f"""
            INSERT INTO evidence_requirements (district_id, verb, code, name_it, name_en, position, valid_from)
            SELECT district_id, :verb, :code, :it, :en, MAX(position) + 1, {day}
            FROM evidence_requirements AS known
            WHERE NOT EXISTS (
                SELECT 1 FROM evidence_requirements AS there
                WHERE there.district_id = known.district_id AND there.verb = :verb AND there.code = :code
            )
            GROUP BY district_id
        """).bindparams(**dict(zip(("verb", "code", "it", "en"), proof, strict=True))))


def downgrade():
    for table in reversed(TABLES):
        op.drop_table(table)
