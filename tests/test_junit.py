"""JUnit reports as they come from outside: what is read of them, and what they can't do."""

from __future__ import annotations

import tracemalloc

import pytest

from bot.junit import MOST_CASES, Case, read

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites time="12.5">
  <testsuite name="shop">
    <properties><property name="os" value="linux"/></properties>
    <testsuite name="orders">
      <testcase name="creates an order" time="1.5"/>
      <testcase name="cancels an order" time="x">
        <failure type="AssertionError">expected 200
        got 500</failure>
        <error message="teardown failed too"/>
      </testcase>
    </testsuite>
    <testcase name="searches"><system-out><testcase name="no test"/></system-out><skipped/></testcase>
    <testcase><error type="TimeoutError"/></testcase>
    <testcase name="pays"><flakyFailure message="late"/><rerunFailure/></testcase>
  </testsuite>
</testsuites>"""


def test_a_report_is_read_with_all_its_suites() -> None:
    """A problem is told by its message, else its text, else its type; of two the first."""
    report = read(REPORT)
    assert [(case.name, case.failed, case.skipped, case.flaky) for case in report.cases] == [
        ("creates an order", False, False, False),
        ("cancels an order", True, False, False),
        ("searches", False, True, False),
        ("unnamed test", True, False, False),
        ("pays", False, False, True),
    ]
    details = [case.detail for case in report.cases]
    assert details[1].split() == ["expected", "200", "got", "500"]
    assert details[3] == "TimeoutError"
    assert report.seconds == 12.5
    assert read(REPORT.replace(b'<testsuites time="12.5">', b"<testsuites>")).seconds == 1.5


@pytest.mark.parametrize("time", ["nan", "inf", "-3", "1e400", "1,5", ""])
def test_a_time_that_is_none_counts_for_nothing(time: str) -> None:
    assert read(f'<testsuite time="{time}"><testcase name="a" time="{time}"/></testsuite>'.encode()).seconds == 0


def test_a_report_that_is_nested_without_end_is_read_like_any() -> None:
    """However deep its one test lies."""
    deep = b"<testsuite>" * 50_000 + b'<testcase name="a"/>' + b"</testsuite>" * 50_000
    assert read(deep).cases == (Case("a", failed=False, skipped=False, detail=""),)


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (b"<testsuite>" + b"<testcase/>" * (MOST_CASES + 1), "more than 100,000 tests"),
        (b"<testsuite " + b" ".join(b'a%d=""' % number for number in range(300_000)) + b"/>", "longer than a megabyte"),
        (b'<?xml version="1.0" encoding="x-nonsense"?><testsuite/>', "can be read: unknown encoding"),
        (b"<html/>", "its root is <html>"),
        (b"<testsuite>", "no element found"),
        (b"", "no element found"),
    ],
    ids=["tests", "tag", "encoding", "html", "cut", "empty"],
)
def test_what_is_no_report_or_too_much_of_one_is_said(report: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(report)


def test_what_the_tests_wrote_is_not_kept_in_memory() -> None:
    """Six megabytes of output, and of a failure's text as much: some hundred thousand bytes are held at a time."""
    output = b"<system-out>" + b"words and lines\n" * 200_000 + b"</system-out>"
    failure = b"<failure>" + b"a trace of calls\n" * 200_000 + b"</failure>"
    report = b'<testsuite><testcase name="a">' + failure + output + b"</testcase>" + output + b"</testsuite>"
    tracemalloc.start()
    try:
        [case] = read(report).cases
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(case.detail) <= 1_000
    assert most < 1_000_000
