"""The event categories that this version knows.

Source: the `Type` enum of the Upvest Investment API, specification of July 2026 (1.132.0 or newer). The enum
grows within v1 of the API, so an unknown category is never an error here.
"""

ALL = "ALL"

EVENT_CATEGORIES = frozenset(
    {
        "ACCOUNT",
        "ACCOUNT_GROUP",
        "ACCOUNT_LIQUIDATION",
        "ACCOUNT_RETURNS",
        "ACCOUNT_TRANSFER",
        "ACCOUNT_VALUATION",
        "BUSINESS",
        "CASH_BALANCE",
        "CASH_TRANSACTION",
        "CORPORATE_ACTION",
        "CREDIT_FUNDING",
        "DIRECT_DEBIT",
        "EXECUTION",
        "FEE_COLLECTION",
        "INSTRUMENT",
        "INTRADAY_ACCOUNT_VALUATION",
        "ISA_TRANSFER",
        "ISA_WRAPPER",
        "ISA_WRAPPER_ALLOWANCE",
        "ORDER",
        "ORDER_CANCELLATION",
        "PORTFOLIO",
        "PORTFOLIO_ALLOCATION",
        "PORTFOLIO_ORDER",
        "POSITION",
        "REBALANCING_EXECUTION_ORDER",
        "REPORT",
        "ROLE",
        "SAVINGS_PLAN",
        "SAVINGS_PLAN_EXECUTION",
        "SECURITIES_TRANSFER",
        "SECURITY_TRANSACTION",
        "TAX_COLLECTION",
        "TAX_EXEMPTION",
        "TOPUP",
        "TREASURY_REPORT",
        "USER",
        "USER_CHECK",
        "VIRTUAL_BANK_ACCOUNT",
        "VIRTUAL_CASH_DECREASE",
        "VIRTUAL_CASH_INCREASE",
        "WITHDRAWAL",
    }
)
"""The categories besides `ALL`: 42."""
