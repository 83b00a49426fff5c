"""What the page's files may not do, and how long they may be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "playground" / "page"
SCRIPTS = sorted(PAGE.glob("js/*.js"))
FILES = [*SCRIPTS, *sorted(PAGE.glob("css/*.css")), PAGE / "index.html"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_build_nodes_and_parse_no_markup(path: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    assert re.findall(forbidden, path.read_text()) == []


def test_the_page_brings_everything_along_and_no_inline_code() -> None:
    html = (PAGE / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", html) == []
    assert [link for link in re.findall(r'(?:src|href)="([^"]+)"', html) if not link.startswith(("/page/", "#"))] == []
