"""One file a subject: what to ask, and how its answer becomes rows."""
