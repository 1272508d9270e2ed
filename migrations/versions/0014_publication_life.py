"""the life of publications: review, approval, newer versions, what they are related to; authors' submissions

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WHO = ("review_asked_by", "approved_by")


def upgrade():
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("publications") as batch:
        batch.add_column(sa.Column("application_area_id", sa.Integer(), nullable=True))
        for name in ("review_asked_at", "approved_at", "superseded_at"):
            batch.add_column(sa.Column(name, moment, nullable=True))
        for name in WHO:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch.create_foreign_key(batch.f(f"fk_publications_{name}_accounts"), "accounts", [name], ["id"])
        batch.create_foreign_key(
            batch.f("fk_publications_application_area_id_application_areas"), "application_areas",
            ["application_area_id"], ["id"],
        )  # fmt: skip
    given = sa.text("embargo_until IS NOT NULL")
    op.create_index(
        "ix_publications_embargo", "publications", ["district_id", "embargo_until"], sqlite_where=given,
        postgresql_where=given,
    )  # fmt: skip
    # Whoever published until now answered for the district.
    op.execute(
        "UPDATE publications SET approved_at = published_at, approved_by = published_by "
        "WHERE published_at IS NOT NULL"
    )
    # Reasons written until now were for the desk.
    with op.batch_alter_table("publication_withdrawals") as batch:
        batch.add_column(sa.Column("public", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "publication_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_publication_notes_publication_id_publications")
        ),
        sa.ForeignKeyConstraint(["by"], ["accounts.id"], name=op.f("fk_publication_notes_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_notes")),
    )  # fmt: skip
    op.create_index("ix_publication_notes_publication_id", "publication_notes", ["publication_id"])
    op.create_table(
        "publication_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(60), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("identifier", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], name=op.f("fk_publication_links_publication_id_publications")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_links")),
    )  # fmt: skip
    op.create_index("ix_publication_links_publication_id", "publication_links", ["publication_id"])
    op.create_index("ix_publication_links_subject", "publication_links", ["subject_kind", "subject_id"])
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=True),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("returned_at", moment, nullable=True),
        sa.Column("returned_by", sa.Integer(), nullable=True),
        sa.Column("declined_at", moment, nullable=True),
        sa.Column("declined_by", sa.Integer(), nullable=True),
        sa.Column("thanked_at", moment, nullable=True),
        sa.Column("merged_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_submissions_district_id_districts")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_submissions_contact_id_contacts")),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publications.id"], ondelete="SET NULL",
            name=op.f("fk_submissions_publication_id_publications"),
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["accounts.id"], name=op.f("fk_submissions_invited_by_accounts")),
        sa.ForeignKeyConstraint(["returned_by"], ["accounts.id"], name=op.f("fk_submissions_returned_by_accounts")),
        sa.ForeignKeyConstraint(["declined_by"], ["accounts.id"], name=op.f("fk_submissions_declined_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )  # fmt: skip
    op.create_index("ix_submissions_district_id_id", "submissions", ["district_id", "id"])
    op.create_index("ix_submissions_contact_id", "submissions", ["contact_id"])
    op.create_index("ix_submissions_publication_id", "submissions", ["publication_id"])


def downgrade():
    op.drop_table("submissions")
    op.drop_index("ix_publications_embargo", "publications")
    op.drop_table("publication_links")
    op.drop_table("publication_notes")
    with op.batch_alter_table("publication_withdrawals") as batch:
        batch.drop_column("public")
    with op.batch_alter_table("publications") as batch:
        batch.drop_constraint(
            batch.f("fk_publications_application_area_id_application_areas"), type_="foreignkey"
        )
        for name in WHO:
            batch.drop_constraint(batch.f(f"fk_publications_{name}_accounts"), type_="foreignkey")
        for name in ("application_area_id", "review_asked_at", "approved_at", "superseded_at", *WHO):
            batch.drop_column(name)
