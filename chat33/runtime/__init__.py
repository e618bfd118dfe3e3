"""Everything that starts and stops Chat33; knows nothing of Django, so that settings may ask it where things are."""
