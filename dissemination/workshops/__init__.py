"""Floor 5: workshops and their programme, in public and at the desk."""
