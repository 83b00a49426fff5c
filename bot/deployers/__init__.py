"""httpx clients that start deployments and rollbacks through what the team has."""
