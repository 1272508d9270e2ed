"""Floor 3: companies and their memberships, contacts, consents, accounts and roles."""

from dissemination.people import deferred

deferred.import_flask_security()  # before any module of this package does
