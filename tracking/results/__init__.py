"""Reads for the pages of results: figures from rollups, and single events."""
