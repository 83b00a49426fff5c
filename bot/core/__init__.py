"""The pure core: dialogue tables, decisions, forms, roles and reminders. No I/O, no clock, no Slack."""
