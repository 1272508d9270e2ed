"""Floor 4: the plan of the decree, its indicators, the activity log, and the figures made of both."""
