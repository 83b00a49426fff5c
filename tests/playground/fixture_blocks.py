"""Blocks and views of the page's fixture: one of each kind, with a release's own words."""

from __future__ import annotations

from typing import Any

from tests.playground.tiny_app import MANIFEST as TINY

Json = dict[str, Any]

MANIFEST: Json = {
    **TINY,
    "features": {
        **TINY["features"],
        "slash_commands": [
            {
                "command": "/release",
                "description": "Approve, plan and follow releases",
                "usage_hint": "approve [service] [version] | status [version] | list | history | help",
                "should_escape": True,
            },
            {
                "command": "/rollback",
                "description": "Ask for a rollback",
                "usage_hint": "[version]",
                "should_escape": True,
            },
        ],
    },
}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


section = mrkdwn


def button(label: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": "v1", **more}


def context(*texts: str) -> Json:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts]}


def option(text: str, value: str, description: str = "") -> Json:
    described = {"description": plain(description)} if description else {}
    return {"text": plain(text), "value": value, **described}


def labelled(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "value", **element},
        **more,
    }


CONFIRM: Json = {
    "title": plain("Confirm 16:00 UTC?"),
    "text": {"type": "mrkdwn", "text": "You will be *there to verify* after the deployment."},
    "confirm": plain("Yes, I'll be there"),
    "deny": plain("Not yet"),
}

CARD: list[Json] = [
    section("🚀 *Release Approved*: v1.2.0"),
    {
        "type": "section",
        "fields": [
            {"type": "mrkdwn", "text": text}
            for text in (
                "*Sprint*\nSprint 16",
                "*Branch*\n`main` (commit `abc123`)",
                "*Stories tested*\n3/3 ✅",
                "*Bugs fixed*\n5/5 ✅",
                "*Planned for*\n<!date^1705420800^{date_short_pretty} at {time}|16:00 UTC>",
                "*Waiting for*\n<!subteam^S0000000002|@devops> since 15:02",
            )
        ],
    },
    section("*Included changes*\n• STORY-123: Order Tracking\n• STORY-130: Excel Export\n• FIX-234, FIX-235, FIX-236"),
    section("*Rollback criteria*\n> If &gt;5% error rate on `/api/v1/orders/tracking` endpoint within 30 min."),
    context("✅ QA: <@U0000000001>", "✅ Tech Lead: <@U0000000003> _(verbal)_"),
    {"type": "divider"},
    {
        "type": "actions",
        "elements": [
            button("Confirm the time", "confirm", style="primary", confirm=CONFIRM),
            button("Object", "object", style="danger"),
            button("Snooze :zzz:", "alone"),
            {
                "type": "overflow",
                "action_id": "more",
                "options": [option("Revise", "revise"), option("Withdraw", "withdraw")],
            },
        ],
    },
]


def cell(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


SMOKE: list[Json] = [
    section("*Production Smoke Test Results*"),
    {
        "type": "table",
        "column_settings": [{"is_wrapped": True}, {"align": "center"}, {"align": "right"}],
        "rows": [
            [cell("Test"), cell("Result"), cell("Seconds")],
            *(
                [
                    cell(name),
                    rich({"type": "emoji", "name": "white_check_mark"}, {"type": "text", "text": " Pass"}),
                    cell(time),
                ]
                for name, time in (
                    ("Login", "12"),
                    ("Order List", "31"),
                    ("Order Tracking (new)", "108"),
                    ("Excel Export (new)", "94"),
                    ("Create Order", "61"),
                    ("Dashboard", "9"),
                )
            ),
        ],
    },
    context("Duration 8 minutes · issues found: none"),
]

RICH: Json = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Bold", "style": {"bold": True}},
                {"type": "text", "text": ", italic", "style": {"italic": True}},
                {"type": "text", "text": ", struck", "style": {"strike": True}},
                {"type": "text", "text": " and "},
                {"type": "text", "text": "code *not bold*", "style": {"code": True}},
                {"type": "text", "text": " for "},
                {"type": "user", "user_id": "U0000000001"},
                {"type": "text", "text": " and "},
                {"type": "usergroup", "usergroup_id": "S0000000002"},
                {"type": "text", "text": " in "},
                {"type": "channel", "channel_id": "C0000000001"},
                {"type": "text", "text": " at "},
                {"type": "date", "timestamp": 1705420800, "format": "{time}", "fallback": "16:00"},
                {"type": "text", "text": ": "},
                {"type": "link", "url": "https://example.com/run", "text": "the run"},
                {"type": "emoji", "name": "tada"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
                for text in ("Backend: Healthy", "Frontend: Healthy")
            ],
        },
        {
            "type": "rich_text_list",
            "style": "ordered",
            "indent": 1,
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
                for text in ("Database migration", "Cache cleared")
            ],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "Rollback ready if needed."}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "$ deploy v1.2.0\nok 12m"}]},
    ],
}

LONG = "\n".join(
    f"• STORY-{number}: a change with a rather long title, so that the list is folded" for number in range(20)
)

