"""the catalogue of services, calls and their deadlines; laboratories, meetings, agreements

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("calls", "services", "call_cutoffs", "call_services", "laboratories", "meetings", "agreements",)


def upgrade():
    moment = sa.DateTime(timezone=True)
    op.create_table("calls",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("slug", sa.String(length=100), nullable=False),
    sa.Column("title_it", sa.String(length=300), nullable=False),
    sa.Column("title_en", sa.String(length=300), nullable=False),
    sa.Column("body", sa.String(length=200), nullable=False),
    sa.Column("summary_it", sa.Text(), nullable=False),
    sa.Column("summary_en", sa.Text(), nullable=False),
    sa.Column("url", sa.String(length=500), nullable=False),
    sa.Column("opens_at", moment, nullable=True),
    sa.Column("cap", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("intensity", sa.Integer(), nullable=True),
    sa.Column("sizes", sa.JSON(), nullable=False),
    sa.Column("sectors", sa.JSON(), nullable=False),
    sa.Column("keywords", sa.JSON(), nullable=False),
    sa.Column("published_at", moment, nullable=True),
    sa.Column("withdrawn_at", moment, nullable=True),
    sa.Column("created_at", moment, nullable=False),
    sa.Column("created_by", sa.Integer(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_calls_created_by_accounts")),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_calls_district_id_districts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    sa.UniqueConstraint("district_id", "slug", name=op.f("uq_calls_district_id_slug"))
    )
    op.create_table("services",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("code", sa.String(length=20), nullable=False),
    sa.Column("family", sa.String(40), nullable=False),
    sa.Column("title_it", sa.String(length=300), nullable=False),
    sa.Column("title_en", sa.String(length=300), nullable=False),
    sa.Column("description_it", sa.Text(), nullable=False),
    sa.Column("description_en", sa.Text(), nullable=False),
    sa.Column("cost_cap", sa.Numeric(precision=16, scale=2), nullable=True),
    sa.Column("months", sa.Integer(), nullable=True),
    sa.Column("intensity", sa.JSON(), nullable=False),
    sa.Column("area_types", sa.JSON(), nullable=False),
    sa.Column("keywords", sa.JSON(), nullable=False),
    sa.Column("valid_from", sa.Date(), nullable=True),
    sa.Column("valid_until", sa.Date(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_services_district_id_districts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    sa.UniqueConstraint("district_id", "code", name=op.f("uq_services_district_id_code"))
    )
    op.create_table("call_cutoffs",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("call_id", sa.Integer(), nullable=False),
    sa.Column("closes_at", moment, nullable=False),
    sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_cutoffs_call_id_calls")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_call_cutoffs"))
    )
    op.create_index("ix_call_cutoffs_call_id", "call_cutoffs", ["call_id"])
    op.create_index("ix_call_cutoffs_closes_at", "call_cutoffs", ["closes_at"])
    op.create_table("call_services",
    sa.Column("call_id", sa.Integer(), nullable=False),
    sa.Column("service_id", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_call_services_call_id_calls")),
    sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_call_services_service_id_services")),
    sa.PrimaryKeyConstraint("call_id", "service_id", name=op.f("pk_call_services"))
    )
    op.create_index("ix_call_services_service_id", "call_services", ["service_id"])
    op.create_table("laboratories",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("organisation_id", sa.Integer(), nullable=False),
    sa.Column("name", sa.String(length=200), nullable=False),
    sa.Column("name_folded", sa.String(length=200), nullable=False),
    sa.Column("competences_it", sa.Text(), nullable=False),
    sa.Column("competences_en", sa.Text(), nullable=False),
    sa.Column("equipment_it", sa.Text(), nullable=False),
    sa.Column("equipment_en", sa.Text(), nullable=False),
    sa.Column("keywords", sa.JSON(), nullable=False),
    sa.Column("sectors", sa.JSON(), nullable=False),
    sa.Column("words", sa.Text(), nullable=False),
    sa.Column("contact_id", sa.Integer(), nullable=True),
    sa.Column("website", sa.String(length=300), nullable=False),
    sa.Column("published_at", moment, nullable=True),
    sa.Column("retired_at", moment, nullable=True),
    sa.Column("created_at", moment, nullable=False),
    sa.Column("created_by", sa.Integer(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_laboratories_contact_id_contacts")),
    sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_laboratories_created_by_accounts")),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_laboratories_district_id_districts")),
    sa.ForeignKeyConstraint(["organisation_id"], ["companies.id"], name=op.f("fk_laboratories_organisation_id_companies")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_laboratories"))
    )
    op.create_index("ix_laboratories_contact_id", "laboratories", ["contact_id"])
    op.create_index("ix_laboratories_district_id_name_folded_id", "laboratories", ["district_id", "name_folded", "id"])
    op.create_index("ix_laboratories_organisation_id", "laboratories", ["organisation_id"])
    op.create_table("meetings",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("company_id", sa.Integer(), nullable=False),
    sa.Column("contact_id", sa.Integer(), nullable=True),
    sa.Column("laboratory_contact_id", sa.Integer(), nullable=True),
    sa.Column("laboratory_id", sa.Integer(), nullable=True),
    sa.Column("expert", sa.String(length=200), nullable=False),
    sa.Column("origin_kind", sa.String(length=40), nullable=True),
    sa.Column("origin_id", sa.Integer(), nullable=True),
    sa.Column("wish", sa.Text(), nullable=False),
    sa.Column("state", sa.String(40), nullable=False),
    sa.Column("activity_line_id", sa.Integer(), nullable=False),
    sa.Column("asked_at", moment, nullable=False),
    sa.Column("asked_by", sa.Integer(), nullable=True),
    sa.Column("starts_at", moment, nullable=True),
    sa.Column("ends_at", moment, nullable=True),
    sa.Column("place", sa.String(length=300), nullable=False),
    sa.Column("uid", sa.String(length=120), nullable=False),
    sa.Column("sequence", sa.Integer(), nullable=False),
    sa.Column("contact_reply", sa.String(length=20), nullable=False),
    sa.Column("laboratory_reply", sa.String(length=20), nullable=False),
    sa.Column("held_on", sa.Date(), nullable=True),
    sa.Column("held_by", sa.Integer(), nullable=True),
    sa.Column("minutes", sa.Text(), nullable=False),
    sa.Column("declined_at", moment, nullable=True),
    sa.Column("declined_by", sa.Integer(), nullable=True),
    sa.Column("declined_because", sa.String(length=300), nullable=False),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["activity_line_id"], ["activity_lines.id"], name=op.f("fk_meetings_activity_line_id_activity_lines")),
    sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_meetings_asked_by_accounts")),
    sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_meetings_company_id_companies")),
    sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_meetings_contact_id_contacts")),
    sa.ForeignKeyConstraint(["declined_by"], ["accounts.id"], name=op.f("fk_meetings_declined_by_accounts")),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_meetings_district_id_districts")),
    sa.ForeignKeyConstraint(["held_by"], ["accounts.id"], name=op.f("fk_meetings_held_by_accounts")),
    sa.ForeignKeyConstraint(["laboratory_contact_id"], ["contacts.id"], name=op.f("fk_meetings_laboratory_contact_id_contacts")),
    sa.ForeignKeyConstraint(["laboratory_id"], ["laboratories.id"], name=op.f("fk_meetings_laboratory_id_laboratories")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_meetings"))
    )
    op.create_index("ix_meetings_company_id", "meetings", ["company_id"])
    op.create_index("ix_meetings_contact_id", "meetings", ["contact_id"])
    op.create_index("ix_meetings_district_id_state_id", "meetings", ["district_id", "state", "id"])
    op.create_index("ix_meetings_laboratory_contact_id", "meetings", ["laboratory_contact_id"])
    op.create_index("ix_meetings_laboratory_id", "meetings", ["laboratory_id"])
    op.create_index("ix_meetings_uid", "meetings", ["uid"])
    op.create_index("ix_meetings_origin", "meetings", ["origin_kind", "origin_id"])
    op.create_table("agreements",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("district_id", sa.Integer(), nullable=False),
    sa.Column("company_id", sa.Integer(), nullable=False),
    sa.Column("partner_id", sa.Integer(), nullable=False),
    sa.Column("laboratory_id", sa.Integer(), nullable=True),
    sa.Column("meeting_id", sa.Integer(), nullable=True),
    sa.Column("title", sa.String(length=300), nullable=False),
    sa.Column("purpose", sa.Text(), nullable=False),
    sa.Column("cooperation", sa.String(40), nullable=False),
    sa.Column("activity_line_id", sa.Integer(), nullable=False),
    sa.Column("starts_on", sa.Date(), nullable=True),
    sa.Column("ends_on", sa.Date(), nullable=True),
    sa.Column("signed_on", sa.Date(), nullable=True),
    sa.Column("signed_at", moment, nullable=True),
    sa.Column("signed_by", sa.Integer(), nullable=True),
    sa.Column("file_id", sa.Integer(), nullable=True),
    sa.Column("created_at", moment, nullable=False),
    sa.Column("created_by", sa.Integer(), nullable=True),
    sa.Column("ended_at", moment, nullable=True),
    sa.Column("ended_by", sa.Integer(), nullable=True),
    sa.Column("ended_because", sa.String(length=300), nullable=False),
    sa.Column("version", sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(["activity_line_id"], ["activity_lines.id"], name=op.f("fk_agreements_activity_line_id_activity_lines")),
    sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_agreements_company_id_companies")),
    sa.ForeignKeyConstraint(["created_by"], ["accounts.id"], name=op.f("fk_agreements_created_by_accounts")),
    sa.ForeignKeyConstraint(["district_id"], ["districts.id"], name=op.f("fk_agreements_district_id_districts")),
    sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name=op.f("fk_agreements_ended_by_accounts")),
    sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_agreements_file_id_files")),
    sa.ForeignKeyConstraint(["laboratory_id"], ["laboratories.id"], name=op.f("fk_agreements_laboratory_id_laboratories")),
    sa.ForeignKeyConstraint(["meeting_id"], ["meetings.id"], name=op.f("fk_agreements_meeting_id_meetings")),
    sa.ForeignKeyConstraint(["partner_id"], ["companies.id"], name=op.f("fk_agreements_partner_id_companies")),
    sa.ForeignKeyConstraint(["signed_by"], ["accounts.id"], name=op.f("fk_agreements_signed_by_accounts")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements"))
    )
    op.create_index("ix_agreements_company_id", "agreements", ["company_id"])
    op.create_index("ix_agreements_district_id_id", "agreements", ["district_id", "id"])
    op.create_index("ix_agreements_laboratory_id", "agreements", ["laboratory_id"])
    op.create_index("ix_agreements_meeting_id", "agreements", ["meeting_id"])
    op.create_index("ix_agreements_partner_id", "agreements", ["partner_id"])


def downgrade():
    for table in reversed(TABLES):
        op.drop_table(table)
