"""What this machine's disk is asked for: files and folders that are whole or not there, and locks."""
