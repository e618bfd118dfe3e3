"""The pages of the room of tracking."""
