"""How a visit ends that does not go as planned, and a form that was somebody else's."""

from tests.proofs.care import Care, Json, ago, caring, path_of, start, version_header
from tests.world import World


async def _refused(care: Care, session: Json, verb: str) -> str:
    now = await care.again(session)
    answer = await care.http.post(
        f"{path_of(session)}/{verb}", json={"reason": "Asked to stop."}, headers=version_header(now)
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal-transition")
    return answer.json()["detail"]


async def test_called_off_before_a_dose_and_broken_off_after_it(clinic: World) -> None:
    care = await caring(clinic)
    course = await care.course(protocol_code="KET_IV_6x3W", first_session_at=ago(hours=2))

    async def first_place() -> str | None:
        return (await care.items(f"{path_of(course)}/plan"))[0]["session_id"]

    for verb in ("cancel", "mark-no-show"):
        visit = await care.session(course)
        assert await first_place() == visit["id"]
        assert "use cancel" in await _refused(care, visit, "abort")
        visit = await care.do(visit, verb)
        assert await first_place() is None
    # A dose in a visit that was marked as missed is a fact; the place in the plan stays open for whoever fills it.
    dose = await care.administration(visit, events=[start(30, 1)], drawn_mg=40)
    visit = await care.again(visit)
    assert (visit["status"], visit["deviations"]) == ("dosing", ["was_no_show"])
    assert [alert["code"] for alert in await care.alerts_of(dose)] == ["dose_was_no_show"]
    for verb in ("cancel", "mark-no-show"):
        assert "use abort" in await _refused(care, visit, verb)
    # An abort asks for nothing first, and what is missing shows.
    visit = await care.do(visit, "abort", {"reason": "Patient asked to stop.", "aborted_at": ago(minutes=10)})
    (given,) = (await care.record(visit))["administrations"]
    assert (visit["status"], given["state"], given["reconciled"]) == ("observing", "running", False)
    await care.event(dose, {"kind": "stop", "occurred_at": ago(minutes=10)})
    (given,) = (await care.record(visit))["administrations"]
    assert (given["state"], given["delivered_mg"], given["unaccounted_mg"]) == ("stopped", 20, 20)
    assert (await care.again(visit))["aborted_at"] == ago(minutes=10)


async def test_a_form_of_somebody_else_leaves_its_alert_closed_as_such(clinic: World) -> None:
    care = await caring(clinic)
    patient = await care.patient()
    told = {"wrong_patient: two of one name": "wrong_patient", "wrong patient": "wrong_patient", "Sent twice.": None}
    for reason, closed_by in told.items():
        form = await care.phq9(patient)
        await care.void(form, reason)
        (alert,) = await care.alerts_of(form, patient_id=patient["id"])
        assert (alert["status"], alert["closed_by"]) == ("resolved", closed_by or "entered_in_error")
        assert alert["disposition"] == f"Entered in error: {reason}"
