"""The playground's page, used as a person uses it, on the real server with a small app."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.playground.browser import PHONE, launched, opened
from tests.playground.fixture_page import Fixture, page_fixture
from tests.playground.tiny_app import web_client

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

Json = dict[str, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def fixture() -> AsyncIterator[Fixture]:
    async with page_fixture() as fixture:
        yield fixture


def address(fixture: Fixture, name: str = "quinn", place: str = "releases") -> str:
    where = place if place == "home" else fixture.channel(place)
    return f"{fixture.server.url}/#as={fixture.person(name)}&in={where}"


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, fixture: Fixture) -> AsyncIterator[Page]:
    async with opened(browser, address(fixture)) as page:
        yield page


def card(page: Page, fixture: Fixture) -> Locator:
    return page.locator(f"#main [data-testid=message][data-ts='{fixture.card}']")


def block(page: Page, block_id: str) -> Locator:
    return page.locator(f"[data-testid=modal] .block[data-block-id={block_id}]")


def control(page: Page, block_id: str) -> Locator:
    return block(page, block_id).locator("input, textarea").first


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def open_form(page: Page) -> None:
    await say(page, "/release approve")
    await expect(page.get_by_test_id("modal-title")).to_have_text("Approve a release")


async def fill_form(page: Page) -> None:
    await control(page, "version").fill("v1.2.0")
    await control(page, "tested").fill("3")
    await block(page, "regression").get_by_text("Passed").click()


async def choose(page: Page, block_id: str, label: str) -> None:
    await control(page, block_id).click()
    await page.locator(".listbox:popover-open").get_by_text(label, exact=True).click()


async def test_a_card_reads_as_in_slack(page: Page, fixture: Fixture) -> None:
    """Fields in two columns, names for ids, pings highlighted, dates in the reader's zone, buttons with their style."""
    shown = card(page, fixture)
    await expect(shown.locator(".author")).to_have_text("Greenlight")
    await expect(shown.locator(".badge-app")).to_have_text("APP")
    fields = shown.locator(".section-field")
    await expect(fields.nth(4)).to_have_text("Planned forToday at 4:00 PM")
    first, second = await fields.nth(0).bounding_box(), await fields.nth(1).bounding_box()
    assert first
    assert second
    assert first["y"] == second["y"]
    assert first["x"] < second["x"]
    await expect(shown.locator(".mention-me")).to_have_text("@Quinn Avery")
    await expect(shown.locator("[data-usergroup]")).to_have_text("@devops")
    await expect(shown.locator("[data-action-id=confirm]")).to_have_class(re.compile("button-primary"))
    await expect(shown.locator("[data-action-id=object]")).to_have_class(re.compile("button-danger"))


async def test_people_read_times_in_their_own_zone(browser: Browser, fixture: Fixture) -> None:
    async with opened(browser, address(fixture, "dana")) as page:
        await expect(card(page, fixture).locator(".section-field").nth(4)).to_contain_text("Today at 5:00 PM")
        await expect(page.get_by_test_id("clock")).to_contain_text("4:20 PM")


async def test_unread_messages_are_badged_and_stand_below_a_line_until_seen(page: Page, fixture: Fixture) -> None:
    incidents = page.locator(f"[data-place='{fixture.channel('incidents')}']")
    await expect(incidents.get_by_test_id("mention-badge")).to_have_text("1")
    await incidents.click()
    await expect(page.get_by_test_id("unread-divider")).to_be_visible()
    await expect(incidents.get_by_test_id("mention-badge")).to_have_count(0)
    assert fixture.server.person("quinn").unread("#incidents") == (0, 0)


async def test_messages_are_grouped_by_day_and_author(page: Page) -> None:
    await expect(page.locator("#main .day-divider")).to_have_text(["Yesterday", "Today"])
    followed = page.locator("#main .message", has_text="last Excel Export story")
    await expect(followed.locator(".author")).to_have_text("Quinn Avery")
    await expect(page.locator("#main .message.compact", has_text="See https://example.com/notes")).to_have_count(1)


