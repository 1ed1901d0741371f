"""A stack whose client may read webhooks and not change them, as one for reviews and nightly checks is."""

from __future__ import annotations

from dataclasses import replace

from tests.lifecycle.life import Life, steps, users

READ = "webhooks:read"
REFUSED = "this client may only read: Upvest grants it webhooks:read, not webhooks:admin"


def may_only_read(life: Life) -> None:
    """Take from the client what it needs to write; its tokens end."""
    store = life.upvest.store
    client = store.client(life.upvest.credentials.client_id)
    assert client
    store.add_client(replace(client, scopes=READ))
    store.revoke_tokens()


def test_what_drifted_is_seen_and_a_change_is_refused_before_it_is_sent(life: Life) -> None:
    life.declare(users())
    life.stack.up()
    life.change_by_hand(title="HAND EDIT")
    drifted = life.webhook()
    may_only_read(life)

    preview = life.stack.preview(refresh=True)
    assert [step for step in steps(preview) if step[0] != "refresh"] == [("update", "users", ("title",))]
    assert life.sent() == ["token", "token", "GET"]
    assert preview.messages == ()
    assert steps(life.stack.refresh()) == [("refresh", "users", ("title",))]
    assert life.sent() == ["token", "token", "GET"]

    error = life.stack.up().error or ""
    assert life.sent() == ["token", "token"]
    assert error.rpartition("OperationFailed: ")[2].splitlines() == [
        f"update of webhook 'users' ({drifted.id}) failed: {REFUSED}",
        f"The call was not sent to {life.upvest.url}.",
        "Have Upvest allow this client the scope `webhooks:admin`, or use one that has it.",
    ]
    assert f"delete of webhook 'users' ({drifted.id}) failed: {REFUSED}" in (life.stack.destroy().error or "")
    assert life.sent() == ["token", "token"]
    assert life.webhook() == drifted


def test_nothing_is_created(life: Life) -> None:
    life.declare(users())
    may_only_read(life)
    error = life.stack.up().error or ""
    assert f"create of webhook 'users' failed: {REFUSED}" in error
    assert life.sent() == ["token", "token", "GET"]
    assert life.webhooks() == []
