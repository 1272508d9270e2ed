"""What participants say afterwards: feedback, and the survey on outcomes half a year later."""
