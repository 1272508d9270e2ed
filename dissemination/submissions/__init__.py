"""Floor 6: authors outside send their works by a mailed link; organisers take them in or give them back."""
