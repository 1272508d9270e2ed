"""sendings, suppressions with their history, domains, several mail servers

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('sendings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('subject_kind', sa.String(length=40), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('is_open', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('expanded', sa.Integer(), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('parts', sa.JSON(), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.String(length=200), nullable=False),
    sa.Column('expanded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trouble', sa.String(length=500), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancel_reason', sa.String(length=300), nullable=False),
    sa.Column('per_second', sa.Integer(), nullable=True),
    sa.Column('paced_to', sa.DateTime(timezone=True), nullable=True),
    sa.Column('quiet_from', sa.Time(), nullable=True),
    sa.Column('quiet_until', sa.Time(), nullable=True),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('to_sink', sa.Boolean(), nullable=False),
    sa.Column('sunk_octets', sa.BigInteger(), nullable=False),
    sa.Column('sunk_largest', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('mark_done', sa.Integer(), nullable=False),
    sa.Column('mark_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_rate', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sendings')),
    sa.UniqueConstraint('subject_kind', 'subject_id', name=op.f('uq_sendings_subject_kind_subject_id'))
    )
    op.create_index('ix_sendings_open', 'sendings', ['is_open'])
    op.create_table('suppression_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('what', sa.String(length=20), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('by_name', sa.String(length=200), nullable=False),
    sa.Column('delivery_id', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppression_events'))
    )
    op.create_index('ix_suppression_events_district_id_address', 'suppression_events', ['district_id', 'address', 'id'])
    op.create_table('mail_scores',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('score', sa.Float(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_scores')),
    sa.UniqueConstraint('district_id', 'address', name=op.f('uq_mail_scores_district_id_address'))
    )
    op.create_table('mail_domains',
    sa.Column('domain', sa.String(length=253), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_reply', sa.String(length=500), nullable=False),
    sa.Column('paced_to', sa.DateTime(timezone=True), nullable=True),
    sa.Column('spread_to', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('domain', name=op.f('pk_mail_domains'))
    )
    with op.batch_alter_table('suppressions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=40), server_default='bounce', nullable=False))
        batch_op.add_column(sa.Column('source', sa.String(length=200), server_default='', nullable=False))
        batch_op.add_column(sa.Column('note', sa.String(length=500), server_default='', nullable=False))
        batch_op.add_column(sa.Column('by', sa.Integer(), nullable=True))
    op.execute("UPDATE suppressions SET kind = 'erased' WHERE address LIKE 'erased:%'")
    op.execute("DELETE FROM relays")  # what is known of a server is known again after the first message
    with op.batch_alter_table('relays', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name', sa.String(length=300), nullable=False))
        batch_op.create_unique_constraint(op.f('uq_relays_name'), ['name'])
    op.drop_index('ix_deliveries_due', 'deliveries')
    op.drop_index('ix_deliveries_subject', 'deliveries')
    op.create_index('ix_deliveries_due', 'deliveries', ['state', 'next_at', 'id'],
                    sqlite_where=sa.text("bulk = 0 AND state IN ('queued', 'deferred')"),
                    postgresql_where=sa.text("NOT bulk AND state IN ('queued', 'deferred')"))
    op.create_index('ix_deliveries_subject', 'deliveries', ['subject_kind', 'subject_id', 'state', 'next_at', 'id'])
    op.create_index('ix_deliveries_held', 'deliveries', ['lease_owner'],
                    sqlite_where=sa.text("state = 'in_data'"), postgresql_where=sa.text("state = 'in_data'"))
    _sendings_of_old_rows()


def _sendings_of_old_rows():
    """Mail to many that the older program put gets its row of `sendings`; what waits of it goes on."""
    op.execute("""
        INSERT INTO sendings (district_id, subject_kind, subject_id, created_at, is_open, version, total, expanded,
         gone, parts, part, "cursor", expanded_at, trouble, cancel_reason, zone, to_sink, sunk_octets,
         sunk_largest, done, mark_done, seen_rate)
        SELECT min(district_id), subject_kind, subject_id, min(created_at), %s, 1, count(*), count(*), 0, '[]', 0,
         '', min(created_at), '', '', 'Europe/Rome', %s, 0, 0, 0, 0, 0
        FROM deliveries WHERE %s GROUP BY subject_kind, subject_id
    """ % (("1", "0", "bulk = 1") if op.get_bind().dialect.name == "sqlite" else ("true", "false", "bulk")))


def downgrade():
    op.drop_index('ix_deliveries_held', 'deliveries')
    op.drop_index('ix_deliveries_subject', 'deliveries')
    op.drop_index('ix_deliveries_due', 'deliveries')
    op.create_index('ix_deliveries_subject', 'deliveries', ['subject_kind', 'subject_id', 'state'])
    op.create_index('ix_deliveries_due', 'deliveries', ['state', 'bulk', 'next_at', 'id'])
    op.execute("DELETE FROM relays")
    with op.batch_alter_table('relays', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('uq_relays_name'), type_='unique')
        batch_op.drop_column('name')
    with op.batch_alter_table('suppressions', schema=None) as batch_op:
        batch_op.drop_column('by')
        batch_op.drop_column('note')
        batch_op.drop_column('source')
        batch_op.drop_column('kind')
    op.drop_table('mail_domains')
    op.drop_table('mail_scores')
    op.drop_index('ix_suppression_events_district_id_address', 'suppression_events')
    op.drop_table('suppression_events')
    op.drop_index('ix_sendings_open', 'sendings')
    op.drop_table('sendings')
