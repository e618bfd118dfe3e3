"""The pages of the room of contacts."""
