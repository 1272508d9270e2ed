"""Floor 9: what the activities still have to prove, the files that prove the others, and reminders."""
