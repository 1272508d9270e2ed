"""technology audits: states, appointments, visits, what was found, sharing

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("audits", "audit_appointments", "audit_people", "audit_photos", "audit_scores", "audit_sharings", "audit_sheets", "audit_steps", "improvement_areas", "audit_remarks", "audit_reports",)


def upgrade():
    moment = sa.DateTime(timezone=True)
    op.create_table("audits",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("company_id", sa.Integer(), nullable=False),
    sa.Column("auditor_id", sa.Integer(), nullable=True),
    sa.Column("auditor_name", sa.String(length=200), nullable=False),
    sa.Column("activity_line_id", sa.Integer(), nullable=False),
    sa.Column("macro_area_id", sa.Integer(), nullable=True),
    sa.Column("state", sa.String(40), nullable=False),
    sa.Column("site", sa.String(length=300), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("repeat_meant", sa.Boolean(), nullable=False),
    sa.Column("visited_on", sa.Date(), nullable=True),
    sa.Column("visited_from", sa.Time(), nullable=True),
    sa.Column("visited_until", sa.Time(), nullable=True),
    sa.Column("departments", sa.JSON(), nullable=False),
    sa.Column("strengths", sa.Text(), nullable=False),
    sa.Column("weaknesses", sa.Text(), nullable=False),
    sa.Column("summary", sa.Text(), nullable=False),
    sa.Column("created_at", moment, nullable=False),
    sa.Column("created_by", sa.Integer(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["activity_line_id"], ["activity_lines.id"], name=op.f("fk_audits_activity_line_id_activity_lines")),
    sa.ForeignKeyConstraint(["auditor_id"], ["accounts.id"], name=op.f("fk_audits_auditor_id_accounts")),
    sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_audits_company_id_companies")),
    sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_audits_created_by_accounts")),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_audits_district_id_districts")),
    sa.ForeignKeyConstraint(["macro_area_id"], ["macro_areas.id"], name=op.f("fk_audits_macro_area_id_macro_areas")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audits"))
    )
    op.create_index("ix_audits_company_id", "audits", ["company_id"])
    op.create_index("ix_audits_district_id_id", "audits", ["district_id", "id"])
    op.create_index("ix_audits_district_id_state_id", "audits", ["district_id", "state", "id"])
    op.create_index("ix_audits_district_id_visited_on_id", "audits", ["district_id", "visited_on", "id"])
    op.create_table("audit_appointments",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("contact_id", sa.Integer(), nullable=False),
    sa.Column("starts_at", moment, nullable=False),
    sa.Column("ends_at", moment, nullable=False),
    sa.Column("place", sa.String(length=300), nullable=False),
    sa.Column("message", sa.Text(), nullable=False),
    sa.Column("uid", sa.String(length=120), nullable=False),
    sa.Column("sequence", sa.Integer(), nullable=False),
    sa.Column("made_at", moment, nullable=False),
    sa.Column("made_by", sa.Integer(), nullable=True),
    sa.Column("reply", sa.String(length=20), nullable=False),
    sa.Column("replied_at", moment, nullable=True),
    sa.Column("cancelled_at", moment, nullable=True),
    sa.Column("cancelled_by", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_appointments_audit_id_audits")),
    sa.ForeignKeyConstraint(["cancelled_by"], ["accounts.id"], name=op.f("fk_audit_appointments_cancelled_by_accounts")),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_audit_appointments_contact_id_contacts")),
    sa.ForeignKeyConstraint(["made_by"], ["accounts.id"], name=op.f("fk_audit_appointments_made_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_appointments")),
    sa.UniqueConstraint("uid", name=op.f("uq_audit_appointments_uid"))
    )
    op.create_index("ix_audit_appointments_audit_id", "audit_appointments", ["audit_id"])
    op.create_index("ix_audit_appointments_contact_id", "audit_appointments", ["contact_id"])
    op.create_table("audit_people",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("contact_id", sa.Integer(), nullable=True),
    sa.Column("name", sa.String(length=200), nullable=False),
    sa.Column("role", sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_people_audit_id_audits")),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_audit_people_contact_id_contacts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_people"))
    )
    op.create_index("ix_audit_people_audit_id", "audit_people", ["audit_id"])
    op.create_index("ix_audit_people_contact_id", "audit_people", ["contact_id"])
    op.create_table("audit_photos",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("key", sa.String(length=40), nullable=False),
    sa.Column("file_id", sa.Integer(), nullable=False),
    sa.Column("department", sa.String(40), nullable=True),
    sa.Column("caption", sa.String(length=300), nullable=False),
    sa.Column("in_report", sa.Boolean(), nullable=False),
    sa.Column("at", moment, nullable=False),
    sa.Column("by", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_photos_audit_id_audits")),
    sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_audit_photos_by_accounts")),
    sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_audit_photos_file_id_files")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_photos")),
    sa.UniqueConstraint("audit_id", "key", name=op.f("uq_audit_photos_audit_id_key"))
    )
    op.create_table("audit_scores",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("dimension", sa.String(40), nullable=False),
    sa.Column("points", sa.Integer(), nullable=False),
    sa.Column("note", sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_scores_audit_id_audits")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_scores")),
    sa.UniqueConstraint("audit_id", "dimension", name=op.f("uq_audit_scores_audit_id_dimension"))
    )
    op.create_table("audit_sharings",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("contact_id", sa.Integer(), nullable=False),
    sa.Column("shared_at", moment, nullable=False),
    sa.Column("shared_by", sa.Integer(), nullable=True),
    sa.Column("revoked_at", moment, nullable=True),
    sa.Column("revoked_by", sa.Integer(), nullable=True),
    sa.Column("mark", sa.String(length=32), nullable=False),
    sa.Column("read_at", moment, nullable=True),
    sa.Column("reminded_at", moment, nullable=True),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_sharings_audit_id_audits")),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_audit_sharings_contact_id_contacts")),
    sa.ForeignKeyConstraint(["revoked_by"], ["accounts.id"], name=op.f("fk_audit_sharings_revoked_by_accounts")),
    sa.ForeignKeyConstraint(["shared_by"], ["accounts.id"], name=op.f("fk_audit_sharings_shared_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_sharings")),
    sa.UniqueConstraint("audit_id", "contact_id", name=op.f("uq_audit_sharings_audit_id_contact_id"))
    )
    op.create_index("ix_audit_sharings_contact_id", "audit_sharings", ["contact_id"])
    op.create_table("audit_sheets",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("key", sa.String(length=40), nullable=False),
    sa.Column("seen_version", sa.Integer(), nullable=False),
    sa.Column("facts", sa.JSON(), nullable=False),
    sa.Column("taken", sa.Boolean(), nullable=False),
    sa.Column("at", moment, nullable=False),
    sa.Column("by", sa.Integer(), nullable=True),
    sa.Column("settled_at", moment, nullable=True),
    sa.Column("settled_by", sa.Integer(), nullable=True),
    sa.Column("signed_by", sa.String(length=200), nullable=False),
    sa.Column("file_id", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_audit_sheets_file_id_files")),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_sheets_audit_id_audits")),
    sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_audit_sheets_by_accounts")),
    sa.ForeignKeyConstraint(["settled_by"], ["accounts.id"], name=op.f("fk_audit_sheets_settled_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_sheets")),
    sa.UniqueConstraint("audit_id", "key", name=op.f("uq_audit_sheets_audit_id_key"))
    )
    op.create_table("audit_steps",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("state", sa.String(40), nullable=False),
    sa.Column("on", sa.Date(), nullable=False),
    sa.Column("at", moment, nullable=False),
    sa.Column("by", sa.Integer(), nullable=True),
    sa.Column("note", sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_steps_audit_id_audits")),
    sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_audit_steps_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_steps"))
    )
    op.create_index("ix_audit_steps_audit_id", "audit_steps", ["audit_id"])
    op.create_table("improvement_areas",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("position", sa.Integer(), nullable=False),
    sa.Column("key", sa.String(length=40), nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("priority", sa.Integer(), nullable=False),
    sa.Column("title", sa.String(length=200), nullable=False),
    sa.Column("description", sa.Text(), nullable=False),
    sa.Column("proposed_action", sa.Text(), nullable=False),
    sa.Column("expected_result", sa.Text(), nullable=False),
    sa.Column("keywords", sa.JSON(), nullable=False),
    sa.Column("service_id", sa.Integer(), nullable=True),
    sa.Column("call_id", sa.Integer(), nullable=True),
    sa.Column("laboratory_id", sa.Integer(), nullable=True),
    sa.Column("deadline", sa.Date(), nullable=True),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("outcome_note", sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_improvement_areas_audit_id_audits")),
    sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_improvement_areas_call_id_calls")),
    sa.ForeignKeyConstraint(["laboratory_id"], ["laboratories.id"], name=op.f("fk_improvement_areas_laboratory_id_laboratories")),
    sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_improvement_areas_service_id_services")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_improvement_areas"))
    )
    op.create_index("ix_improvement_areas_audit_id", "improvement_areas", ["audit_id"])
    op.create_index("ix_improvement_areas_call_id", "improvement_areas", ["call_id"])
    op.create_index("ix_improvement_areas_laboratory_id", "improvement_areas", ["laboratory_id"])
    op.create_index("ix_improvement_areas_service_id", "improvement_areas", ["service_id"])
    op.create_table("audit_remarks",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("area_id", sa.Integer(), nullable=True),
    sa.Column("contact_id", sa.Integer(), nullable=True),
    sa.Column("account_id", sa.Integer(), nullable=True),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("at", moment, nullable=False),
    sa.Column("told_at", moment, nullable=True),
    sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_audit_remarks_account_id_accounts")),
    sa.ForeignKeyConstraint(["area_id"], ["improvement_areas.id"], name=op.f("fk_audit_remarks_area_id_improvement_areas"), ondelete="SET NULL"),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_remarks_audit_id_audits")),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_audit_remarks_contact_id_contacts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_remarks"))
    )
    op.create_index("ix_audit_remarks_area_id", "audit_remarks", ["area_id"])
    op.create_index("ix_audit_remarks_audit_id", "audit_remarks", ["audit_id"])
    op.create_index("ix_audit_remarks_contact_id", "audit_remarks", ["contact_id"])
    op.create_table("audit_reports",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("audit_id", sa.Integer(), nullable=False),
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("content", sa.JSON(), nullable=False),
    sa.Column("seen_version", sa.Integer(), nullable=False),
    sa.Column("made_at", moment, nullable=False),
    sa.Column("made_by", sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_reports_audit_id_audits")),
    sa.ForeignKeyConstraint(["made_by"], ["accounts.id"], name=op.f("fk_audit_reports_made_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_reports")),
    sa.UniqueConstraint("audit_id", "number", name=op.f("uq_audit_reports_audit_id_number"))
    )
    # Districts that have a checklist already are asked for the visit sheet too (R4), as new ones are.
    op.execute("""
        INSERT INTO evidence_requirements (district_id, verb, code, name_it, name_en, position, valid_from)
        SELECT district_id, 'audit.visited', 'visit_sheet', 'Scheda di visita firmata', 'Signed visit sheet',
               MAX(position) + 1, DATE '2016-01-01'
        FROM evidence_requirements AS known
        WHERE NOT EXISTS (
            SELECT 1 FROM evidence_requirements AS there
            WHERE there.district_id = known.district_id AND there.verb = 'audit.visited'
              AND there.code = 'visit_sheet'
        )
        GROUP BY district_id
    """.replace("DATE ", "" if op.get_bind().dialect.name == "sqlite" else "DATE "))


def downgrade():
    for table in reversed(TABLES):
        op.drop_table(table)
