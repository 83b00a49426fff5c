"""A Slack workspace inside this process: Web API, deliveries, people. It knows nothing of the bot connected to it.

Facts about Slack are from docs.slack.dev; each rule names its page where it stands. Where two pages differ the
stricter holds.
"""
