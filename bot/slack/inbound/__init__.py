"""From Slack: requests are received, checked, parsed and handed to what they are for; history is read for the rest."""