async def test_a_thread_opens_beside_the_channel_and_takes_replies(page: Page, fixture: Fixture) -> None:
    await expect(card(page, fixture).get_by_test_id("thread-link")).to_contain_text("4 replies")
    await card(page, fixture).get_by_test_id("thread-link").click()
    thread = page.get_by_test_id("thread-pane")
    await expect(thread.locator("table tbody tr")).to_have_count(6)
    await expect(thread.get_by_test_id("message")).to_have_count(5)
    await page.get_by_test_id("thread-composer").fill("Running smoke test now...")
    await page.get_by_test_id("thread-composer").press("Enter")
    await expect(thread.get_by_test_id("message").last).to_contain_text("Running smoke test now...")
    await expect(card(page, fixture).get_by_test_id("thread-link")).to_contain_text("5 replies")
    await expect(page.locator("#main .message", has_text="Running smoke test now...")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(card(page, fixture)).to_be_focused()


async def test_a_broadcast_reply_stands_in_the_thread_and_in_the_channel(page: Page, fixture: Fixture) -> None:
    both = page.locator(".message", has_text="Deployed to Production")
    await expect(page.locator("#main").locator(both)).to_contain_text("replied to a thread: Release Approved: v1.2.0")
    await card(page, fixture).get_by_test_id("thread-link").click()
    await expect(page.get_by_test_id("thread-pane").locator(both)).to_contain_text("Also sent to the channel")


async def test_a_command_in_a_thread_is_refused_and_keeps_the_text(page: Page, fixture: Fixture) -> None:
    await card(page, fixture).get_by_test_id("thread-link").click()
    await page.get_by_test_id("thread-composer").fill("/release status")
    await page.get_by_test_id("thread-composer").press("Enter")
    await expect(page.get_by_test_id("toast")).to_contain_text("/release is not supported in threads")
    await expect(page.get_by_test_id("thread-composer")).to_have_value("/release status")


async def test_the_composer_offers_commands_people_and_channels(page: Page) -> None:
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/re")
    await expect(page.get_by_test_id("suggestion")).to_contain_text(["Approve, plan and follow releases"])
    await composer.press("Tab")
    await expect(composer).to_have_value("/release ")
    await expect(page.get_by_test_id("composer-hint")).to_contain_text("approve [service] [version]")
    await composer.fill("")
    await composer.press_sequentially("ask @dan")
    await composer.press("Enter")
    await composer.press_sequentially("about #inc")
    await composer.press("Enter")
    await expect(composer).to_have_value("ask @Dana Ortiz about #incidents ")
    await composer.press("Enter")
    sent = page.locator("#main .message").last
    await expect(sent.locator(".mention")).to_have_text(["@Dana Ortiz", "#incidents"])


async def test_a_form_names_what_is_missing_and_goes_to_the_first_such_field(page: Page, fixture: Fixture) -> None:
    await open_form(page)
    await control(page, "tested").fill("many")
    await control(page, "notes").fill("not a link")
    await control(page, "issues").fill("no")
    await page.get_by_test_id("modal-submit").click()
    errors = page.locator("[data-testid=field-error]:visible")
    await expect(errors).to_have_text(
        [
            "Please complete this required field.",
            "Please enter a whole number.",
            re.compile("valid URL"),
            "Please complete this required field.",
            "Please enter at least 4 characters.",
        ]
    )
    await expect(control(page, "version")).to_be_focused()
    await expect(control(page, "version")).to_have_attribute("aria-invalid", "true")
    assert fixture.submitted == []


async def test_the_apps_own_errors_stand_below_their_field(page: Page, fixture: Fixture) -> None:
    await open_form(page)
    await fill_form(page)
    await control(page, "version").fill("v1.1.0")
    await control(page, "version").press("Enter")
    error = page.locator("[data-testid=field-error][data-block-id=version]")
    await expect(error).to_have_text("v1.1.0 was rolled back. Approve a later version.")
    await expect(control(page, "version")).to_be_focused()
    await control(page, "version").fill("v1.2.0")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_be_hidden()
    assert len(fixture.submitted) == 1


async def test_every_input_reaches_the_app_in_slacks_own_shape(page: Page, fixture: Fixture) -> None:
    await open_form(page)
    await fill_form(page)
    await choose(page, "service", "billing")
    await choose(page, "watchers", "Teo Lind")
    await choose(page, "watchers", "Dana Ortiz")
    await choose(page, "parts", "web")
    await choose(page, "where", "#incidents")
    await choose(page, "talk", "Rosa Weber")
    await block(page, "checks").get_by_text("Smoke test").click()
    await control(page, "day").fill("2024-01-17")
    await control(page, "time").fill("16:30")
    await control(page, "notes").fill("https://example.com/notes")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_be_hidden()
    values = {name: dict(entry["value"]) for name, entry in fixture.submitted[0].items()}
    content = {name: entry.pop(key) for name, entry in values.items() for key in list(entry) if key != "type"}
    assert content["version"] == "v1.2.0"
    assert content["service"]["value"] == "billing"
    assert content["tested"] == "3"
    assert content["mail"] is None
    assert content["regression"]["value"] == "passed"
    assert [option["value"] for option in content["checks"]] == ["smoke"]
    assert content["issues"] == "None blocking release"
    assert content["watchers"] == [fixture.person("teo"), fixture.person("dana")]
    assert [option["value"] for option in content["parts"]] == ["web"]
    assert content["where"] == fixture.channel("incidents")
    assert content["talk"] == fixture.person("rosa")
    assert (content["day"], content["time"], content["when"]) == ("2024-01-17", "16:30", 1705420800)


async def test_an_updated_view_keeps_what_was_typed_and_the_focus(page: Page, fixture: Fixture) -> None:
    await open_form(page)
    await control(page, "version").fill("v1.2.")
    view = fixture.server.slack.views.stack(fixture.person("quinn"))[-1]
    changed = {key: view[key] for key in ("type", "callback_id", "submit", "close")}
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Looked up"}}, *view["blocks"]]
    await web_client(fixture.server).views_update(
        view_id=view["id"], view={**changed, "title": {"type": "plain_text", "text": "Approve again"}, "blocks": blocks}
    )
    await expect(page.get_by_test_id("modal-title")).to_have_text("Approve again")
    await expect(control(page, "version")).to_have_value("v1.2.")
    await expect(control(page, "version")).to_be_focused()
    await page.keyboard.type("0")
    await expect(control(page, "version")).to_have_value("v1.2.0")


async def test_a_pushed_view_lies_on_the_first_and_closing_it_shows_the_first(page: Page, fixture: Fixture) -> None:
    await card(page, fixture).locator("[data-action-id=object]").click()
    await control(page, "reason").fill("The export is slow")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Second layer")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("modal-title")).to_have_text("Object to v1.2.0")
    await expect(control(page, "reason")).to_have_value("The export is slow")
    await page.get_by_test_id("modal-close").click()
    await expect(page.get_by_test_id("modal")).to_be_hidden()


async def test_a_confirm_dialog_stands_before_the_action(page: Page, fixture: Fixture) -> None:
    await card(page, fixture).locator("[data-action-id=confirm]").click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("You will be there to verify")
    await page.get_by_test_id("confirm-deny").click()
    await expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert fixture.actions == []
    await card(page, fixture).locator("[data-action-id=confirm]").click()
    await page.get_by_test_id("confirm-ok").click()
    await expect(card(page, fixture)).to_contain_text("Release v1.2.0 is scheduled.")
    await expect(card(page, fixture).get_by_test_id("thread-link")).to_contain_text("5 replies")
    action = fixture.actions[0]["actions"][0]
    assert (action["action_id"], action["value"]) == ("confirm", "v1")


async def test_an_ephemeral_answer_is_seen_by_one_person_and_can_be_dismissed(
    browser: Browser, page: Page, fixture: Fixture
) -> None:
    async with opened(browser, address(fixture, "dana")) as other:
        await say(page, "/release status")
        private = page.locator("#main .message.ephemeral")
        await expect(private).to_contain_text("Only visible to you")
        await say(page, "and this is for all")
        await expect(other.locator("#main .message").last).to_contain_text("and this is for all")
        await expect(other.locator("#main .message.ephemeral")).to_have_count(0)
    await private.get_by_test_id("dismiss").click()
    await expect(private).to_have_count(0)


async def test_an_overflow_menu_works_by_keyboard_and_answers_privately(page: Page, fixture: Fixture) -> None:
    await card(page, fixture).locator("[data-action-id=more]").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#main .message.ephemeral")).to_contain_text("Not now.")
    assert fixture.actions[0]["actions"][0]["selected_option"]["value"] == "withdraw"
    await page.locator("#main .message.ephemeral").get_by_role("button", name="Show status").click()
    await expect(page.locator("#main .message.ephemeral [aria-busy]")).to_have_count(0)
    assert fixture.actions[1]["container"]["is_ephemeral"] is True


async def test_a_message_shortcut_opens_its_form(page: Page, fixture: Fixture) -> None:
    await card(page, fixture).hover()
    await card(page, fixture).get_by_test_id("message-menu").click()
    await page.get_by_role("menuitem", name="Report issue").click()
    await expect(page.get_by_test_id("modal-title")).to_have_text("Object to v1.2.0")
    assert fixture.actions[0]["message"]["ts"] == fixture.card


async def test_the_person_is_switched_by_keyboard_alone(page: Page, fixture: Fixture) -> None:
    await page.get_by_test_id("person-switcher").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("person-switcher")).to_contain_text("Dana Ortiz")
    await expect(page.locator("body")).to_have_attribute("data-ready", fixture.person("dana"))
    await expect(page.get_by_test_id("channel-list").get_by_text("release-leads")).to_have_count(0)
    await say(page, "Acknowledged!")
    await expect(page.locator("#main .message").last.locator(".author")).to_have_text("Dana Ortiz")


