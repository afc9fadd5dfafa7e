"""What this machine's disk is asked for: whole files and folders, locks, and room for what need not stay."""
