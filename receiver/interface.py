"""What a receiver is, wherever it runs: a URL, and what its gate has to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi


class GateInputs(TypedDict, total=False):
    """Those inputs of `EndpointReadiness` that are a matter of the receiver; their meaning stands there."""

    triggers: pulumi.Input[Sequence[Any]]
    expect: pulumi.Input[Sequence[pulumi.Input[str]]]
    reachable_from: pulumi.Input[str]
    resolvers: pulumi.Input[Sequence[pulumi.Input[str]]]
    ca_file: pulumi.Input[str]
    allow_private: pulumi.Input[bool]


class Receiver(Protocol):
    """What the program needs of any receiver."""

    @property
    def url(self) -> pulumi.Input[str]:
        """Its origin, as `https://hooks.tenant.tld`, known in a preview.

        An output depends on all that has to be there before it is worth asking whether the receiver is ready.
        """

    @property
    def gate(self) -> GateInputs:
        """What the gate before it is to be told."""
