"""Floor 5: the plan as a document: its versions and approval, PDF, Word, JSON, and copies of it."""
