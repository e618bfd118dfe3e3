"""Pages about people: joining and switching organizations, members, settings, and the practice inbox."""
