"""Floor 6: how often publications are looked at and downloaded, by the COUNTER code of practice."""
