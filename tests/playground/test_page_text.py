"""How the page reads Slack's text: mrkdwn, date tokens, Markdown, charts, colours."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.playground.browser import launched, opened
from tests.playground.fixture_page import page_fixture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


# What the functions under test know: a person in Berlin on 16 January 2024 at 15:20 UTC.
ENVIRONMENT = """{
  me: "U1", tz: "Europe/Berlin", now: () => 1705418400,
  person: (id) => ({U1: {id, name: "dana", real_name: "Dana Ortiz"}, U2: {id, name: "quinn", real_name: "Quinn"}})[id],
  group: (id) => id === "S1" ? {id, handle: "devops", name: "DevOps"} : undefined,
  channel: (id) => id === "C1" ? {id, name: "releases"} : undefined,
  isMe: (id) => id === "U1", inGroup: (id) => id === "S1", people: () => [], channels: () => [], openChannel: () => {},
}"""

MRKDWN = {
    "*bold* _italic_ ~struck~": "<strong>bold</strong> <em>italic</em> <s>struck</s>",
    "*_both_*": "<strong><em>both</em></strong>",
    "a*b*c and **no** and * no *": "a*b*c and **no** and * no *",
    "snake_case_name": "snake_case_name",
    "(*bold*), *bold*!": "(<strong>bold</strong>), <strong>bold</strong>!",
    "*not\nbold*": "*not<br>bold*",
    "`*code* &lt;b&gt;`": "<code>*code* &lt;b&gt;</code>",
    "```\nline 1\n*line* 2\n```": "<pre>line 1\n*line* 2</pre>",
    "before\n> quoted\n> more\nafter": "before<blockquote>quoted<br>more</blockquote>after",
    "&gt; escaped quote": "<blockquote>escaped quote</blockquote>",
    "&gt;&gt;&gt; all\nof it": "<blockquote>all<br>of it</blockquote>",
    "5 &gt; 3 &amp;&amp; 2 &lt; 3 &quot;": "5 &gt; 3 &amp;&amp; 2 &lt; 3 &amp;quot;",
    "&amp;lt;": "&amp;lt;",
    "• one\n• two": "• one<br>• two",
    ":rocket: :no_such_emoji: 🚀": "<span>🚀</span> :no_such_emoji: 🚀",
    "10:30:45": "10:30:45",
    "<@U2> <@U9|gone>": "<span>@Quinn</span> <span>@gone</span>",
    "<!subteam^S1> <!subteam^S9|@old>": "<span>@devops</span> <span>@old</span>",
    "<#C1> <#C9|elsewhere>": "<button>#releases</button> <button>#elsewhere</button>",
    "<!here>": "<span>@here</span>",
    "<https://a.example?b=1&amp;c=2|the *run*>": '<a href="https://a.example?b=1&amp;c=2">the <strong>run</strong></a>',
    "<https://example.com>": '<a href="https://example.com">https://example.com</a>',
    "see https://example.com/x.": 'see <a href="https://example.com/x">https://example.com/x</a>.',
    "<mailto:qa@example.com|mail>": '<a href="mailto:qa@example.com">mail</a>',
    "<javascript:alert(1)|run>": "&lt;javascript:alert(1)|run&gt;",
    "<b>no markup</b>": "&lt;b&gt;no markup&lt;/b&gt;",
}

DATES = {
    "{date_num}": "2024-01-16",
    "{date_slash}": "01/16/2024",
    "{date}": "January 16th",
    "{date_short}": "Jan 16, 2024",
    "{date_long}": "Tuesday, January 16th, 2024",
    "{date_long_full}": "January 16, 2024",
    "{date_pretty}": "Today",
    "at {date_short_pretty}": "at today",
    "{date_long_pretty} at {time}": "Today at 5:00 PM",
    "{day_divider_pretty}": "Today",
    "{time_secs}": "5:00:00 PM",
    "{ago}": "in 40 minutes",
    "{unknown}": "fallback",
}

SIMPLER = """(root) => {
  for (const node of root.querySelectorAll('*')) {
    for (const name of node.getAttributeNames()) if (name !== 'href') node.removeAttribute(name);
  }
  return root.innerHTML;
}"""

CONTRASTS = [
    ("--text", "--ground"),
    ("--text", "--ground-soft"),
    ("--text-soft", "--ground"),
    ("--text-soft", "--ground-hover"),
    ("--link", "--ground"),
    ("--link", "--ground-hover"),
    ("--on-accent", "--accent"),
    ("--danger", "--ground"),
    ("--danger", "--ground-hover"),
    ("--code", "--code-ground"),
    ("--mention-text", "--mention"),
    ("--ping-text", "--ping"),
    ("--new", "--ground"),
    ("--side-text", "--side"),
    ("--side-text", "--side-hover"),
    ("--side-text", "--frame"),
    ("--side-strong", "--side-current"),
    ("--side-strong", "--badge"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    async with page_fixture() as fixture, launched() as browser, opened(browser, fixture.server.url) as page:
        yield page


@pytest.mark.parametrize("text", MRKDWN)
async def test_mrkdwn_reads_as_in_slack(page: Page, text: str) -> None:
    found = await page.evaluate(
        f"""async (text) => {{
          const {{ mrkdwn }} = await import('/page/js/mrkdwn.js');
          const root = document.createElement('div');
          root.append(mrkdwn(text, {ENVIRONMENT}));
          return ({SIMPLER})(root);
        }}""",
        text,
    )
    assert found == MRKDWN[text]


@pytest.mark.parametrize("template", DATES)
async def test_date_tokens_are_written_in_the_readers_zone(page: Page, template: str) -> None:
    found = await page.evaluate(
        f"""async (text) => {{
          const {{ mrkdwn }} = await import('/page/js/mrkdwn.js');
          return mrkdwn(text, {ENVIRONMENT}).textContent;
        }}""",
        f"<!date^1705420800^{template}|fallback>",
    )
    assert found == DATES[template]


async def test_a_date_may_be_a_link_and_pings_of_oneself_stand_out(page: Page) -> None:
    found = await page.evaluate(
        f"""async () => {{
          const {{ mrkdwn }} = await import('/page/js/mrkdwn.js');
          const root = document.createElement('div');
          root.append(mrkdwn('<!date^0^{{date_num}}^https://example.com|x> <@U1> <@U2> <!subteam^S1> <!channel>',
            {ENVIRONMENT}));
          const pings = [...root.querySelectorAll('.mention-me')];
          return [root.querySelector('a').href, pings.map((node) => node.textContent)];
        }}"""
    )
    assert found == ["https://example.com/", ["@Dana Ortiz", "@devops", "@channel"]]


async def test_markdown_blocks_show_headings_lists_tables_and_code(page: Page) -> None:
    text = (
        "# Title\n**bold** *it* `x` [a](https://a.example)\n\n1. one\n2. two\n\n| A |\n|---|\n| b |\n\n```\n*raw*\n```"
    )
    found = await page.evaluate(
        f"""async (text) => {{
          const {{ markdown }} = await import('/page/js/markdown.js');
          const root = document.createElement('div');
          root.append(...markdown(text));
          return ({SIMPLER})(root);
        }}""",
        text,
    )
    assert found == (
        "<div>Title</div>"
        '<p><strong>bold</strong> <em>it</em> <code>x</code> <a href="https://a.example">a</a></p>'
        "<ol><li>one</li><li>two</li></ol>"
        "<div><table><thead><tr><th>A</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table></div>"
        "<pre>*raw*</pre>"
    )


async def test_a_line_chart_is_drawn_with_its_numbers_beside_it(page: Page) -> None:
    found = await page.evaluate(
        """async () => {
          const { chart } = await import('/page/js/chart.js');
          const data = [['15:00', 0.1], ['15:05', 0.4], ['15:10', 6.2]].map(([label, value]) => ({ label, value }));
          const node = chart({ title: 'Error rate', chart: { type: 'line', series: [{ name: 'orders', data }],
            axis_config: { categories: ['15:00', '15:05', '15:10'], y_label: '%' } } });
          return [node.querySelectorAll('polyline').length, node.querySelectorAll('circle').length,
            node.querySelector('figcaption').textContent,
            [...node.querySelectorAll('td')].map((cell) => cell.textContent)];
        }"""
    )
    assert found == [1, 3, "Error rate%", ["0.1", "0.4", "6.2"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_text_stands_out_from_its_ground(page: Page, theme: str) -> None:
    """WCAG 2.2, 1.4.3 Contrast (Minimum), AA: 4.5 to 1."""
    ratios = await page.evaluate(
        """([theme, pairs]) => {
          document.documentElement.dataset.theme = theme;
          const style = getComputedStyle(document.documentElement);
          const light = (name) => {
            const hex = style.getPropertyValue(name).trim();
            const parts = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
              .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
          };
          return pairs.map(([text, ground]) => {
            const [high, low] = [light(text), light(ground)].sort((a, b) => b - a);
            return [text, ground, (high + 0.05) / (low + 0.05)];
          });
        }""",
        [theme, CONTRASTS],
    )
    assert [entry for entry in ratios if not entry[2] >= 4.5] == []
