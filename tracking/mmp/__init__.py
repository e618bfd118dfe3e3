"""What each MMP sends, read into one shape. Pure: a query and a body in, a reading out."""
