"""A rehearsal's state: one JSON file a stack, secrets encrypted with the key in the file beside it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret, wrap_rpc_secret

from upvest_provider.testing.urn import name_of

if TYPE_CHECKING:
    from pathlib import Path

    from upvest_provider.testing.wire import Properties


@dataclass(eq=False)
class Resource:
    """A resource as a state keeps it; the members mean what they mean in Pulumi's own state."""

    urn: str
    type: str
    custom: bool
    inputs: Properties
    outputs: Properties = field(default_factory=dict)
    id: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False

    @property
    def name(self) -> str:
        """The resource's name."""
        return name_of(self.urn)


@dataclass
class State:
    """What is known of a stack.

    Attributes:
        resources: Every resource, after all that it depends on.
        outputs: The stack's outputs.
        provider_config: The configuration of the last `up`; a refresh or destroy without the program has no newer.
    """

    resources: list[Resource] = field(default_factory=list)
    outputs: Properties = field(default_factory=dict)
    provider_config: dict[str, str] = field(default_factory=dict)


class StateFile:
    """A state in a file.

    Args:
        path: The file; its key is written beside it, with `.key` behind its name, readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = path.with_name(path.name + ".key")

    def load(self) -> State:
        """Reads the state; an empty one where there is no file yet."""
        if not self._path.exists():
            return State()
        cipher = Fernet(self._key.read_bytes())

        def decrypted(value: dict[str, object]) -> object:
            if is_rpc_secret(value):
                return wrap_rpc_secret(json.loads(cipher.decrypt(unwrap_rpc_secret(value))))
            return value

        stored = json.loads(self._path.read_text(), object_hook=decrypted)["rehearsal"]
        return State(**{**stored, "resources": [Resource(**resource) for resource in stored["resources"]]})

    def save(self, state: State) -> None:
        """Replaces the file in one step."""
        cipher = Fernet(self._make_key())

        def encrypted(value: object) -> object:
            if is_rpc_secret(value):
                return wrap_rpc_secret(cipher.encrypt(json.dumps(unwrap_rpc_secret(value)).encode()).decode())
            if isinstance(value, dict):
                return {key: encrypted(item) for key, item in value.items()}
            return [encrypted(item) for item in value] if isinstance(value, list) else value

        unfinished = self._path.with_name(self._path.name + ".new")
        unfinished.write_text(json.dumps({"rehearsal": encrypted(asdict(state))}, indent=2))
        unfinished.replace(self._path)

    def _make_key(self) -> bytes:
        if not self._key.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._key.touch(mode=0o600, exist_ok=False)
            self._key.write_bytes(Fernet.generate_key())
        return self._key.read_bytes()