async def test_go_to_jumps_to_a_channel(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.get_by_test_id("goto-input").fill("incid")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("channel-name")).to_have_text("incidents")


async def test_arrow_keys_walk_over_messages_and_enter_opens_the_thread(page: Page, fixture: Fixture) -> None:
    messages = page.locator("#main .message")
    await messages.last.focus()
    await page.keyboard.press("ArrowUp")
    await expect(card(page, fixture)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread-pane")).to_be_visible()


async def test_the_clock_moves_on_to_the_next_reminder(page: Page) -> None:
    await expect(page.get_by_test_id("next-reminder")).to_have_text("next reminder: Time to deploy v1.2.0 at 4:00 PM")
    await page.get_by_test_id("clock-5m").click()
    await expect(page.get_by_test_id("clock")).to_contain_text("3:25 PM")
    await page.get_by_test_id("clock-next").click()
    await expect(page.get_by_test_id("clock")).to_contain_text("4:00 PM")
    await expect(page.get_by_test_id("next-reminder")).to_have_text("no reminder is waiting")
    await expect(page.get_by_test_id("clock-next")).to_be_disabled()
    await page.get_by_test_id("clock-2h").click()
    await expect(page.get_by_test_id("clock")).to_contain_text("6:00 PM")


async def test_the_clocks_buttons_stay_where_they_are_while_its_words_change(page: Page) -> None:
    """Whoever presses "+30 m" twice must not hit "+2 h" the second time."""
    places = []
    for _ in range(3):
        # In one breath: the bar is drawn anew with every word from the server.
        places.append(
            await page.evaluate("() => document.querySelector('[data-testid=clock-30m]').getBoundingClientRect().x")
        )
        before = await page.get_by_test_id("clock").inner_text()
        await page.get_by_test_id("clock-30m").click()
        await expect(page.get_by_test_id("clock")).not_to_have_text(before)
    assert await page.get_by_test_id("next-reminder").inner_text() == "no reminder is waiting"
    assert places == [places[0]] * 3


async def test_the_inspector_shows_both_ways_and_filters(page: Page) -> None:
    await say(page, "/release status")
    await page.get_by_test_id("inspector-toggle").click()
    command = page.locator("[data-testid=traffic][data-kind='/release']").first
    await command.locator("summary").click()
    await expect(command.locator(".json").first).to_contain_text('"command": "/release"')
    await page.get_by_test_id("inspector-filter").fill("chat.postMessage")
    await expect(command).to_be_hidden()
    await expect(page.locator("[data-kind='chat.postMessage']").first).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("inspector")).to_be_hidden()


