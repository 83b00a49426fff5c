"""The kinds of checks of a playbook, and what does them."""
