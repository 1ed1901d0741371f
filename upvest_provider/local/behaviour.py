"""What the API does where its documents are silent or contradict each other: the answers of `behaviour.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, NonNegativeInt, ValidationError
from pydantic.dataclasses import dataclass

from upvest_provider.errors import SettingsError
from upvest_provider.limits import PACKAGE_SIZE_MAX, PACKAGE_SIZE_MIN

from .store import PAST_KEPT
from .validation import wrong_members

FILE = Path(__file__).with_name("behaviour.json")
"""Written by `make conformance`; where Upvest was never asked, it holds what its documents let assume."""

Lag = Annotated[float, Field(ge=0, le=PAST_KEPT)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Behaviour:
    """The open questions, answered.

    Rules are about what is written; what an account holds already is read as it is.

    Attributes:
        config_patch: What becomes of the member that a partial `config` in a PATCH leaves out: it stays, or gets
            its default.
        patch_without_type: What becomes of `type` where a PATCH leaves it out: it stays, or becomes ALL.
        disabled_webhook_test: Whether a disabled webhook can be tested, or gets a 409.
        test_answer: With 200 the receiver's answer is in the body; with 202 there is none, and it is asked later.
        duplicate_url: Whether two webhooks of an account may have one URL, or the second gets a 409.
        duplicate_title: The same for titles.
        url_host: Whether the host of a URL stays as it was written, or is put in lower case.
        type_order: Whether `type` and `exclude_type` stay in their order, or are sorted.
        title_rule: Up to 100 of any characters, or the newest pattern of at most 32.
        delay_rule: 1s to 30s, or the older 1s to 99m, in which whole minutes of seconds are answered as minutes.
        default_delay: Where a webhook is created without.
        default_max_package_size: The same, in bytes.
        unknown_category: Whether `type` and `exclude_type` take a category that no document names.
        all_beside_others: Whether `type` takes ALL beside other categories.
        empty_type: Whether `type` may be empty.
        url_change: Whether a PATCH that changes the URL, and leaves `enabled` out, disables the webhook.
        admin_reads: Whether the scope webhooks:admin is enough to read.
        unknown_fields: Whether webhooks, their `config`, and a list's `meta` have members that no document names.
        list_lag: Lag that a list lies behind writes.
        get_lag: Lag that the reading of one webhook lies behind writes.
        created_skew: Seconds that a signature's `created` may lie ahead.

    Raises:
        ValidationError: An answer is none of its question's; it is a `ValueError`.
    """

    config_patch: Literal["merged", "replaced"]
    patch_without_type: Literal["kept", "all"]
    disabled_webhook_test: Literal["sent", "refused"]
    test_answer: Literal[200, 202]
    duplicate_url: Literal["allowed", "refused"]
    duplicate_title: Literal["allowed", "refused"]
    url_host: Literal["kept", "lowered"]
    type_order: Literal["kept", "sorted"]
    title_rule: Literal["100", "32"]
    delay_rule: Literal["seconds", "minutes"]
    default_delay: Annotated[str, Field(pattern=r"^[1-9][0-9]?[sm]$")]
    default_max_package_size: Annotated[int, Field(ge=PACKAGE_SIZE_MIN, le=PACKAGE_SIZE_MAX)]
    unknown_category: Literal["refused", "accepted"]
    all_beside_others: Literal["accepted", "refused"]
    empty_type: Literal["accepted", "refused"]
    url_change: Literal["kept", "disables"]
    admin_reads: bool
    unknown_fields: Literal["none", "added"]
    list_lag: Lag
    get_lag: Lag
    created_skew: NonNegativeInt


def load_behaviour(file: Path = FILE) -> Behaviour:
    """The answers of a file.

    Raises:
        SettingsError: It cannot be read, or an answer is missing, unknown or wrong.
    """
    try:
        answers: dict[str, Any] = json.loads(file.read_text())["answers"]
        return Behaviour(**answers)
    except ValidationError as error:
        cause = wrong_members(error)
    except (OSError, ValueError, KeyError, TypeError) as error:
        cause = f"{type(error).__name__}: {error}"
    raise SettingsError(f"{file} does not say how the local API behaves: {cause}", fix="Correct what it names.")
