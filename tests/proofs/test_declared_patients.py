"""Each read declares the patients whose data it carries: no fewer, and no more."""

from tests.proofs.recipes import RECIPES, Operation, stage_in
from tests.world import World, patients_in


async def test_each_read_declares_exactly_whom_it_shows(clinic: World, operations: list[Operation]) -> None:
    stage = await stage_in(clinic)
    shown_by: set[str] = set()
    await clinic.database.sealer.seal()
    for operation in operations:
        if operation.is_public or operation.method not in {"GET", "POST"}:
            continue
        await clinic.sign_in_again()  # a walk may take longer than a password counts
        call = await RECIPES[operation.id](stage)
        for http in (stage.care.http, stage.admin.http):
            answer = await call.send(
                http, operation, **({"params": {"include": "resource"}} if operation.id == "list_changes" else {})
            )
            declared = {str(one) for one in answer.extensions["scope"]["state"].get("patients_touched", ())}
            if answer.is_success and answer.content:
                assert patients_in(answer.json()) == declared, operation.id
                shown_by |= {operation.id} if declared else set()
            else:
                assert not declared, f"{operation.id}: a refusal shows nobody"
    assert len(shown_by) > 50


async def test_not_modified_declares_whom_it_would_have_shown(clinic: World) -> None:
    stage = await stage_in(clinic)
    patient = await stage.care.patient()
    answer = await stage.care.http.get(f"/v1/patients/{patient['id']}", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert {str(one) for one in answer.extensions["scope"]["state"]["patients_touched"]} == {patient["id"]}
