"""What people ask for by commands, shortcuts and buttons, and what they are told."""
