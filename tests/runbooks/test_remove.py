"""A webhook that a killed `up` or somebody's hand left goes."""

from __future__ import annotations

from tests.lifecycle.life import Life, steps, users
from tests.runbooks.book import Runbook, by_hand, on_cli, to_workspace, told

TITLE = "Remove a webhook that no stack holds"
IMPORT = 'upvest-webhooks import "$ID" --stack prod'
TAKE = "pulumi import --file upvest-import.json --generate-code=false --protect=false --yes"
REFRESHED_UP = "pulumi up --refresh"


@on_cli
def test_it_goes_and_what_the_program_has_stays(life: Life) -> None:
    book = Runbook(TITLE, life)
    life.declare(users())
    assert life.stack.up().ok
    left = by_hand(life, "Left", "elsewhere")
    told(life, IMPORT.replace('"$ID"', left.id))
    to_workspace(life, "upvest-import.json")
    book.run(TAKE)
    outcome = book.up(REFRESHED_UP)
    assert ("delete", "left") in steps(outcome)
    assert [webhook.title for webhook in life.webhooks()] == ["User webhook"]
