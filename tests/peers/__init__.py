"""Foreign judges: programs that are not ours, and know Azure better than we do."""
