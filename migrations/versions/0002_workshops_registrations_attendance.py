"""workshops, registrations, attendance

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('erasures',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('counts', sa.JSON(), nullable=False),
    sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['by'], ['accounts.id'], name=op.f('fk_erasures_by_accounts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_erasures_district_id_districts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasures'))
    )
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasures_district_id'), ['district_id'], unique=False)

    op.create_table('speaker_profiles',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_folded', sa.String(length=200), nullable=False),
    sa.Column('affiliation', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('website', sa.String(length=300), nullable=False),
    sa.Column('biography_it', sa.Text(), nullable=False),
    sa.Column('biography_en', sa.Text(), nullable=False),
    sa.Column('agreed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('agreed_text', sa.String(length=500), nullable=False),
    sa.Column('agreed_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agreed_by'], ['accounts.id'], name=op.f('fk_speaker_profiles_agreed_by_accounts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_speaker_profiles_district_id_districts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_speaker_profiles'))
    )
    with op.batch_alter_table('speaker_profiles', schema=None) as batch_op:
        batch_op.create_index('ix_speaker_profiles_name', ['district_id', 'name_folded', 'id'], unique=False)

    op.create_table('unasked_mails',
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_unasked_mails_district_id_districts')),
    sa.PrimaryKeyConstraint('district_id', 'address_hash', 'day', name=op.f('pk_unasked_mails'))
    )
    op.create_table('workshop_series',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('title_it', sa.String(length=200), nullable=False),
    sa.Column('title_en', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('touched', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_workshop_series_created_by_accounts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_workshop_series_district_id_districts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_series'))
    )
    with op.batch_alter_table('workshop_series', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_workshop_series_district_id'), ['district_id'], unique=False)

    op.create_table('workshop_templates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('sector_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_workshop_templates_created_by_accounts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_workshop_templates_district_id_districts')),
    sa.ForeignKeyConstraint(['sector_id'], ['sectors.id'], name=op.f('fk_workshop_templates_sector_id_sectors')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_templates')),
    sa.UniqueConstraint('district_id', 'name', name=op.f('uq_workshop_templates_district_id_name'))
    )
    op.create_table('co_organisers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('website', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_co_organisers_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_co_organisers'))
    )
    with op.batch_alter_table('co_organisers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_co_organisers_workshop_id'), ['workshop_id'], unique=False)

    op.create_table('coming_plans',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('whom', sa.Enum('everybody', 'unanswered', name='silent', native_enum=False, length=40), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('days BETWEEN 1 AND 60', name=op.f('ck_coming_plans_days')),
    sa.ForeignKeyConstraint(['set_by'], ['accounts.id'], name=op.f('fk_coming_plans_set_by_accounts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_coming_plans_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('workshop_id', name=op.f('pk_coming_plans'))
    )
    op.create_table('contact_feeds',
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('turn', sa.Integer(), nullable=False),
    sa.Column('renewed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_contact_feeds_contact_id_contacts')),
    sa.PrimaryKeyConstraint('contact_id', name=op.f('pk_contact_feeds'))
    )
    op.create_table('erasure_requests',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('handled_by', sa.Integer(), nullable=True),
    sa.Column('answer', sa.String(length=500), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_erasure_requests_contact_id_contacts')),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_erasure_requests_district_id_districts')),
    sa.ForeignKeyConstraint(['handled_by'], ['accounts.id'], name=op.f('fk_erasure_requests_handled_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure_requests'))
    )
    with op.batch_alter_table('erasure_requests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasure_requests_district_id'), ['district_id'], unique=False)
        batch_op.create_index('uq_erasure_requests_open', ['contact_id'], unique=True, sqlite_where=sa.text('handled_at IS NULL'), postgresql_where=sa.text('handled_at IS NULL'))

    op.create_table('feedback_forms',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.Enum('feedback', 'outcome', name='purpose', native_enum=False, length=40), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('anonymous', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_feedback_forms_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedback_forms')),
    sa.UniqueConstraint('workshop_id', 'purpose', name=op.f('uq_feedback_forms_workshop_id_purpose'))
    )
    op.create_table('guests',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=True),
    sa.Column('company_id', sa.Integer(), nullable=True),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('given_name', sa.String(length=100), nullable=False),
    sa.Column('family_name', sa.String(length=100), nullable=False),
    sa.Column('company_name', sa.String(length=200), nullable=False),
    sa.Column('folded', sa.String(length=520), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('reaction', sa.Enum('open', 'accepted', 'declined', name='reaction', native_enum=False, length=40), nullable=False),
    sa.Column('reacted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.Integer(), nullable=True),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('purged_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['added_by'], ['accounts.id'], name=op.f('fk_guests_added_by_accounts')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_guests_company_id_companies')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_guests_contact_id_contacts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_guests_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_guests')),
    sa.UniqueConstraint('public_id', name=op.f('uq_guests_public_id')),
    sa.UniqueConstraint('workshop_id', 'email', name=op.f('uq_guests_workshop_id_email'))
    )
    with op.batch_alter_table('guests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_guests_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_guests_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index('ix_guests_workshop_id_folded_id', ['workshop_id', 'folded', 'id'], unique=False)

    op.create_table('mail_rules',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('anchor', sa.Enum('start', 'end', name='anchor', native_enum=False, length=40), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('states', sa.JSON(), nullable=False),
    sa.Column('subject_it', sa.String(length=200), nullable=False),
    sa.Column('subject_en', sa.String(length=200), nullable=False),
    sa.Column('body_it', sa.Text(), nullable=False),
    sa.Column('body_en', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('activated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('forced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('forced_by', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('minutes BETWEEN -527040 AND 527040', name=op.f('ck_mail_rules_minutes')),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_mail_rules_created_by_accounts')),
    sa.ForeignKeyConstraint(['forced_by'], ['accounts.id'], name=op.f('fk_mail_rules_forced_by_accounts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_mail_rules_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_rules'))
    )
    with op.batch_alter_table('mail_rules', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_rules_workshop_id'), ['workshop_id'], unique=False)

    op.create_table('registration_groups',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=True),
    sa.Column('form_mark', sa.String(length=40), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_registration_groups_company_id_companies')),
    sa.ForeignKeyConstraint(['contact_id'], ['contacts.id'], name=op.f('fk_registration_groups_contact_id_contacts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_registration_groups_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration_groups')),
    sa.UniqueConstraint('form_mark', name=op.f('uq_registration_groups_form_mark')),
    sa.UniqueConstraint('public_id', name=op.f('uq_registration_groups_public_id'))
    )
    with op.batch_alter_table('registration_groups', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registration_groups_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_registration_groups_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_registration_groups_workshop_id'), ['workshop_id'], unique=False)

    op.create_table('retention_changes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('months_before', sa.Integer(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['accounts.id'], name=op.f('fk_retention_changes_by_accounts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_retention_changes_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_changes'))
    )
    with op.batch_alter_table('retention_changes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_retention_changes_workshop_id'), ['workshop_id'], unique=False)

    op.create_table('seat_pools',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('attends', sa.Enum('room', 'online', name='attends', native_enum=False, length=40), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('released_by', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('used BETWEEN 0 AND seats', name=op.f('ck_seat_pools_used')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_seat_pools_company_id_companies')),
    sa.ForeignKeyConstraint(['created_by'], ['accounts.id'], name=op.f('fk_seat_pools_created_by_accounts')),
    sa.ForeignKeyConstraint(['released_by'], ['accounts.id'], name=op.f('fk_seat_pools_released_by_accounts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_seat_pools_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seat_pools')),
    sa.UniqueConstraint('workshop_id', 'attends', 'company_id', name=op.f('uq_seat_pools_workshop_id_attends_company_id'))
    )
    with op.batch_alter_table('seat_pools', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seat_pools_company_id'), ['company_id'], unique=False)

    op.create_table('workshop_reinstatements',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cancelled_reason', sa.String(length=500), nullable=False),
    sa.Column('cancelled_by', sa.Integer(), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['accounts.id'], name=op.f('fk_workshop_reinstatements_by_accounts')),
    sa.ForeignKeyConstraint(['cancelled_by'], ['accounts.id'], name=op.f('fk_workshop_reinstatements_cancelled_by_accounts')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_workshop_reinstatements_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_reinstatements'))
    )
    with op.batch_alter_table('workshop_reinstatements', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_workshop_reinstatements_workshop_id'), ['workshop_id'], unique=False)

    op.create_table('materials',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('title_it', sa.String(length=200), nullable=False),
    sa.Column('title_en', sa.String(length=200), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=False),
    sa.Column('audience', sa.Enum('public', 'participants', name='audience', native_enum=False, length=40), nullable=False),
    sa.Column('after_end', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['added_by'], ['accounts.id'], name=op.f('fk_materials_added_by_accounts')),
    sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_materials_file_id_files')),
    sa.ForeignKeyConstraint(['session_id'], ['workshop_sessions.id'], name=op.f('fk_materials_session_id_workshop_sessions'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_materials_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_materials'))
    )
    with op.batch_alter_table('materials', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_materials_session_id'), ['session_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_materials_workshop_id'), ['workshop_id'], unique=False)

    op.create_table('answer_files',
    sa.Column('file_id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('question_id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['files.id'], name=op.f('fk_answer_files_file_id_files')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_answer_files_registration_id_registrations')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshops.id'], name=op.f('fk_answer_files_workshop_id_workshops')),
    sa.PrimaryKeyConstraint('file_id', name=op.f('pk_answer_files'))
    )
    with op.batch_alter_table('answer_files', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_answer_files_registration_id'), ['registration_id'], unique=False)
        batch_op.create_index('ix_answer_files_workshop_id_registration_id', ['workshop_id', 'registration_id'], unique=False)

    op.create_table('certificates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=201), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('of_minutes', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('printed', sa.JSON(), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('issued_by', sa.Integer(), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by', sa.Integer(), nullable=True),
    sa.Column('withdrawn_reason', sa.String(length=300), nullable=False),
    sa.Column('replaced_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['issued_by'], ['accounts.id'], name=op.f('fk_certificates_issued_by_accounts')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_certificates_registration_id_registrations')),
    sa.ForeignKeyConstraint(['replaced_by_id'], ['certificates.id'], name=op.f('fk_certificates_replaced_by_id_certificates')),
    sa.ForeignKeyConstraint(['withdrawn_by'], ['accounts.id'], name=op.f('fk_certificates_withdrawn_by_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificates')),
    sa.UniqueConstraint('code', name=op.f('uq_certificates_code'))
    )
    with op.batch_alter_table('certificates', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificates_registration_id'), ['registration_id'], unique=False)
        batch_op.create_index('uq_certificates_valid', ['registration_id'], unique=True, sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))

    op.create_table('feedback_answers',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('form_id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=True),
    sa.Column('given_on', sa.Date(), nullable=False),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['form_id'], ['feedback_forms.id'], name=op.f('fk_feedback_answers_form_id_feedback_forms')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_feedback_answers_registration_id_registrations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_feedback_answers'))
    )
    with op.batch_alter_table('feedback_answers', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_feedback_answers_form_id'), ['form_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_feedback_answers_registration_id'), ['registration_id'], unique=False)

    op.create_table('feedback_asked',
    sa.Column('form_id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['form_id'], ['feedback_forms.id'], name=op.f('fk_feedback_asked_form_id_feedback_forms')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_feedback_asked_registration_id_registrations')),
    sa.PrimaryKeyConstraint('form_id', 'registration_id', name=op.f('pk_feedback_asked'))
    )
    op.create_table('mail_rule_sendings',
    sa.Column('rule_id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_mail_rule_sendings_registration_id_registrations')),
    sa.ForeignKeyConstraint(['rule_id'], ['mail_rules.id'], name=op.f('fk_mail_rule_sendings_rule_id_mail_rules'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('rule_id', 'registration_id', name=op.f('pk_mail_rule_sendings'))
    )
    op.create_table('registration_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('what', sa.Enum('made', 'proven', 'approved', 'refused', 'seated', 'offered', 'offer_taken', 'offer_refused', 'offer_expired', 'moved', 'revised', 'substituted', 'cancelled', 'restored', 'expired', 'answered', 'purged', name='what', native_enum=False, length=40), nullable=False),
    sa.Column('who', sa.Enum('person', 'colleague', 'organiser', 'calendar', 'system', name='by', native_enum=False, length=40), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_registration_events_account_id_accounts')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_registration_events_registration_id_registrations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration_events'))
    )
    with op.batch_alter_table('registration_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_registration_events_registration_id'), ['registration_id'], unique=False)

    op.create_table('scans',
    sa.Column('scan_id', sa.String(length=36), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('move', sa.Enum('in', 'out', 'undo', name='move', native_enum=False, length=40), nullable=False),
    sa.Column('via', sa.Enum('room', 'online', name='attends', native_enum=False, length=40), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('undoes', sa.String(length=36), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.Integer(), nullable=True),
    sa.Column('device', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['accounts.id'], name=op.f('fk_scans_by_accounts')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_scans_registration_id_registrations')),
    sa.PrimaryKeyConstraint('scan_id', name=op.f('pk_scans'))
    )
    with op.batch_alter_table('scans', schema=None) as batch_op:
        batch_op.create_index('ix_scans_registration_id_at', ['registration_id', 'at'], unique=False)
        batch_op.create_index('ix_scans_undoes', ['undoes'], unique=False)

    op.create_table('stays',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.Integer(), nullable=False),
    sa.Column('via', sa.Enum('room', 'online', name='attends', native_enum=False, length=40), nullable=False),
    sa.Column('came_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_stays_registration_id_registrations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stays'))
    )
    with op.batch_alter_table('stays', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stays_registration_id'), ['registration_id'], unique=False)

    op.create_table('calendar_replies',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('district_id', sa.Integer(), nullable=True),
    sa.Column('message_id', sa.String(length=300), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('invitation_id', sa.Integer(), nullable=True),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('partstat', sa.String(length=20), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=True),
    sa.Column('stamp', sa.DateTime(timezone=True), nullable=True),
    sa.Column('authenticated', sa.Boolean(), nullable=False),
    sa.Column('effect', sa.Enum('noted', 'freed', 'asked', 'stale', 'for_a_person', name='effect', native_enum=False, length=40), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('handled_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['district_id'], ['districts.id'], name=op.f('fk_calendar_replies_district_id_districts')),
    sa.ForeignKeyConstraint(['handled_by'], ['accounts.id'], name=op.f('fk_calendar_replies_handled_by_accounts')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_calendar_replies_invitation_id_invitations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_replies')),
    sa.UniqueConstraint('message_id', name=op.f('uq_calendar_replies_message_id'))
    )
    with op.batch_alter_table('calendar_replies', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_calendar_replies_invitation_id'), ['invitation_id'], unique=False)
        batch_op.create_index('ix_calendar_replies_open', ['district_id', 'effect', 'handled_at'], unique=False)

    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('proven_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('districts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('office_from', sa.Integer(), nullable=False, server_default='9'))
        batch_op.add_column(sa.Column('office_until', sa.Integer(), nullable=False, server_default='18'))
        batch_op.add_column(sa.Column('embed_origins', sa.Text(), nullable=False, server_default=''))

    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.add_column(sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('removed_by', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('removed_because', sa.String(length=500), nullable=False, server_default=''))
        batch_op.create_foreign_key(batch_op.f('fk_evidence_removed_by_accounts'), 'accounts', ['removed_by'], ['id'])

    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('delivery_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('answer', sa.Enum('ACCEPTED', 'TENTATIVE', 'DECLINED', name='answer', native_enum=False, length=40), nullable=True))
        batch_op.add_column(sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('answered_sequence', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('answered_stamp', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('presences', schema=None) as batch_op:
        batch_op.add_column(sa.Column('via', sa.Enum('room', 'online', name='attends', native_enum=False, length=40), nullable=False, server_default='room'))

    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.Enum('text', 'choice', 'several', 'number', 'date', 'file', name='kind', native_enum=False, length=40), nullable=False, server_default='text'))
        batch_op.add_column(sa.Column('choices', sa.JSON(), nullable=False, server_default='[]'))
        batch_op.add_column(sa.Column('depends_on_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('depends_value', sa.String(length=40), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('retention_months', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_questions_depends_on_id_questions'), 'questions', ['depends_on_id'], ['id'])

    with op.batch_alter_table('registrations', schema=None) as batch_op:
        batch_op.drop_index('ix_registrations_told')
        batch_op.drop_index('uq_registrations_living')
        batch_op.add_column(sa.Column('group_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('pool_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('guest_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('attends', sa.Enum('room', 'online', name='attends', native_enum=False, length=40), nullable=False, server_default='room'))
        batch_op.add_column(sa.Column('proof_due', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('offer_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('coming_asked_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('coming_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('purged_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f('uq_registrations_workshop_id_number'), type_='unique')
        batch_op.create_index(batch_op.f('ix_registrations_group_id'), ['group_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_registrations_guest_id'), ['guest_id'], unique=False)
        batch_op.create_index('ix_registrations_offer_until', ['offer_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_registrations_pool_id'), ['pool_id'], unique=False)
        batch_op.create_index('ix_registrations_proof_due', ['proof_due'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_registrations_workshop_id_attends_number'), ['workshop_id', 'attends', 'number'])
        batch_op.create_index('ix_registrations_told', ['workshop_id', 'told_revision'], unique=False, sqlite_where=sa.text("standing NOT IN ('cancelled', 'refused')"), postgresql_where=sa.text("standing NOT IN ('cancelled', 'refused')"))
        batch_op.create_index('uq_registrations_living', ['workshop_id', 'contact_id'], unique=True, sqlite_where=sa.text("standing NOT IN ('cancelled', 'refused')"), postgresql_where=sa.text("standing NOT IN ('cancelled', 'refused')"))
        batch_op.create_foreign_key(batch_op.f('fk_registrations_replaces_id_registrations'), 'registrations', ['replaces_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_registrations_group_id_registration_groups'), 'registration_groups', ['group_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_registrations_pool_id_seat_pools'), 'seat_pools', ['pool_id'], ['id'])

    with op.batch_alter_table('rooms', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('pk_rooms'), type_='primary')
        batch_op.add_column(sa.Column('attends', sa.Enum('room', 'online', name='attends', native_enum=False, length=40), nullable=False, server_default='room'))
        batch_op.add_column(sa.Column('reserved', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_primary_key(batch_op.f('pk_rooms'), ['workshop_id', 'attends'])

    with op.batch_alter_table('speakers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('profile_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_speakers_profile_id'), ['profile_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_speakers_profile_id_speaker_profiles'), 'speaker_profiles', ['profile_id'], ['id'])

    with op.batch_alter_table('workshop_sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('track', sa.String(length=80), nullable=False, server_default=''))

    with op.batch_alter_table('workshops', schema=None) as batch_op:
        batch_op.add_column(sa.Column('series_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('online_seats', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('needs_approval', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('is_private', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('offer_hours', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('required_share', sa.Integer(), nullable=False, server_default='75'))
        batch_op.add_column(sa.Column('retention_months', sa.Integer(), nullable=False, server_default='24'))
        batch_op.add_column(sa.Column('deadline_follows', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('touched', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('form_mark', sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f('ix_workshops_series_id'), ['series_id'], unique=False)
        batch_op.create_unique_constraint(batch_op.f('uq_workshops_form_mark'), ['form_mark'])
        batch_op.create_foreign_key(batch_op.f('fk_workshops_series_id_workshop_series'), 'workshop_series', ['series_id'], ['id'])

    op.execute("UPDATE deliveries SET state = 'queued', lease_owner = NULL WHERE state = 'leased'")
    # Who had a seat was written to and could answer: her address is proven.
    op.execute(
        "UPDATE contacts SET proven_at = created_at WHERE id IN (SELECT contact_id FROM registrations)"
        " OR id IN (SELECT contact_id FROM consents WHERE purpose = 'newsletter' AND given)"
    )
    for table in ("registrations", "rooms"):
        op.execute(
            f"UPDATE {table} SET attends = 'online' WHERE workshop_id IN"  # noqa: S608 (our own words)
            " (SELECT id FROM workshops WHERE venue = '' AND online_url <> '')"
        )
    op.execute("UPDATE workshops SET deadline_follows = (registration_deadline = starts_at)")


def downgrade():
    # What the older program does not know becomes the nearest thing that it does.
    op.execute("UPDATE registrations SET standing = 'waiting' WHERE standing IN ('requested', 'offered')")
    op.execute("UPDATE registrations SET standing = 'cancelled' WHERE standing = 'refused'")
    op.execute(
        "UPDATE registrations SET number = -number - COALESCE((SELECT MAX(room.number) FROM registrations AS room"
        " WHERE room.workshop_id = registrations.workshop_id AND room.attends = 'room'), 0)"
        " WHERE attends = 'online'"
    )
    op.execute("UPDATE registrations SET number = -number WHERE number < 0")
    for counter in ("taken", "waiting", "last_number"):
        op.execute(
            f"UPDATE rooms SET {counter} = {counter} + COALESCE((SELECT other.{counter} FROM rooms AS other"  # noqa: S608
            " WHERE other.workshop_id = rooms.workshop_id AND other.attends = 'online'), 0)"
            " WHERE attends = 'room'"
        )
    op.execute(
        "DELETE FROM rooms WHERE attends = 'online' AND workshop_id IN"
        " (SELECT workshop_id FROM rooms WHERE attends = 'room')"
    )

    with op.batch_alter_table('workshops', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_workshops_series_id_workshop_series'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_workshops_form_mark'), type_='unique')
        batch_op.drop_index(batch_op.f('ix_workshops_series_id'))
        batch_op.drop_column('form_mark')
        batch_op.drop_column('touched')
        batch_op.drop_column('deadline_follows')
        batch_op.drop_column('retention_months')
        batch_op.drop_column('required_share')
        batch_op.drop_column('offer_hours')
        batch_op.drop_column('is_private')
        batch_op.drop_column('needs_approval')
        batch_op.drop_column('online_seats')
        batch_op.drop_column('series_id')

    with op.batch_alter_table('workshop_sessions', schema=None) as batch_op:
        batch_op.drop_column('track')

    with op.batch_alter_table('speakers', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_speakers_profile_id_speaker_profiles'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_speakers_profile_id'))
        batch_op.drop_column('profile_id')

    with op.batch_alter_table('rooms', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('pk_rooms'), type_='primary')
        batch_op.drop_column('reserved')
        batch_op.drop_column('attends')
        batch_op.create_primary_key(batch_op.f('pk_rooms'), ['workshop_id'])

    with op.batch_alter_table('registrations', schema=None) as batch_op:
        batch_op.drop_index('ix_registrations_told')
        batch_op.drop_index('uq_registrations_living')
        batch_op.drop_constraint(batch_op.f('fk_registrations_pool_id_seat_pools'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_registrations_group_id_registration_groups'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_registrations_replaces_id_registrations'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('uq_registrations_workshop_id_attends_number'), type_='unique')
        batch_op.drop_index('ix_registrations_proof_due')
        batch_op.drop_index(batch_op.f('ix_registrations_pool_id'))
        batch_op.drop_index('ix_registrations_offer_until')
        batch_op.drop_index(batch_op.f('ix_registrations_guest_id'))
        batch_op.drop_index(batch_op.f('ix_registrations_group_id'))
        batch_op.create_unique_constraint(batch_op.f('uq_registrations_workshop_id_number'), ['workshop_id', 'number'])
        batch_op.create_index('ix_registrations_told', ['workshop_id', 'told_revision'], unique=False, sqlite_where=sa.text("standing <> 'cancelled'"), postgresql_where=sa.text("standing <> 'cancelled'"))
        batch_op.create_index('uq_registrations_living', ['workshop_id', 'contact_id'], unique=True, sqlite_where=sa.text("standing <> 'cancelled'"), postgresql_where=sa.text("standing <> 'cancelled'"))
        batch_op.drop_column('purged_at')
        batch_op.drop_column('coming_at')
        batch_op.drop_column('coming_asked_at')
        batch_op.drop_column('offer_until')
        batch_op.drop_column('proof_due')
        batch_op.drop_column('attends')
        batch_op.drop_column('guest_id')
        batch_op.drop_column('replaces_id')
        batch_op.drop_column('pool_id')
        batch_op.drop_column('group_id')

    with op.batch_alter_table('questions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_questions_depends_on_id_questions'), type_='foreignkey')
        batch_op.drop_column('retired_at')
        batch_op.drop_column('retention_months')
        batch_op.drop_column('depends_value')
        batch_op.drop_column('depends_on_id')
        batch_op.drop_column('choices')
        batch_op.drop_column('kind')

    with op.batch_alter_table('presences', schema=None) as batch_op:
        batch_op.drop_column('via')

    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.drop_column('answered_stamp')
        batch_op.drop_column('answered_sequence')
        batch_op.drop_column('answered_at')
        batch_op.drop_column('answer')
        batch_op.drop_column('delivery_id')

    with op.batch_alter_table('evidence', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_evidence_removed_by_accounts'), type_='foreignkey')
        batch_op.drop_column('removed_because')
        batch_op.drop_column('removed_by')
        batch_op.drop_column('removed_at')

    with op.batch_alter_table('districts', schema=None) as batch_op:
        batch_op.drop_column('embed_origins')
        batch_op.drop_column('office_until')
        batch_op.drop_column('office_from')

    with op.batch_alter_table('contacts', schema=None) as batch_op:
        batch_op.drop_column('erased_at')
        batch_op.drop_column('proven_at')

    with op.batch_alter_table('calendar_replies', schema=None) as batch_op:
        batch_op.drop_index('ix_calendar_replies_open')
        batch_op.drop_index(batch_op.f('ix_calendar_replies_invitation_id'))

    op.drop_table('calendar_replies')
    with op.batch_alter_table('stays', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stays_registration_id'))

    op.drop_table('stays')
    with op.batch_alter_table('scans', schema=None) as batch_op:
        batch_op.drop_index('ix_scans_undoes')
        batch_op.drop_index('ix_scans_registration_id_at')

    op.drop_table('scans')
    with op.batch_alter_table('registration_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_registration_events_registration_id'))

    op.drop_table('registration_events')
    op.drop_table('mail_rule_sendings')
    op.drop_table('feedback_asked')
    with op.batch_alter_table('feedback_answers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_feedback_answers_registration_id'))
        batch_op.drop_index(batch_op.f('ix_feedback_answers_form_id'))

    op.drop_table('feedback_answers')
    with op.batch_alter_table('certificates', schema=None) as batch_op:
        batch_op.drop_index('uq_certificates_valid', sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_certificates_registration_id'))

    op.drop_table('certificates')
    with op.batch_alter_table('answer_files', schema=None) as batch_op:
        batch_op.drop_index('ix_answer_files_workshop_id_registration_id')
        batch_op.drop_index(batch_op.f('ix_answer_files_registration_id'))

    op.drop_table('answer_files')
    with op.batch_alter_table('materials', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_materials_workshop_id'))
        batch_op.drop_index(batch_op.f('ix_materials_session_id'))

    op.drop_table('materials')
    with op.batch_alter_table('workshop_reinstatements', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_workshop_reinstatements_workshop_id'))

    op.drop_table('workshop_reinstatements')
    with op.batch_alter_table('seat_pools', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seat_pools_company_id'))

    op.drop_table('seat_pools')
    with op.batch_alter_table('retention_changes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_retention_changes_workshop_id'))

    op.drop_table('retention_changes')
    with op.batch_alter_table('registration_groups', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_registration_groups_workshop_id'))
        batch_op.drop_index(batch_op.f('ix_registration_groups_contact_id'))
        batch_op.drop_index(batch_op.f('ix_registration_groups_company_id'))

    op.drop_table('registration_groups')
    with op.batch_alter_table('mail_rules', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mail_rules_workshop_id'))

    op.drop_table('mail_rules')
    with op.batch_alter_table('guests', schema=None) as batch_op:
        batch_op.drop_index('ix_guests_workshop_id_folded_id')
        batch_op.drop_index(batch_op.f('ix_guests_contact_id'))
        batch_op.drop_index(batch_op.f('ix_guests_company_id'))

    op.drop_table('guests')
    op.drop_table('feedback_forms')
    with op.batch_alter_table('erasure_requests', schema=None) as batch_op:
        batch_op.drop_index('uq_erasure_requests_open', sqlite_where=sa.text('handled_at IS NULL'), postgresql_where=sa.text('handled_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_erasure_requests_district_id'))

    op.drop_table('erasure_requests')
    op.drop_table('contact_feeds')
    op.drop_table('coming_plans')
    with op.batch_alter_table('co_organisers', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_co_organisers_workshop_id'))

    op.drop_table('co_organisers')
    op.drop_table('workshop_templates')
    with op.batch_alter_table('workshop_series', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_workshop_series_district_id'))

    op.drop_table('workshop_series')
    op.drop_table('unasked_mails')
    with op.batch_alter_table('speaker_profiles', schema=None) as batch_op:
        batch_op.drop_index('ix_speaker_profiles_name')

    op.drop_table('speaker_profiles')
    with op.batch_alter_table('erasures', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_erasures_district_id'))

    op.drop_table('erasures')