async def test_greenlight_is_invited_where_it_is_missing(page: Page, fixture: Fixture) -> None:
    await page.locator(f"[data-place='{fixture.channel('random')}']").click()
    await page.get_by_test_id("invite-bot").click()
    await expect(page.get_by_test_id("bot-member")).to_have_text("Greenlight is here")


async def test_slackbot_says_that_a_mentioned_app_is_missing(browser: Browser, fixture: Fixture) -> None:
    async with opened(browser, address(fixture, place="random")) as page:
        await say(page, "@Greenlight status")
        hint = page.locator("#main .message.ephemeral")
        await expect(hint.locator(".author")).to_have_text("Slackbot")
        await expect(hint.locator(".badge-app")).to_have_count(0)


async def test_app_home_is_published_and_shown(page: Page) -> None:
    await page.locator("[data-place=home]").click()
    await expect(page.get_by_test_id("home")).to_contain_text("v1.2.0 to production")
    await page.get_by_role("tab", name="Messages").click()
    await expect(page.locator("#main .message").last).to_contain_text("Reminder: v1.2.0 goes out Today at 4:00 PM")


async def test_a_lost_stream_comes_back_with_what_was_missed(page: Page, fixture: Fixture) -> None:
    await page.route("**/playground/stream*", lambda route: route.abort())
    await page.reload()
    await expect(page.locator("#connection")).to_be_visible()
    await web_client(fixture.server).chat_postMessage(channel=fixture.channel("releases"), text="said meanwhile")
    await expect(page.locator("#main .message", has_text="said meanwhile")).to_have_count(0)
    await page.unroute("**/playground/stream*")
    await expect(page.locator("#main .message").last).to_contain_text("said meanwhile")
    await expect(page.locator("#connection")).to_be_hidden()


