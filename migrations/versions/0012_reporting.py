"""reporting periods, sign-offs and what they froze

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from dissemination.plan import guards

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

GUARDED = ("sign_offs", "signed_figures", "signed_files", "transmissions")


def key(table, column, target):
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}")
    )


def moment(name, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def whole(name, nullable=False):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def words(name, length=500):
    return sa.Column(name, sa.String(length=length), nullable=False)


def one_at_a_time(table, name, condition):
    given = sa.text(condition)
    op.create_index(
        name, table, ["period_id"], unique=True, sqlite_where=given, postgresql_where=given
    )


def upgrade():
    op.create_table(
        "reporting_periods",
        whole("id"), whole("district_id"), whole("plan_id"), words("code", 10),
        sa.Column("starts_on", sa.Date(), nullable=False), sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True), moment("created_at", False), whole("created_by", True),
        key("reporting_periods", "district_id", "districts"), key("reporting_periods", "plan_id", "plans"),
        key("reporting_periods", "created_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporting_periods")),
        sa.UniqueConstraint("plan_id", "code", name=op.f("uq_reporting_periods_plan_id_code")),
    )  # fmt: skip
    op.create_index(op.f("ix_reporting_periods_district_id"), "reporting_periods", ["district_id"])
    op.create_table(
        "period_reviews",
        whole("id"), whole("period_id"), moment("at", False), whole("by", True), moment("ended_at"),
        whole("ended_by", True), words("ended_because"),
        key("period_reviews", "period_id", "reporting_periods"), key("period_reviews", "by", "accounts"),
        key("period_reviews", "ended_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_reviews")),
    )  # fmt: skip
    op.create_index(op.f("ix_period_reviews_period_id"), "period_reviews", ["period_id"])
    one_at_a_time("period_reviews", "uq_period_reviews_open", "ended_at IS NULL")
    op.create_table(
        "sign_offs",
        whole("id"), whole("period_id"), whole("number"), moment("at", False), whole("by", True),
        words("by_name", 200), sa.Column("position", sa.BigInteger(), nullable=False), words("chain", 64),
        sa.Column("despite", sa.Text(), nullable=False), sa.Column("content", sa.JSON(), nullable=False),
        words("sha256", 64), sa.Column("mark", sa.LargeBinary(32), nullable=False), moment("reopened_at"), whole("reopened_by", True), words("reopened_because"),
        key("sign_offs", "period_id", "reporting_periods"), key("sign_offs", "by", "accounts"),
        key("sign_offs", "reopened_by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        sa.UniqueConstraint("period_id", "number", name=op.f("uq_sign_offs_period_id_number")),
    )  # fmt: skip
    one_at_a_time("sign_offs", "uq_sign_offs_in_force", "reopened_at IS NULL")
    op.create_table(
        "signed_figures",
        whole("sign_off_id"), whole("position"), words("code", 10),
        sa.Column("content", sa.JSON(), nullable=False), sa.Column("rows", sa.LargeBinary(), nullable=False),
        words("rows_sha256", 64),
        key("signed_figures", "sign_off_id", "sign_offs"),
        sa.PrimaryKeyConstraint("sign_off_id", "position", name=op.f("pk_signed_figures")),
    )  # fmt: skip
    op.create_table(
        "signed_files",
        whole("sign_off_id"), whole("position"), sa.Column("content", sa.JSON(), nullable=False),
        key("signed_files", "sign_off_id", "sign_offs"),
        sa.PrimaryKeyConstraint("sign_off_id", "position", name=op.f("pk_signed_files")),
    )
    op.create_table(
        "transmissions",
        whole("id"), whole("sign_off_id"), moment("at", False),
        sa.Column("sent_on", sa.Date(), nullable=False), whole("by", True), words("recipient", 200),
        words("protocol", 100), words("note"),
        key("transmissions", "sign_off_id", "sign_offs"), key("transmissions", "by", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transmissions")),
    )  # fmt: skip
    op.create_index(op.f("ix_transmissions_sign_off_id"), "transmissions", ["sign_off_id"])
    guards.protect(op.get_bind(), *GUARDED)
    op.create_table(
        "district_overviews",
        whole("district_id"), words("code", 10), whole("plan_id"),
        sa.Column("starts_on", sa.Date(), nullable=False), moment("made_at", False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        key("district_overviews", "district_id", "districts"),
        sa.PrimaryKeyConstraint("district_id", "code", name=op.f("pk_district_overviews")),
    )  # fmt: skip


def downgrade():
    guards.drop(op.get_bind(), *GUARDED)
    for table in (
        "district_overviews", "transmissions", "signed_files", "signed_figures", "sign_offs", "period_reviews", "reporting_periods",
    ):  # fmt: skip
        op.drop_table(table)
