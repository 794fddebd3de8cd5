"""Alerts over HTTP: seen, ended, never deleted."""

from tests.proofs.care import Care, Json, caring, path_of, version_header
from tests.world import World


async def raised(care: Care, items: list[int | None] | None = None) -> Json:
    """An alert of a PHQ-9."""
    (alert,) = await care.alerts_of(await care.phq9(await care.patient(), items))
    return alert


async def test_an_alert_is_acknowledged_then_resolved(clinic: World) -> None:
    care, therapist = await caring(clinic), await caring(clinic, "therapist")
    alert = await raised(care)
    seen = await therapist.do(alert, "acknowledge", {"note": "Spoke with the patient."})
    assert (seen["status"], seen["acknowledge_note"]) == ("acknowledged", "Spoke with the patient.")
    assert seen["acknowledged_by"] == str((await clinic.actor("therapist")).principal_id)
    done = await care.do(alert, "resolve", {"disposition": "Safety plan reviewed."})
    assert (done["status"], done["disposition"], done["acknowledged_by"]) == (
        "resolved",
        "Safety plan reviewed.",
        seen["acknowledged_by"],
    )
    assert [version["event"] for version in await care.history(alert)] == [
        "alert.raised",
        "alert.acknowledged",
        "alert.resolved",
    ]


async def test_a_step_that_does_not_follow_is_refused(clinic: World) -> None:
    care = await caring(clinic)
    alert = await raised(care)
    acknowledged = await care.do(alert, "acknowledge")
    resolved = await care.do(await raised(care), "resolve", {"disposition": "Nothing to do."})
    for record, verb, body, allowed in (
        (acknowledged, "acknowledge", {}, ["resolved"]),
        (resolved, "acknowledge", {}, []),
        (resolved, "resolve", {"disposition": "Again."}, []),
    ):
        answer = await care.http.post(f"{path_of(record)}/{verb}", json=body, headers=version_header(record))
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["allowed"]) == (409, "illegal-transition", allowed)


async def test_the_list_is_filtered(clinic: World) -> None:
    care = await caring(clinic)
    review = await raised(care)
    urgent = await raised(care, [1, 1, 1, 1, 1, 1, 1, 1, 3])
    await care.do(review, "acknowledge")

    async def found(**params: object) -> list[str]:
        return [one["id"] for one in await care.items("/v1/alerts", **params)]

    assert await found() == [urgent["id"], review["id"]]
    assert await found(status="open") == [urgent["id"]]
    assert await found(status=["open", "acknowledged"], severity="review") == [review["id"]]
    assert await found(patient_id=review["patient_id"]) == [review["id"]]
    assert (await care.http.get("/v1/alerts?status=closed")).status_code == 400
