"""Floor 9: topics, who asked for them, and how they join, choose and leave."""
