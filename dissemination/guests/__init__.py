"""Who is invited to a private workshop, and what they answered."""
