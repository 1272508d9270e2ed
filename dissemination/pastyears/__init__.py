"""Floor 5: the activities of past years, brought in from a spreadsheet."""
