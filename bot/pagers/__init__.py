"""Clients of what wakes people and of mail: PagerDuty, Opsgenie, SMTP."""