async def test_reading_further_up_is_not_disturbed_by_new_messages(page: Page, fixture: Fixture) -> None:
    for number in range(12):
        await fixture.server.person("dana").says(f"line {number}", "#releases")
    scroller = page.locator("#messages")
    await expect(page.locator("#main .message").last).to_be_in_viewport()
    await scroller.evaluate("(node) => { node.scrollTop = 0; }")
    await fixture.server.person("dana").says("the newest", "#releases")
    await expect(page.get_by_test_id("new-messages")).to_be_visible()
    assert await scroller.evaluate("(node) => node.scrollTop") == 0
    await page.get_by_test_id("new-messages").click()
    await expect(page.locator("#main .message", has_text="the newest")).to_be_in_viewport()
    await expect(page.get_by_test_id("unread-divider")).to_have_count(1)
    await expect(page.get_by_test_id("new-messages")).to_be_hidden()


async def test_the_end_stays_in_sight_when_the_pane_becomes_lower_or_narrower(page: Page, fixture: Fixture) -> None:
    """A thread beside the channel, or a phone's keyboard, takes room; whoever read the last line still does."""

    async def left_below() -> float:
        return float(await page.locator("#messages").evaluate("(n) => n.scrollHeight - n.scrollTop - n.clientHeight"))

    await expect(page.locator("#main .message").last).to_be_in_viewport()
    await card(page, fixture).get_by_test_id("thread-link").click()
    await expect(page.get_by_test_id("thread-pane")).to_be_visible()
    await page.set_viewport_size({"width": 1000, "height": 500})
    await expect(page.locator("#main .message").last).to_be_in_viewport()
    assert await left_below() < 2


