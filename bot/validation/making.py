"""From a rule of the configuration to its check."""

from __future__ import annotations

import os

import httpx

from bot.core.playbook_monitoring import ConsistencyRule, MonitoringRule
from bot.core.playbook_reports import JUnitRule, LoadRule, ScanRule
from bot.core.playbook_rules import CheckRule, HttpRule
from bot.validation.http import HttpCheck
from bot.validation.interface import Check
from bot.validation.junit import JUnitCheck
from bot.validation.load import LoadCheck
from bot.validation.monitoring import ConsistencyCheck, MonitoringCheck
from bot.validation.scans import ScanCheck


def check_of(rule: CheckRule) -> Check:
    """The check that a rule describes."""
    match rule:
        case HttpRule():
            return HttpCheck(rule)
        case LoadRule():
            return LoadCheck(rule)
        case JUnitRule():
            return JUnitCheck(rule)
        case ScanRule():
            return ScanCheck(rule)
        case ConsistencyRule():
            return ConsistencyCheck(rule)
        case MonitoringRule():
            return MonitoringCheck(rule)
        case _:
            raise TypeError(f"nobody checks {type(rule).__name__}")


def client() -> httpx.AsyncClient:
    """Connections of checks: no proxies and no redirects of their own, and nothing kept between two requests, as a
    service's users come to it.
    """
    limits = httpx.Limits(max_connections=16, max_keepalive_connections=0)
    return httpx.AsyncClient(limits=limits, follow_redirects=False, trust_env=False)


def secret(name: str) -> str | None:
    """A secret that the configuration names by its variable."""
    return os.environ.get(name)
