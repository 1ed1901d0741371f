"""The figures that sentences of `limits` and `categories` promise."""

from __future__ import annotations

import json
import re

import pytest

from upvest_provider import limits
from upvest_provider.categories import ALL, EVENT_CATEGORIES

SPECIFICATION = """
ACCOUNT ACCOUNT_GROUP ACCOUNT_LIQUIDATION ACCOUNT_RETURNS ACCOUNT_TRANSFER ACCOUNT_VALUATION BUSINESS
CASH_BALANCE CASH_TRANSACTION CORPORATE_ACTION CREDIT_FUNDING DIRECT_DEBIT EXECUTION FEE_COLLECTION
INSTRUMENT INTRADAY_ACCOUNT_VALUATION ISA_TRANSFER ISA_WRAPPER ISA_WRAPPER_ALLOWANCE ORDER
ORDER_CANCELLATION PORTFOLIO PORTFOLIO_ALLOCATION PORTFOLIO_ORDER POSITION REBALANCING_EXECUTION_ORDER
REPORT ROLE SAVINGS_PLAN SAVINGS_PLAN_EXECUTION SECURITIES_TRANSFER SECURITY_TRANSACTION TAX_COLLECTION
TAX_EXEMPTION TOPUP TREASURY_REPORT USER USER_CHECK VIRTUAL_BANK_ACCOUNT VIRTUAL_CASH_DECREASE
VIRTUAL_CASH_INCREASE WITHDRAWAL
"""


def test_the_categories_are_those_of_the_specification() -> None:
    assert SPECIFICATION.split() == sorted(EVENT_CATEGORIES)
    assert len(EVENT_CATEGORIES) == 42
    assert ALL not in EVENT_CATEGORIES


def test_the_largest_page_fits_into_an_answer_several_times() -> None:
    webhook = {
        "id": "6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11",
        "created_at": "2026-07-01T12:00:00.00Z",
        "updated_at": "2026-07-01T12:00:00.00Z",
        "title": "x" * limits.TITLE_LENGTH,
        "url": "https://".ljust(limits.URL_LENGTH, "x"),
        "enabled": True,
        "type": sorted(EVENT_CATEGORIES),
        "exclude_type": [],
        "config": {"delay": "30s", "max_package_size": limits.PACKAGE_SIZE_MAX},
    }
    page = {
        "meta": {"offset": 0, "limit": 1000, "count": 1000, "total_count": 1000},
        "data": [webhook] * limits.PAGE,
    }

    assert len(json.dumps(page)) < 3_000_000 < limits.ANSWER_BYTES


@pytest.mark.parametrize("seconds", range(1, 31))
def test_a_delay_is_of_one_to_thirty_seconds(seconds: int) -> None:
    assert re.fullmatch(limits.DELAY_PATTERN, f"{seconds}s")


def test_backing_off_between_all_attempts_takes_the_seconds_that_are_documented() -> None:
    waits = [min(limits.BACKOFF_FIRST * 2**retry, limits.BACKOFF_CEILING) for retry in range(limits.ATTEMPTS - 1)]

    assert waits == [0.5, 1, 2, 4]
