from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest
from inline_snapshot import snapshot

from upvest_provider import EndpointReadiness, UpvestWebhook

if TYPE_CHECKING:
    from collections.abc import Callable


def webhook(options: pulumi.ResourceOptions) -> object:
    return UpvestWebhook("users", title="t", url="https://a.tld", type=["USER"], opts=options)


def gate(options: pulumi.ResourceOptions) -> object:
    return EndpointReadiness("ready", url="https://a.tld", opts=options)


TIMEOUTS = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1m"))
REPLACED = pulumi.ResourceOptions(replace_on_changes=["title"])
IMPORTED = pulumi.ResourceOptions(import_="6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11")


@pytest.mark.parametrize(
    ("resource", "options", "told"),
    [
        pytest.param(
            webhook,
            TIMEOUTS,
            snapshot("""\
users: custom_timeouts has no effect on dynamic resources.
Remove it: each request to Upvest has a time-out of its own.\
"""),
            id="webhook custom_timeouts",
        ),
        pytest.param(
            webhook,
            REPLACED,
            snapshot("""\
users: replace_on_changes has no effect on dynamic resources, for they do not tell Pulumi what changed.
Remove it: fields are updated in place (`pulumi up --replace` replaces).\
"""),
            id="webhook replace_on_changes",
        ),
        pytest.param(
            webhook,
            IMPORTED,
            snapshot("""\
users: import_ cannot work with dynamic resources: Pulumi tells them nothing but an id.
To take the webhook over, say adopt_id="6f1d7e0c-5b0e-4f3a-9d51-0a4c1c2f9b11" instead.\
"""),
            id="webhook import_",
        ),
        pytest.param(
            gate,
            TIMEOUTS,
            snapshot("""\
ready: custom_timeouts has no effect on dynamic resources.
Set timeout= of the gate instead.\
"""),
            id="gate custom_timeouts",
        ),
        pytest.param(
            gate,
            REPLACED,
            snapshot("""\
ready: replace_on_changes has no effect on dynamic resources, for they do not tell Pulumi what changed.
Remove it: a change of what the gate looks at runs it again.\
"""),
            id="gate replace_on_changes",
        ),
        pytest.param(
            gate,
            IMPORTED,
            snapshot("""\
ready: import_ cannot work with dynamic resources: Pulumi tells them nothing but an id.
Remove it: a gate has nothing to import.\
"""),
            id="gate import_",
        ),
    ],
)
def test_an_option_without_effect_is_refused_with_what_to_do_instead(
    resource: Callable[[pulumi.ResourceOptions], object], options: pulumi.ResourceOptions, told: str
) -> None:
    with pytest.raises(ValueError, match="dynamic resources") as refusal:
        resource(options)
    assert str(refusal.value) == told
