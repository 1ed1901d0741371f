"""One life, two engines: every test runs on a rehearsal, and on the Pulumi CLI where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testing.toybox import Toys
    from upvest_provider.testing import Outcome

CAR = {"name": "car", "title": "red"}
KEY = {"name": "key", "of": "car"}


def told(outcome: Outcome) -> list[str]:
    """Gives the steps as words: kind, name, what changed."""
    assert outcome.ok, outcome.error
    return done(outcome)


def done(outcome: Outcome) -> list[str]:
    return [" ".join((step.kind, step.name, *step.changed)) for step in outcome.steps]


def test_a_preview_tells_what_up_would_do_and_does_nothing(toys: Toys) -> None:
    toys.program(CAR, KEY)
    outcome = toys.stack.preview()
    assert told(outcome) == ["create car", "create key"]
    assert outcome.outputs == {"car": "[unknown]", "key": "[unknown]"}
    assert list(toys.box.iterdir()) == []


def test_up_makes_the_stack_what_the_program_says(toys: Toys) -> None:
    outcome = toys.up(CAR, KEY)
    assert told(outcome) == ["create car", "create key"]
    assert outcome.outputs == {"car": "serial of toy-0", "key": "serial of toy-1"}
    assert told(toys.stack.up()) == ["same car", "same key"]
    # in a preview what only the provider knows is unknown, and so is what hangs on it
    toys.program({**CAR, "title": "blue", "size": 2}, KEY)
    assert told(toys.stack.preview()) == ["update car size title", "update key title"]
    assert told(toys.stack.up()) == ["update car size title", "same key"]


def test_a_step_names_type_and_urn_of_its_resource(toys: Toys) -> None:
    toys.program({"name": "box", "box": True}, {**CAR, "opts": {"parent": "box"}})
    box, car = toys.stack.preview().steps
    assert (box.type, box.urn) == ("toys:index:Box", "urn:pulumi:dev::toys::toys:index:Box::box")
    assert car.type == "pulumi-python:dynamic/toys:Toy"
    assert car.urn == "urn:pulumi:dev::toys::toys:index:Box$pulumi-python:dynamic/toys:Toy::car"


def test_a_refresh_brings_drift_into_the_state_and_up_takes_it_back(toys: Toys) -> None:
    toys.up(CAR)
    toys.edit("toy-0", title="scratched")
    assert told(toys.stack.refresh()) == ["refresh car title"]
    assert told(toys.stack.refresh()) == ["refresh car"]
    assert told(toys.stack.up()) == ["update car title"]


def test_what_a_refresh_does_not_find_leaves_the_state(toys: Toys) -> None:
    toys.up(CAR, KEY)
    (toys.box / "toy-0.json").unlink()
    assert told(toys.stack.preview(refresh=True)) == [
        "delete car",
        "create car",
        "refresh key",
        "update key title",
    ]
    assert told(toys.stack.up(refresh=True)) == ["delete car", "create car", "refresh key", "update key title"]
    (toys.box / "toy-2.json").unlink()
    assert told(toys.stack.refresh()) == ["delete car", "refresh key"]
    assert told(toys.stack.preview()) == ["create car", "update key title"]


def test_a_refresh_that_fails_takes_nothing_out_of_the_state(toys: Toys) -> None:
    toys.up(CAR)
    (toys.box / "toy-0.json").unlink()
    toys.breaks("read")
    outcome = toys.stack.refresh()
    assert outcome.steps == ()
    assert (outcome.error or "").endswith("OSError: cannot read\nthe box is broken")
    assert told(toys.stack.up()) == ["same car"]


def test_what_is_only_read_is_never_written(toys: Toys) -> None:
    toys.up(CAR)
    seen = {"name": "seen", "opts": {"id": "toy-0"}}
    assert told(toys.up(CAR, seen, {"name": "tag", "of": "seen"})) == ["same car", "read seen", "create tag"]
    assert told(toys.stack.refresh()) == ["refresh car", "refresh seen size title", "refresh tag"]
    assert told(toys.up(CAR)) == ["same car", "discard seen", "delete tag"]
    assert toys.journal == ["create toy-0", "create toy-1", "delete toy-1"]


def test_what_is_no_longer_declared_is_deleted_dependents_first(toys: Toys) -> None:
    toys.up(CAR, KEY, {"name": "tag", "title": "mine", "opts": {"depends_on": "key"}})
    assert told(toys.up()) == ["delete car", "delete key", "delete tag"]
    assert toys.journal[-3:] == ["delete toy-2", "delete toy-1", "delete toy-0"]


def test_destroy_deletes_everything_without_the_program(toys: Toys) -> None:
    toys.up(CAR, KEY)
    toys.program({"crash": "this program does not run", "name": "none"})
    assert told(toys.stack.destroy()) == ["delete car", "delete key"]
    assert toys.journal[-2:] == ["delete toy-1", "delete toy-0"]
    assert told(toys.stack.destroy()) == []


def test_a_replacement_creates_before_it_deletes(toys: Toys) -> None:
    toys.up(CAR, KEY)
    assert told(toys.up({**CAR, "kind": "truck"}, KEY)) == ["replace car kind", "update key title"]
    assert toys.journal[-3:] == ["create toy-2", "update toy-1", "delete toy-0"]


def test_a_provider_can_have_the_deletion_first(toys: Toys) -> None:
    toys.up(CAR)
    assert told(toys.up({**CAR, "kind": "truck", "first": True})) == ["replace car first kind"]
    assert toys.journal[-2:] == ["delete toy-0", "create toy-2"]


def test_a_forced_replacement_follows_the_program_about_the_order(toys: Toys) -> None:
    car = {**CAR, "opts": {"delete_before_replace": True}}
    toys.up(car)
    assert told(toys.stack.preview(replace=["car"])) == ["replace car"]
    assert told(toys.stack.up(replace=["car"])) == ["replace car"]
    assert toys.journal[-2:] == ["delete toy-0", "create toy-2"]


def test_a_failing_step_stops_the_rest_and_keeps_what_was_done(toys: Toys) -> None:
    toys.up(CAR)
    toys.breaks("create")
    outcome = toys.up({**CAR, "title": "blue"}, KEY, {"name": "tag", "of": "key"})
    assert done(outcome) == ["update car title"]
    assert outcome.error
    assert outcome.error.startswith("Traceback (most recent call last):")
    assert outcome.error.endswith("OSError: cannot create\nthe box is broken")
    assert outcome.outputs == {}
    toys.breaks("nothing")
    assert told(toys.stack.up()) == ["same car", "create key", "create tag"]


def test_a_failing_update_keeps_what_was_before(toys: Toys) -> None:
    toys.up(CAR)
    toys.breaks("update")
    toys.program({**CAR, "title": "blue"})
    assert not toys.stack.up().ok
    toys.breaks("nothing")
    assert told(toys.stack.up()) == ["update car title"]


def test_a_replacement_that_failed_half_way_goes_on(toys: Toys) -> None:
    toys.up(CAR)
    toys.breaks("create")
    outcome = toys.up({**CAR, "kind": "truck", "first": True})
    assert done(outcome) == ["delete-replaced car"]
    toys.breaks("nothing")
    assert told(toys.stack.up()) == ["replace car first kind"]
    assert toys.journal == ["create toy-0", "delete toy-0", "create toy-2"]


def test_what_was_replaced_and_could_not_be_deleted_is_deleted_next_time(toys: Toys) -> None:
    toys.up(CAR)
    toys.breaks("delete")
    assert done(toys.up({**CAR, "kind": "truck"})) == ["replace car kind"]
    toys.breaks("nothing")
    assert told(toys.stack.up()) == ["same car", "delete-replaced car"]
    assert toys.journal[-1] == "delete toy-0"


def test_what_is_protected_is_neither_deleted_nor_replaced(toys: Toys) -> None:
    car = {**CAR, "opts": {"protect": True}}
    toys.up(car)
    for outcome in (toys.up(), toys.stack.destroy(), toys.up({**car, "kind": "truck"})):
        assert outcome.steps == ()
        assert "protect" in (outcome.error or "")
    preview = toys.stack.preview()
    assert done(preview) == ["replace car kind"]
    assert "protect" in (preview.error or "")
    assert toys.journal == ["create toy-0"]


def test_what_is_retained_leaves_the_state_only(toys: Toys) -> None:
    toys.up({**CAR, "opts": {"retain_on_delete": True}})
    assert told(toys.up()) == ["delete car"]
    assert toys.journal == ["create toy-0"]


def test_ignored_changes_keep_the_old_values(toys: Toys) -> None:
    opts = {"ignore_changes": ["title", "settings.speed"]}
    toys.up({**CAR, "settings": {"speed": 1, "light": True}, "opts": opts})
    new = {**CAR, "title": "blue", "settings": {"speed": 2, "light": True}, "opts": opts}
    assert told(toys.up(new)) == ["same car"]
    new["settings"] = {"speed": 2, "light": False}
    assert told(toys.up(new)) == ["update car settings"]


def test_an_alias_finds_a_resource_under_its_old_name(toys: Toys) -> None:
    toys.up(CAR, KEY)
    automobile = {**CAR, "name": "automobile", "opts": {"aliases": ["car"]}}
    assert told(toys.up(automobile, {**KEY, "of": "automobile"})) == ["same automobile", "same key"]
    assert told(toys.up(automobile)) == ["same automobile", "delete key"]


def test_an_alias_of_a_parent_finds_its_children_too(toys: Toys) -> None:
    toys.up({"name": "box", "box": True}, {**CAR, "name": "box-car", "opts": {"parent": "box"}})
    urn = "urn:pulumi:dev::toys::toys:index:Box::box"
    crate = {"name": "crate", "box": True, "opts": {"aliases": [urn]}}
    assert told(toys.up(crate, {**CAR, "name": "crate-car", "opts": {"parent": "crate"}})) == [
        "same crate",
        "same crate-car",
    ]
    assert told(toys.up()) == ["delete crate", "delete crate-car"]


def test_secrets_reach_the_provider_but_neither_outputs_nor_files(toys: Toys) -> None:
    car = {**CAR, "secret": True, "opts": {"additional_secret_outputs": ["serial"]}}
    outcome = toys.up(car)
    assert told(outcome) == ["create car"]
    assert outcome.outputs == {"car": "[secret]", "car password": "[secret]"}
    assert toys.password in (toys.box / "toy-0.json").read_text()
    kept = b"".join(
        file.read_bytes() for file in toys.home.rglob("*") if file.is_file() and file.parent != toys.box
    )
    assert b"dynamic/toys:Toy::car" in kept
    assert toys.password.encode() not in kept
    assert b"serial of toy-0" not in kept
    assert told(toys.stack.up()) == ["same car"]


def test_every_fault_that_check_finds_is_told(toys: Toys) -> None:
    outcome = toys.up({"name": "car", "title": "", "size": 0})
    assert outcome.steps == ()
    assert outcome.error == (
        "pulumi-python:dynamic/toys:Toy resource 'car': property title value {} has a problem: must not be empty\n"
        "pulumi-python:dynamic/toys:Toy resource 'car': property size value {0} has a problem: must not be 0"
    )


def test_a_program_that_crashes_deletes_nothing(toys: Toys) -> None:
    toys.up(CAR, KEY)
    outcome = toys.up({"name": "none", "crash": "the program is broken"})
    assert outcome.steps == ()
    assert outcome.error
    assert outcome.error.startswith("Program failed with an unhandled exception:")
    assert outcome.error.endswith("RuntimeError: the program is broken")
    assert "delete" not in " ".join(toys.journal)


def test_two_resources_of_one_name_are_refused(toys: Toys) -> None:
    outcome = toys.up(CAR, CAR)
    assert "Duplicate resource URN" in (outcome.error or "")


def test_what_program_and_provider_say_is_told(toys: Toys) -> None:
    outcome = toys.up(CAR)
    assert sorted(outcome.messages) == ["create toy-0", "mind the toys", "the program is through"]


def test_a_refresh_uses_the_configuration_of_the_last_up(toys: Toys) -> None:
    toys.stack.set_config("toys:greeting", "good morning")
    assert "good morning" in toys.up(CAR).messages
    toys.stack.set_config("toys:greeting", "good evening")
    assert toys.stack.refresh().messages == ("good morning",)
    said = toys.stack.up(refresh=True).messages
    assert said[0] == "good morning"
    assert "good evening" in said[1:]
    assert toys.stack.refresh().messages == ("good evening",)
