"""dispatch

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

OPEN = sa.text('undone_at IS NULL AND held_at IS NULL AND begun_at IS NULL')
UNDECIDED = sa.text('decided_at IS NULL')


def issue_key(table):
    return sa.ForeignKeyConstraint(
        ['issue_id'], ['issues.id'], name=op.f(f'fk_{table}_issue_id_issues'), ondelete='CASCADE')


def account_key(table, column):
    return sa.ForeignKeyConstraint([column], ['accounts.id'], name=op.f(f'fk_{table}_{column}_accounts'))


def moment(name, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def whole(name, nullable=True):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def upgrade():
    with op.batch_alter_table('issues') as batch_op:
        batch_op.add_column(sa.Column('audience_rule', sa.JSON(), nullable=False, server_default='{}'))
        batch_op.add_column(moment('withheld_at'))
        batch_op.add_column(whole('withheld_by'))
        batch_op.add_column(sa.Column('withheld_because', sa.String(length=300), nullable=False, server_default=''))
        batch_op.create_foreign_key(op.f('fk_issues_withheld_by_accounts'), 'accounts', ['withheld_by'], ['id'])
    with op.batch_alter_table('issues') as batch_op:
        batch_op.alter_column('audience_rule', server_default=None)
        batch_op.alter_column('withheld_because', server_default=None)
    with op.batch_alter_table('registrations') as batch_op:
        batch_op.add_column(whole('newsletter_block_id'))
        batch_op.create_index(batch_op.f('ix_registrations_newsletter_issue_id'), ['newsletter_issue_id'])
    op.create_table('newsletter_settings',
    whole('district_id', False),
    whole('approval_above'),
    sa.Column('quiet_from', sa.Time(), nullable=True),
    sa.Column('quiet_until', sa.Time(), nullable=True),
    sa.Column('quiet_days', sa.Boolean(), nullable=False),
    whole('per_second'),
    sa.Column('counts_clicks', sa.Boolean(), nullable=False),
    whole('version', False),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_newsletter_settings_district_id_districts')),
    sa.PrimaryKeyConstraint('district_id', name=op.f('pk_newsletter_settings'))
    )
    op.create_table('dispatches',
    whole('id', False), whole('issue_id', False), whole('version', False), whole('persons', False),
    moment('at', False), whole('by'), moment('starts_at', False),
    sa.Column('scheduled', sa.Boolean(), nullable=False),
    sa.Column('anyhow', sa.Boolean(), nullable=False),
    whole('per_second'), moment('undone_at'), whole('undone_by'), moment('held_at'),
    sa.Column('held_because', sa.Text(), nullable=False),
    moment('begun_at'),
    account_key('dispatches', 'by'), account_key('dispatches', 'undone_by'), issue_key('dispatches'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dispatches'))
    )
    op.create_index(op.f('ix_dispatches_issue_id'), 'dispatches', ['issue_id'])
    op.create_index(op.f('ix_dispatches_starts_at'), 'dispatches', ['starts_at'])
    op.create_index('uq_dispatches_open', 'dispatches', ['issue_id'], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table('issue_approvals',
    whole('id', False), whole('issue_id', False), whole('version', False), moment('asked_at', False),
    whole('asked_by'), moment('decided_at'), whole('decided_by'),
    sa.Column('granted', sa.Boolean(), nullable=True),
    sa.Column('words', sa.String(length=500), nullable=False),
    account_key('issue_approvals', 'asked_by'), account_key('issue_approvals', 'decided_by'), issue_key('issue_approvals'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issue_approvals'))
    )
    op.create_index(op.f('ix_issue_approvals_issue_id'), 'issue_approvals', ['issue_id'])
    op.create_index('uq_issue_approvals_open', 'issue_approvals', ['issue_id', 'version'], unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED)
    op.create_table('issue_events',
    whole('id', False), whole('issue_id', False), moment('at', False), whole('by'),
    sa.Column('what', sa.String(length=40), nullable=False),
    sa.Column('words', sa.String(length=500), nullable=False),
    account_key('issue_events', 'by'), issue_key('issue_events'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issue_events'))
    )
    op.create_index(op.f('ix_issue_events_issue_id'), 'issue_events', ['issue_id'])
    op.create_table('issue_rehearsals',
    whole('id', False), whole('issue_id', False), whole('version', False), moment('at', False), whole('by'),
    whole('persons', False), moment('finished_at'),
    sa.Column('report', sa.JSON(), nullable=False),
    account_key('issue_rehearsals', 'by'), issue_key('issue_rehearsals'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issue_rehearsals'))
    )
    op.create_index(op.f('ix_issue_rehearsals_issue_id'), 'issue_rehearsals', ['issue_id'])
    op.create_table('issue_links',
    whole('id', False), whole('issue_id', False), whole('number', False), whole('block_id'),
    sa.Column('url', sa.String(length=2000), nullable=False),
    whole('opened', False),
    issue_key('issue_links'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issue_links')),
    sa.UniqueConstraint('issue_id', 'number', name=op.f('uq_issue_links_issue_id_number'))
    )
    op.create_index(op.f('ix_issue_links_issue_id'), 'issue_links', ['issue_id'])


def downgrade():
    for table in ('issue_links', 'issue_rehearsals', 'issue_events', 'issue_approvals', 'dispatches', 'newsletter_settings'):
        op.drop_table(table)
    with op.batch_alter_table('registrations') as batch_op:
        batch_op.drop_index(batch_op.f('ix_registrations_newsletter_issue_id'))
        batch_op.drop_column('newsletter_block_id')
    with op.batch_alter_table('issues') as batch_op:
        batch_op.drop_constraint(op.f('fk_issues_withheld_by_accounts'), type_='foreignkey')
        batch_op.drop_column('withheld_because')
        batch_op.drop_column('withheld_by')
        batch_op.drop_column('withheld_at')
        batch_op.drop_column('audience_rule')
