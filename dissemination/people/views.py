"""The pages of companies, contacts, access, settings and one's own account, put together."""

from dissemination.people import companies, contacts, settings, uploads
from dissemination.people.account import account
from dissemination.people.desk import desk

PAGES = (companies, contacts, settings, uploads)  # importing them put their pages on the desk
blueprints = (desk, account)
