"""Interactions: commands, shortcuts, buttons and views, sent to the bot once and answered within 3 s."""
