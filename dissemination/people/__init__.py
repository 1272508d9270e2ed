"""Floor 3: companies and their memberships, contacts, consents, accounts and roles."""
