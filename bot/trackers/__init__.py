"""httpx clients of issue trackers: a ticket is opened, found again, and closed."""
