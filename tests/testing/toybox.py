"""The stack of toys, and the box that its objects lie in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upvest_provider.testing import PulumiCli, Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from upvest_provider.testing import Outcome

PASSWORD = "a password that no file may hold"
PROJECT = Path(__file__).parent / "toys"


class Toys:
    """The stack of toys on one of the two engines, and the box that its objects lie in."""

    def __init__(self, engine: str, home: Path) -> None:
        self.home = home
        self.box = home / "box"
        self.box.mkdir()
        environment = {"TOY_BOX": str(self.box), "TOY_PASSWORD": PASSWORD}
        self.stack: Rehearsal | PulumiCli
        if engine == "rehearsal":
            self.stack = Rehearsal(PROJECT, stack="dev", state=home / "state.json", environment=environment)
        else:
            self.stack = PulumiCli(PROJECT, stack="dev", backend=home / "backend", environment=environment)

    password = PASSWORD

    def program(self, *resources: Mapping[str, Any]) -> None:
        self.stack.set_config("program", json.dumps(resources))

    def up(self, *resources: Mapping[str, Any]) -> Outcome:
        self.program(*resources)
        return self.stack.up()

    @property
    def journal(self) -> list[str]:
        return (self.box / "journal").read_text().splitlines()

    def breaks(self, verb: str) -> None:
        (self.box / "broken").write_text(verb)

    def edit(self, id_: str, **values: object) -> None:
        file = self.box / f"{id_}.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))
