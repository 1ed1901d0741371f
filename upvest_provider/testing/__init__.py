"""Pulumi programs under test: on a rehearsal without the Pulumi CLI, on the CLI, or one provider process alone."""

from __future__ import annotations

from upvest_provider.testing.cli import PulumiCli
from upvest_provider.testing.outcome import Outcome, Step
from upvest_provider.testing.rehearsal import Rehearsal
from upvest_provider.testing.servicer import ProviderError, Servicer

__all__ = ["Outcome", "ProviderError", "PulumiCli", "Rehearsal", "Servicer", "Step"]
