"""Filling a database: every layer of some networks gets a record, whether or not anything beat its default."""