GALLERY: list[list[Json]] = [
    [
        {"type": "header", "text": plain("🎉 Deployed to Production: v1.2.0")},
        section(
            "A section with an accessory. *bold* _italic_ ~struck~ `code` and <https://example.com|a link>."
            " <!channel> is a ping; a*b*c is none."
        ),
        {
            **section("Pick an environment"),
            "accessory": {
                "type": "static_select",
                "action_id": "alone",
                "placeholder": plain("Environment"),
                "options": [option("production", "production", "What customers use"), option("staging", "staging")],
            },
        },
        section(
            '```\n$ curl -fsS https://example.com/health\n{"status": "ok"}\n```\n> quoted &lt;text&gt;\nafter the quote'
        ),
        context("🔔 context with `code`, <!date^1705420800^{date_long} {time}|then> and <@U0000000002>"),
    ],
    [RICH],
    [section(LONG)],
    [
        {
            "type": "markdown",
            "text": "## Summary\n**Error rate** fell to *0.1%*\n\n- one\n- two\n\n"
            "| Metric | Value |\n|---|---|\n| p99 | 120 ms |\n\n> fine",
        }
    ],
    [
        {
            "type": "image",
            "image_url": "https://charts.example.com/errors.png",
            "alt_text": "Error rate over 30 minutes",
            "title": plain("Error rate"),
        },
        {
            "type": "actions",
            "elements": [
                {"type": "users_select", "action_id": "alone", "placeholder": plain("Who watches?")},
                {"type": "datepicker", "action_id": "alone2", "initial_date": "2024-01-16"},
                {"type": "timepicker", "action_id": "alone3", "initial_time": "16:00"},
                button("Open dashboard", "alone4", url="https://example.com/dashboard"),
            ],
        },
        {
            "type": "actions",
            "elements": [
                {
                    "type": "checkboxes",
                    "action_id": "alone5",
                    "options": [
                        {
                            "text": {"type": "mrkdwn", "text": "*Backend* deployed"},
                            "value": "backend",
                            "description": {"type": "mrkdwn", "text": "ticked by the deploy notice"},
                        },
                        {"text": {"type": "mrkdwn", "text": "Cache cleared"}, "value": "cache"},
                    ],
                }
            ],
        },
    ],
]

SERVICES = [option("orders", "orders", "Orders and tracking"), option("billing", "billing"), option("web", "web")]

EVERY_INPUT: Json = {
    "type": "modal",
    "callback_id": "approve",
    "title": plain("Approve a release"),
    "submit": plain("Approve"),
    "close": plain("Cancel"),
    "blocks": [
        section("What you approve goes to <#C0000000001|releases>. *Known issues* must be stated; “none” counts."),
        labelled("version", "Version", {"type": "plain_text_input", "placeholder": plain("v1.2.0"), "max_length": 40}),
        labelled("service", "Service", {"type": "static_select", "options": SERVICES, "initial_option": SERVICES[0]}),
        labelled(
            "tested",
            "Stories tested",
            {"type": "number_input", "is_decimal_allowed": False, "min_value": "0", "max_value": "500"},
            hint=plain("How many stories went through testing."),
        ),
        labelled(
            "notes", "Release notes", {"type": "url_text_input", "placeholder": plain("https://…")}, optional=True
        ),
        labelled("mail", "Tell by mail", {"type": "email_text_input"}, optional=True),
        labelled(
            "regression",
            "Regression",
            {
                "type": "radio_buttons",
                "options": [
                    option("Passed", "passed"),
                    option("Failed", "failed", "Say in the known issues what failed"),
                ],
            },
        ),
        labelled(
            "checks",
            "Done so far",
            {"type": "checkboxes", "options": [option("Smoke test", "smoke"), option("Release notes", "notes")]},
            optional=True,
        ),
        labelled(
            "issues",
            "Known issues",
            {"type": "plain_text_input", "multiline": True, "min_length": 4, "initial_value": "None blocking release"},
        ),
        labelled(
            "watchers",
            "Who watches",
            {"type": "multi_users_select", "placeholder": plain("Choose people")},
            optional=True,
        ),
        labelled("parts", "Components", {"type": "multi_static_select", "options": SERVICES}, optional=True),
        labelled("where", "Announce in", {"type": "channels_select"}, optional=True),
        labelled("talk", "Conversation", {"type": "conversations_select"}, optional=True),
        labelled("day", "Day", {"type": "datepicker"}, optional=True),
        labelled("time", "Time", {"type": "timepicker"}, optional=True),
        labelled("when", "Planned for", {"type": "datetimepicker", "initial_date_time": 1705420800}, optional=True),
        context("Your sign-off is bound to the commit."),
    ],
}

SMALL_STEP: Json = {
    "type": "modal",
    "callback_id": "small_step",
    "title": plain("Object to v1.2.0"),
    "submit": plain("Object"),
    "blocks": [labelled("reason", "Reason", {"type": "plain_text_input", "multiline": True})],
}

HOME: Json = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Waiting for you")},
        {**section("🚀 *v1.2.0* to production\nConfirm the time: 16:00 UTC"), "accessory": button("Open", "alone")},
        {"type": "divider"},
        {"type": "header", "text": plain("In flight")},
        section("⏳ *v1.3.0* awaits sign-offs\n🟢 *v1.1.9* is being watched"),
        context("Updated just now"),
    ],
}
