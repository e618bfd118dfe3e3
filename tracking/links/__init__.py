"""Links: what they are to be, where they lead, how they are signed, and the words that campaigns are named by."""
