"""audience

Revision ID: 0004
Revises: 0003
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

OLD, NEW = 'newsletters/confirmation', 'subscriptions/confirmation'


def _hash(source):
    """As `delivery.mail.content_hash`."""
    canonical = json.dumps(source, sort_keys=True, ensure_ascii=False, separators=(',', ':'))
    return hashlib.sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()


def _move_template(old, new):
    """The template moved with its package: letters that are not compiled yet name it in their source.

    A letter whose names were veiled has a hash of chance, which stays.
    """
    letters = sa.table(
        'letters', sa.column('id', sa.Integer), sa.column('template', sa.String),
        sa.column('source', sa.JSON), sa.column('content_hash', sa.String),
    )
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(letters.c.id, letters.c.source, letters.c.content_hash).where(letters.c.template == old)
    ).all()
    for row in rows:
        source = {**row.source, 'template': new}
        digest = _hash(source) if row.content_hash == _hash(row.source) else row.content_hash
        connection.execute(
            letters.update().where(letters.c.id == row.id).values(template=new, source=source, content_hash=digest)
        )


def upgrade():
    op.create_table('audience_settings',
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=True),
    sa.Column('days', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('set_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_audience_settings_district_id_districts')),
    sa.ForeignKeyConstraint(['set_by'], ['accounts.id'], name=op.f('fk_audience_settings_set_by_accounts')),
    sa.PrimaryKeyConstraint('district_id', name=op.f('pk_audience_settings'))
    )
    op.create_table('digests',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('issues', sa.JSON(), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_digests_district_id_districts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digests')),
    sa.UniqueConstraint('district_id', 'month', name=op.f('uq_digests_district_id_month'))
    )
    op.create_table('segments',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('conditions', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_segments_created_by_accounts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_segments_district_id_districts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_segments'))
    )
    with op.batch_alter_table('segments', schema=None) as batch_op:
        batch_op.create_index('ix_segments_district_id', ['district_id'], unique=False)

    op.create_table('subscriber_imports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('reading', 'read', 'entering', 'done', 'failed', 'dropped', name='importstate', native_enum=False, length=40), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('files', sa.JSON(), nullable=False),
    sa.Column('format', sa.String(length=20), nullable=False),
    sa.Column('topic_ids', sa.JSON(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('basis', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('lines_read', sa.Integer(), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('leaves_out_wrong', sa.Boolean(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('trouble', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_subscriber_imports_created_by_accounts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_subscriber_imports_district_id_districts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber_imports'))
    )
    with op.batch_alter_table('subscriber_imports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscriber_imports_district_id'), ['district_id'], unique=False)
        batch_op.create_index('ix_subscriber_imports_state', ['state'], unique=False)

    op.create_table('subscriber_import_lines',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('file', sa.Integer(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('given_name', sa.String(length=100), nullable=False),
    sa.Column('family_name', sa.String(length=100), nullable=False),
    sa.Column('name_folded', sa.String(length=201), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('refusal', sa.String(length=20), nullable=False),
    sa.Column('verdict', sa.Enum('subscribe', 'there', 'left', 'suppress', 'suppressed', 'erased', 'never', 'twice', 'wrong', name='verdict', native_enum=False, length=40), nullable=False),
    sa.Column('message', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['subscriber_imports.id'], name=op.f('fk_subscriber_import_lines_import_id_subscriber_imports')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber_import_lines'))
    )
    with op.batch_alter_table('subscriber_import_lines', schema=None) as batch_op:
        batch_op.create_index('ix_subscriber_import_lines_email', ['email'], unique=False)
        batch_op.create_index('ix_subscriber_import_lines_verdict', ['import_id', 'verdict', 'id'], unique=False)

    op.create_table('audience_exclusions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('company_id', sa.Integer(), nullable=True),
    sa.Column('issue_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['by'], ['accounts.id'], name=op.f('fk_audience_exclusions_by_accounts')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_audience_exclusions_company_id_companies')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_audience_exclusions_contact_id_contacts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_audience_exclusions_district_id_districts')),
    sa.ForeignKeyConstraint(['ended_by'], ['accounts.id'], name=op.f('fk_audience_exclusions_ended_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audience_exclusions'))
    )
    with op.batch_alter_table('audience_exclusions', schema=None) as batch_op:
        batch_op.create_index('ix_audience_exclusions_company_id', ['company_id'], unique=False)
        batch_op.create_index('ix_audience_exclusions_contact_id', ['contact_id'], unique=False)
        batch_op.create_index('ix_audience_exclusions_district_id_id', ['district_id', 'id'], unique=False)

    op.create_table('digest_readers',
    sa.Column('digest_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('topic_ids', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_digest_readers_contact_id_contacts')),
    sa.ForeignKeyConstraint(['digest_id'], ['digests.id'], name=op.f('fk_digest_readers_digest_id_digests')),
    sa.PrimaryKeyConstraint('digest_id', 'contact_id', name=op.f('pk_digest_readers'))
    )
    with op.batch_alter_table('digest_readers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_digest_readers_contact_id'), ['contact_id'], unique=False)

    op.create_table('reader_choices',
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('cadence', sa.Enum('each', 'monthly', name='cadence', native_enum=False, length=40), nullable=False),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_reader_choices_contact_id_contacts')),
    sa.PrimaryKeyConstraint('contact_id', name=op.f('pk_reader_choices'))
    )
    with op.batch_alter_table('subscription_requests', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source', sa.String(length=40), server_default='subscription form', nullable=False))

    with op.batch_alter_table('topics', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.Enum('news', 'workshops', 'publications', 'calls', 'foresight', name='topickind', native_enum=False, length=40), server_default='news', nullable=False))
        batch_op.add_column(sa.Column('macro_area_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('language', sa.String(length=2), server_default='', nullable=False))
        batch_op.create_foreign_key(batch_op.f('fk_topics_macro_area_id_macro_areas'), 'macro_areas', ['macro_area_id'], ['id'])

    _move_template(OLD, NEW)


def downgrade():
    _move_template(NEW, OLD)
    with op.batch_alter_table('topics', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_topics_macro_area_id_macro_areas'), type_='foreignkey')
        batch_op.drop_column('language')
        batch_op.drop_column('macro_area_id')
        batch_op.drop_column('kind')

    with op.batch_alter_table('subscription_requests', schema=None) as batch_op:
        batch_op.drop_column('source')

    op.drop_table('reader_choices')
    with op.batch_alter_table('digest_readers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_digest_readers_contact_id'))

    op.drop_table('digest_readers')
    with op.batch_alter_table('audience_exclusions', schema=None) as batch_op:
        batch_op.drop_index('ix_audience_exclusions_district_id_id')
        batch_op.drop_index('ix_audience_exclusions_contact_id')
        batch_op.drop_index('ix_audience_exclusions_company_id')

    op.drop_table('audience_exclusions')
    with op.batch_alter_table('subscriber_import_lines', schema=None) as batch_op:
        batch_op.drop_index('ix_subscriber_import_lines_verdict')
        batch_op.drop_index('ix_subscriber_import_lines_email')

    op.drop_table('subscriber_import_lines')
    with op.batch_alter_table('subscriber_imports', schema=None) as batch_op:
        batch_op.drop_index('ix_subscriber_imports_state')
        batch_op.drop_index(batch_op.f('ix_subscriber_imports_district_id'))

    op.drop_table('subscriber_imports')
    with op.batch_alter_table('segments', schema=None) as batch_op:
        batch_op.drop_index('ix_segments_district_id')

    op.drop_table('segments')
    op.drop_table('digests')
    op.drop_table('audience_settings')
