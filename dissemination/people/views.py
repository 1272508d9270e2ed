"""The pages of companies, contacts, access, settings and one's own account."""

from dissemination.people.account import account

blueprints = (account,)
