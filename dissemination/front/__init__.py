"""Floor 11: home, dashboard, the mail desk, error pages, health and metrics."""
