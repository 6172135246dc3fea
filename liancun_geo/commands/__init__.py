"""What each command does: the same functions as everywhere else, and what is said of them."""
