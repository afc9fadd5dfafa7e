"""What the stages hand over as a whole."""

from __future__ import annotations

from datetime import UTC, datetime

from auditor.model.parcel import Survey, subscriptions_asked
from auditor.model.reading import Reading, Source

READING = Reading(Source.SUBSCRIPTIONS, "sub-1", True, 1, datetime(2026, 11, 27, tzinfo=UTC))


def test_after_the_audit_the_survey_tells_of_subscriptions_as_before_and_holds_nothing_else() -> None:
    machine = {"id": "/m-1", "subscription_id": "sub-1"}
    survey = Survey({"subscriptions": [{"id": "sub-1"}], "machines": [machine]}, (READING,), ("sub-1",))
    assert survey.of("machines", ("sub-1",)) == [machine]

    after = survey.after_audit()

    assert after.of("machines", ("sub-1",)) == []
    assert (after.readings, after.readable) == (survey.readings, survey.readable)
    assert subscriptions_asked(after.rows["subscriptions"], after.readings) == [{"id": "sub-1"}]