async def test_a_button_is_busy_until_the_app_has_answered(page: Page, fixture: Fixture) -> None:
    held = page.expect_request("**/playground/action")
    await page.route("**/playground/action", lambda _: None)
    snooze = card(page, fixture).locator("[data-action-id=alone]")
    async with held as asked:
        await snooze.click()
    await expect(snooze).to_have_attribute("aria-busy", "true")
    request = await asked.value
    assert (request.post_data_json or {})["action_id"] == "alone"
    await page.unroute("**/playground/action")


async def test_outside_text_never_becomes_markup(page: Page, fixture: Fixture) -> None:
    hostile = "<img src=x onerror=alert(1)> <javascript:alert(2)|press> &lt;b&gt;bold&lt;/b&gt; <!channel>"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "<script>document.title='taken'</script>"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": hostile}},
    ]
    await web_client(fixture.server).chat_postMessage(channel=fixture.channel("releases"), text=hostile, blocks=blocks)
    shown = page.locator("#main .message").last
    await expect(shown).to_contain_text("<b>bold</b>")
    await expect(shown.locator("img, script, b, a")).to_have_count(0)
    await expect(shown.locator(".mention-broadcast")).to_have_text("@channel")
    assert "taken" not in await page.title()


async def test_long_text_is_folded_and_every_block_is_drawn(browser: Browser, fixture: Fixture) -> None:
    async with opened(browser, address(fixture, place="gallery")) as page:
        more = page.get_by_test_id("show-more")
        folded = page.locator(".folded")
        await expect(folded).to_have_count(1)
        await more.click()
        await expect(folded).to_have_count(0)
        await expect(more).to_have_attribute("aria-expanded", "true")
        await expect(page.locator("#main .unsupported")).to_have_count(0)
        rich = page.get_by_test_id("block-rich_text").first
        await expect(rich.locator("strong").first).to_have_text("Bold")
        await expect(rich.locator("code")).to_have_text("code *not bold*")
        await expect(rich.locator("ol.indent-1 li")).to_have_count(2)
        await expect(page.get_by_test_id("block-markdown").locator("td").first).to_have_text("p99")
        await page.locator("#main [data-testid=users_select]").click()
        await page.locator(".listbox:popover-open").get_by_text("Teo Lind").click()
        await expect(page.locator("#main [aria-busy]")).to_have_count(0)
    assert fixture.actions[0]["actions"][0]["selected_user"] == fixture.person("teo")


async def test_a_phone_shows_one_pane_at_a_time_with_ways_back(browser: Browser, fixture: Fixture) -> None:
    async with opened(browser, fixture.server.url, viewport=PHONE) as page:
        await expect(page.get_by_test_id("channel-list")).to_be_visible()
        await expect(page.locator("#main")).to_be_hidden()
        await page.locator(f"[data-place='{fixture.channel('releases')}']").click()
        await expect(page.get_by_test_id("channel-list")).to_be_hidden()
        await card(page, fixture).get_by_test_id("thread-link").click()
        await expect(page.locator("#main")).to_be_hidden()
        await page.get_by_role("button", name="Back to the channel").click()
        await open_form(page)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide == PHONE["width"]
        await page.get_by_test_id("modal-dismiss").click()
        await page.get_by_role("button", name="Back to channels").click()
        await expect(page.get_by_test_id("channel-list")).to_be_visible()


async def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, fixture: Fixture) -> None:
    async with opened(browser, address(fixture), color_scheme="dark") as page:
        root = page.locator("html")
        await expect(root).to_have_attribute("data-theme", "dark")
        await page.get_by_test_id("theme").click()
        await expect(root).to_have_attribute("data-theme", "light")
        await page.reload()
        await expect(root).to_have_attribute("data-theme", "light")


async def test_nothing_is_fetched_from_elsewhere(browser: Browser, fixture: Fixture) -> None:
    async with opened(browser, fixture.server.url) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(address(fixture, place="gallery"))
        await page.reload()
        await expect(page.get_by_test_id("block-image")).to_be_visible()
    assert asked
    assert [url for url in asked if not url.startswith(fixture.server.url)] == []
