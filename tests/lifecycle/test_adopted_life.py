"""The life of a webhook that somebody made by hand, from its adoption to its end."""

from __future__ import annotations

from tests.lifecycle.life import Life, steps, users


def test_an_adopted_webhook_lives_like_any_other(life: Life) -> None:
    with life.client() as client:
        made = client.create_webhook(
            {"title": "made by hand", "url": "https://tenant.tld/webhooks/users", "type": ["USER", "ORDER"]}
        )
    life.declare(users(adopt_id=f'"{made.id}"', config='{"delay": "2s"}'))
    assert steps(life.stack.preview()) == [("create", "users")]
    assert life.sent() == []
    assert steps(life.stack.up()) == [("create", "users")]
    assert life.sent() == ["token", "GET", "GET", "PATCH"]
    adopted = life.webhook()
    assert (adopted.id, adopted.title, adopted.type, adopted.enabled) == (made.id, "User webhook", ["USER"], True)
    assert adopted.config.model_dump() == {**made.config.model_dump(), "delay": "2s"}

    life.declare(users(config='{"delay": "2s"}'))
    assert life.stack.up().ok
    assert life.sent() == []
    assert steps(life.stack.refresh()) == [("refresh", "users")]
    assert steps(life.stack.preview()) == [("same", "users")]
    life.change_by_hand(title="HAND EDIT")
    assert steps(life.stack.up(refresh=True)) == [
        ("refresh", "users", ("title",)),
        ("update", "users", ("title",)),
    ]
    assert life.webhook().title == "User webhook"
    assert steps(life.stack.destroy()) == [("delete", "users")]
    assert life.webhooks() == []


def test_a_hand_edit_stays_one_when_an_update_of_something_else_met_it(life: Life) -> None:
    life.declare(users())
    life.stack.up()
    life.change_by_hand(url="https://elsewhere.tld/")
    life.declare(users(title='"New"'))
    assert steps(life.stack.up()) == [("update", "users", ("title",))]
    assert [step[0] for step in steps(life.stack.up())] == ["update"]
    assert (life.webhook().title, life.webhook().url) == ("New", "https://tenant.tld/webhooks/users")
