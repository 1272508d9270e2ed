"""Floor 5: the catalogue of qualified services and the calls that pay for them, with their deadlines."""
