"""The policy pack: which rules are binding, and which advise."""

from pulumi_policy import (  # type: ignore[import-not-found] # it is in the environment of this folder alone
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ResourceValidationPolicy,
)
from rules import (  # type: ignore[import-not-found] # this folder is where Python starts
    has_a_gate,
    has_the_api_of_its_stage,
    is_tested,
    names_its_categories,
)

PolicyPack(
    name="upvest-webhooks",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[
        ResourceValidationPolicy(
            name="stage-has-its-api",
            description="Each stage talks to its own Upvest environment, and prod alone to live.",
            validate=has_the_api_of_its_stage,
        ),
        ResourceValidationPolicy(
            name="prod-waits-for-gates",
            description="A webhook that is enabled in prod has a gate.",
            validate=has_a_gate,
        ),
        ResourceValidationPolicy(
            name="prod-names-its-categories",
            description="A webhook in prod lists its categories.",
            config_schema=PolicyConfigSchema({"allowed": {"type": "array", "items": {"type": "string"}}}),
            validate=names_its_categories,
        ),
        # Advice for now: no document says whether Upvest tests a webhook that is still disabled, so `require` may
        # fail for every new webhook. To become mandatory once a conformance run on the sandbox has shown which of
        # `require` and `after_enable` works.
        ResourceValidationPolicy(
            name="prod-tests-deliveries",
            description="A webhook that is enabled in prod was proven by a test delivery.",
            enforcement_level=EnforcementLevel.ADVISORY,
            validate=is_tested,
        ),
    ],
)
