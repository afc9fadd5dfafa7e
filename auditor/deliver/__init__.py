"""One file per way out. None is built yet: the report is left in the output folder."""
