"""The letters that the stages exchange: frozen, without I/O, without pandas and without an SDK."""
