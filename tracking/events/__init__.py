"""What an event is: read from what is sent, checked, and kept by the month."""
