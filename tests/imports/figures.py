"""The trial's table, worked out from nothing but what the API answers."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

ARMS = {("d", 2): "d2", ("d", 10): "d10", ("p", 2): "p2", ("p", 10): "p10"}


async def every(client: httpx2.AsyncClient, path: str, **filters: Any) -> list[dict[str, Any]]:
    """All records of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = {"limit": 70} | filters | ({"cursor": cursor} if cursor else {})
        answer = await client.get(path, params=page)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


@dataclass
class Table:
    """Scores by instrument, moment and participant, of one group."""

    scores: Mapping[str, Mapping[str, Mapping[str, float]]]

    def row(self, instrument: str, moment: str) -> tuple[int, float, float]:
        """How many, mean, and standard deviation of the sample, to two places."""
        values = list(self.scores[instrument].get(moment, {}).values())
        return len(values), round(statistics.mean(values), 2), round(statistics.stdev(values), 2)

    def responders(self, instrument: str, moment: str) -> list[str]:
        """Who has at most half of their own baseline left."""
        baseline = self.scores[instrument]["b0"]
        now = self.scores[instrument].get(moment, {})
        return sorted(who for who, total in now.items() if baseline.get(who) and total * 2 <= baseline[who])

    def remitters(self, moment: str) -> list[str]:
        """Whose MADRS is 10 or less."""
        return sorted(who for who, total in self.scores["MADRS"].get(moment, {}).items() if total <= 10)

    def changes(self, instrument: str, moment: str) -> list[float]:
        """Differences to the person's own baseline."""
        baseline = self.scores[instrument]["b0"]
        now = self.scores[instrument].get(moment, {})
        return [total - baseline[who] for who, total in now.items() if who in baseline]


async def read_table(client: httpx2.AsyncClient, indication: str) -> Table:
    """Build the table from patients, courses, sessions, administrations and assessments."""
    patients = {one["id"]: one for one in await every(client, "/v1/patients")}
    courses = {one["id"]: one for one in await every(client, "/v1/courses")}
    sessions = {one["id"]: one for one in await every(client, "/v1/sessions")}
    placebo = {one["session_id"]: one["placebo"] for one in await every(client, "/v1/administrations")}
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for one in await every(client, "/v1/assessments"):
        course = courses[one["course_id"]]
        if course["indication_code"] != indication:
            continue
        assert course["patient_id"] == one["patient_id"]
        moment = "b0"
        if one["session_id"] is not None:
            session = sessions[one["session_id"]]
            assert session["patient_id"] == one["patient_id"]
            on = datetime.fromisoformat(session["started_at"]).astimezone(ZoneInfo(course["time_zone"])).date()
            days = (date.fromisoformat(one["answered_on"]) - on).days
            assert days == one["days_since_last_dose"]
            moment = ARMS["p" if placebo[session["id"]] else "d", days]
        else:
            assert one["days_since_last_dose"] is None
        who = patients[one["patient_id"]]["identifiers"][0]["value"]
        assert who not in scores.setdefault(one["instrument"], {}).setdefault(moment, {})
        scores[one["instrument"]][moment][who] = one["total"]
    return Table(scores)


@dataclass
class Outcomes:
    """What the courses of one group came to, as they answer it themselves.

    `judged` has the scores by instrument, moment and participant, `orders` what each was given, in order.
    """

    judged: dict[str, dict[str, dict[str, Any]]]
    baselines: dict[str, dict[str, Any]]
    orders: dict[str, list[str]]
    courses: dict[str, str]

    def who(self, instrument: str, moment: str, **facts: str) -> list[str]:
        """Whose score was judged so."""
        scores = self.judged[instrument][moment].items()
        return sorted(who for who, score in scores if all(score[name] == value for name, value in facts.items()))

    def reductions(self, instrument: str, moment: str) -> list[float]:
        """By how much the scores fell, of those who have a baseline."""
        scores = self.judged[instrument][moment].values()
        return [score["reduction_points"] for score in scores if score["reduction_points"] is not None]


async def read_outcomes(client: httpx2.AsyncClient, indication: str) -> Outcomes:
    """Ask every course of a group what it came to; a moment is the arm and the days since the infusion."""
    patients = {one["id"]: one for one in await every(client, "/v1/patients")}
    found = Outcomes({}, {}, {}, {})
    for course in await every(client, "/v1/courses", indication_code=indication):
        answer = await client.get(f"/v1/courses/{course['id']}/outcome")
        assert answer.status_code == 200, answer.text
        who = patients[course["patient_id"]]["identifiers"][0]["value"]
        found.courses[who] = course["id"]
        for told in answer.json()["instruments"]:
            instrument = told["scale"]["instrument"]
            if told["baseline"] is not None:
                found.baselines.setdefault(instrument, {})[who] = told["baseline"]
            found.orders[who] = ["placebo" if session["placebo"] else "drug" for session in told["sessions"]]
            for session in told["sessions"]:
                for score in session["scores"]:
                    moment = ARMS["p" if session["placebo"] else "d", score["days_since_last_dose"]]
                    assert who not in found.judged.setdefault(instrument, {}).setdefault(moment, {})
                    found.judged[instrument][moment][who] = score
    return found
