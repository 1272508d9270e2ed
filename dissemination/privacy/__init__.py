"""Personal data: how long they are kept, what is still held, and how a person goes while figures stay."""
