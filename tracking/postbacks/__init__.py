"""What MMPs report: read by a worker, told from repetitions, stored as events, shown with why."""
