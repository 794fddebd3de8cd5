"""Two scorers, written apart, agree; and the second one knows the published examples by itself.

The second scorer shares neither code nor data with the application, so a wrong maximum, band or subscale in a data
file shows here as a disagreement. A normal run compares ten thousand forms, `make deep` a million; a disagreement names
the seed and the form.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

import pytest

from app.assessments.catalogue import shipped_instruments
from app.assessments.rules.instrument import Entry, Instrument, Method
from app.assessments.rules.scoring import Score, score_items
from app.kernel.errors import Invalid
from tests.assessments.second_scorer import HIGHEST, Given, NotAnAnswer, Second, epds_from_positions, score

COMPARED: Final = frozenset(
    {
        "PHQ9",
        "PHQ2",
        "GAD7",
        "QIDSSR16",
        "MADRS",
        "HAMD17",
        "HAMD6",
        "BDI2",
        "EPDS",
        "PCL5",
        "CSSRS_SCR",
        "YMRS",
        "CADSS23",
        "CADSS6",
        "MOAAS",
        "BPRS4",
        "MDQ",
    }
)
"""Every instrument that ships and is scored from its items. One more, or one less, has to be written here too."""

NORMAL, DEEP = 10_000, 1_000_000


def by_items() -> Mapping[str, Instrument]:
    """The newest version of each shipped instrument that takes items and makes more of them than one number."""
    newest = {code: instrument for (code, _), instrument in sorted(shipped_instruments().items())}
    return {
        code: one
        for code, one in newest.items()
        if one.entry is not Entry.TOTAL_ONLY and one.scoring.method is not Method.CHECKLIST
    }


# ── the published examples ───────────────────────────────────────────────────────────────────────────────────────────


def answers(text: str) -> list[Given]:
    """Answers as they are written on paper: digits, `-` for none; with commas where a half point occurs."""
    signs = text.replace(" ", "").split(",") if "," in text else list(text.replace(" ", ""))
    return [None if sign == "-" else Decimal(sign) if "." in sign else int(sign) for sign in signs]


PHQ9 = [
    # answers, total, band, syndrome, answer to item 9, prorated
    ("000000000", 0, "none_minimal", "none", 0, False),
    ("111100001", 5, "mild", "none", 1, False),
    ("212201001", 9, "mild", "other", 1, False),
    ("232212100", 13, "moderate", "major", 0, False),
    ("113331110", 14, "moderate", "none", 0, False),
    ("332323211", 20, "severe", "major", 1, False),
    ("2222-2111", "14.63", "moderately_severe", "major", 1, True),
    ("22--22110", "12.86", "moderate", "other", 0, True),
    ("22---2110", None, None, None, 0, False),
]


@pytest.mark.parametrize(("form", "total", "severity", "syndrome", "suicide", "prorated"), PHQ9)
def test_phq9(form: str, total: str | None, severity: str, syndrome: str | None, suicide: int, prorated: bool) -> None:
    got = score("PHQ9", answers(form))
    assert got.total == (None if total is None else Decimal(total))
    assert (got.severity, got.findings.get("syndrome"), got.safety_item) == (severity, syndrome, suicide)
    assert (got.prorated, got.incomplete) == (prorated, total is None)


TOTALS = [
    ("GAD7", "1111000", 4, "minimal"),
    ("GAD7", "1111100", 5, "mild"),
    ("GAD7", "2121121", 10, "moderate"),
    ("GAD7", "2222222", 14, "moderate"),
    ("GAD7", "3222222", 15, "severe"),
    ("MADRS", "1111110000", 6, "normal"),
    ("MADRS", "1111111000", 7, "mild"),
    ("MADRS", "2222222221", 19, "mild"),
    ("MADRS", "4434344332", 34, "moderate"),
    ("MADRS", "4444334432", 35, "severe"),
    ("MADRS", "5544345543", 42, "severe"),
    ("BDI2", "1" * 13 + "0" * 8, 13, "minimal"),
    ("BDI2", "1" * 14 + "0" * 7, 14, "mild"),
    ("BDI2", "1" * 20 + "0", 20, "moderate"),
    ("BDI2", "2" * 10 + "1" * 9 + "00", 29, "severe"),
    ("YMRS", "11012200200", 9, "non_manic"),
    ("YMRS", "22122410200", 16, "hypomanic"),
    ("YMRS", "23224424211", 27, "manic"),
    ("YMRS", "2,2,1.5,2,4,0,0,0,0,0,0", "11.5", "non_manic"),
    ("YMRS", "00008000000", 8, "non_manic"),
    ("MOAAS", "5", 5, "none"),
    ("MOAAS", "4", 4, "mild"),
    ("MOAAS", "3", 3, "moderate_or_greater"),
    ("MOAAS", "0", 0, "loss_of_consciousness"),
    ("BPRS4", "6666", 24, None),
]


@pytest.mark.parametrize(("code", "form", "total", "severity"), TOTALS)
def test_totals_and_bands(code: str, form: str, total: str, severity: str | None) -> None:
    got = score(code, answers(form))
    assert (got.total, got.severity) == (Decimal(total), severity)


QIDS = [
    ("321022-1-2112210", "322211221", 16, "severe"),
    ("10021-1-21001101", "212100111", 9, "mild"),
    ("2330330203323321", "333332332", 25, "very_severe"),
    ("3330000000000000", "300000000", 3, "none"),
    ("010011---1001100", "111100110", 6, "mild"),
    ("3333333333333333", "333333333", 27, "very_severe"),
]


@pytest.mark.parametrize(("form", "domains", "total", "severity"), QIDS)
def test_qids_is_nine_domains_and_not_sixteen_items(form: str, domains: str, total: int, severity: str) -> None:
    got = score("QIDSSR16", answers(form))
    assert list(got.subscores.values()) == answers(domains)
    assert (got.total, got.severity, got.incomplete, got.prorated) == (total, severity, False, False)


EPDS = [
    ("0030333333", "0000000000", 0, "unlikely"),
    ("1112111123", "1122222210", 15, "probable"),
    ("2203111012", "2233222321", 22, "probable"),
    ("0121223223", "0111110110", 7, "unlikely"),
    ("0000000000", "0030333333", 21, "probable"),
]


@pytest.mark.parametrize(("positions", "scores", "total", "severity"), EPDS)
def test_epds_by_scores_and_by_positions(positions: str, scores: str, total: int, severity: str) -> None:
    assert epds_from_positions([int(sign) for sign in positions]) == answers(scores)
    got = score("EPDS", answers(scores))
    assert (got.total, got.severity, got.safety_item) == (total, severity, int(scores[-1]))


PCL5 = [
    ("20000 20 2200000 220000", 12, (2, 2, 4, 4), "yes", "no"),
    ("44444 11 3322000 330000", 38, (20, 2, 10, 6), "no", "yes"),
    ("22212 22 1222121 212211", 33, (9, 4, 11, 9), "yes", "yes"),
    ("11111 11 1111111 111111", 20, (5, 2, 7, 6), "no", "no"),
    ("33232 33 1332332 213333", 51, (13, 6, 17, 15), "yes", "yes"),
]


@pytest.mark.parametrize(("form", "total", "clusters", "dsm5", "cut"), PCL5)
def test_pcl5_reports_both_rules(form: str, total: int, clusters: tuple[int, ...], dsm5: str, cut: str) -> None:
    got = score("PCL5", answers(form))
    assert (got.total, tuple(got.subscores[name] for name in "BCDE")) == (total, clusters)
    assert got.findings == {"provisional_dsm5": dsm5, "provisional_cut": cut}


HAMD = [
    ("11010110010010000", 7, "none", 5),
    ("21111121011011000", 14, "mild", 8),
    ("32221131121121000", 23, "moderate", 13),
    ("33222232132122110", 32, "severe", 16),
]


@pytest.mark.parametrize(("form", "total", "severity", "hamd6"), HAMD)
def test_hamd17_and_the_six_inside_it(form: str, total: int, severity: str, hamd6: int) -> None:
    got = score("HAMD17", answers(form))
    assert (got.total, got.severity, got.subscores["HAMD6"]) == (total, severity, hamd6)


CADSS = [
    ("11111111111111111111111", 23, (8, 12, 3, 6)),
    ("21010321010210101002011", 20, (9, 9, 2, 10)),
    ("11000110000000000000000", 4, (2, 2, 0, 4)),
]


@pytest.mark.parametrize(("form", "total", "parts"), CADSS)
def test_cadss_and_its_parts(form: str, total: int, parts: tuple[int, ...]) -> None:
    got = score("CADSS23", answers(form))
    named = ("depersonalisation", "derealisation", "amnesia", "CADSS6")
    assert (got.total, got.severity, tuple(got.subscores[name] for name in named)) == (total, None, parts)


COLUMBIA = [
    ("00---0-", "none", False),
    ("10-----", "low", True),
    ("01000--", "low", True),
    ("11100--", "moderate", True),
    ("11010--", "high", True),
    ("01001--", "high", True),
    ("00---10", "moderate", False),
    ("00---11", "high", False),
    ("00-----", None, True),
]


@pytest.mark.parametrize(("form", "tier", "incomplete"), COLUMBIA)
def test_the_columbia_screener_has_a_tier_and_no_total(form: str, tier: str | None, incomplete: bool) -> None:
    got = score("CSSRS_SCR", answers(form))
    assert (got.total, got.severity, got.incomplete) == (None, tier, incomplete)


@pytest.mark.parametrize(
    ("form", "screen"),
    [
        ("1111111000000 1 2", "positive"),
        ("1111110000000 1 3", "negative"),
        ("1" * 13 + "03", "negative"),
        ("1" * 14 + "1", "negative"),
    ],
)
def test_mdq_takes_all_three_parts(form: str, screen: str) -> None:
    assert score("MDQ", answers(form)).findings == {"screen": screen}


@pytest.mark.parametrize(
    ("code", "form"),
    [
        ("HAMD17", "00030000000000000"),
        ("YMRS", "50000000000"),
        ("YMRS", "0.25,0,0,0,0,0,0,0,0,0,0"),
        ("MADRS", "0.5,0,0,0,0,0,0,0,0,0"),
        ("CSSRS_SCR", "001--0-"),
        ("CSSRS_SCR", "00---1-"),
        ("PHQ9", "00000000"),
    ],
)
def test_what_is_no_answer_is_refused(code: str, form: str) -> None:
    with pytest.raises(NotAnAnswer):
        score(code, answers(form))


# ── both of them ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_shipped_instrument_is_compared() -> None:
    assert set(by_items()) == COMPARED == set(HIGHEST)
    assert {code: len(one.items) for code, one in by_items().items()} == {c: len(h) for c, h in HIGHEST.items()}


def forms(code: str, chance: random.Random) -> Iterator[list[Given]]:
    """Forms without end: every total as often as any other, so that both sides of every edge come; a third with gaps.

    One in twelve is no form at all, and both scorers have to say so.
    """
    steps = [highest * (2 if code == "YMRS" else 1) for highest in HIGHEST[code]]
    while True:
        taken = [0] * len(steps)
        for _ in range(chance.randint(0, sum(steps))):
            open_items = [place for place, most in enumerate(steps) if taken[place] < most]
            taken[chance.choice(open_items)] += 1
        form: list[Given] = [Decimal(step) / 2 if code == "YMRS" else step for step in taken]
        if chance.random() < 1 / 3:
            for place in chance.sample(range(len(form)), chance.randint(1, min(len(form), chance.choice((2, 3, 23))))):
                form[place] = None
        if code == "CSSRS_SCR" and chance.random() < 0.95:
            form = _asked(form, chance)
        if chance.random() < 1 / 12:
            form = _spoilt(code, form, chance)
        yield form


def _asked(form: list[Given], chance: random.Random) -> list[Given]:
    """The Columbia screener as it is asked: what follows a no is left out, and recency follows a yes."""
    dead, thoughts, method, intent, plan, ever, lately = form
    if not thoughts:
        method = intent = plan = None
    lately = chance.choice((0, 1)) if ever else None
    return [dead, thoughts, method, intent, plan, ever, lately]


def _spoilt(code: str, form: list[Given], chance: random.Random) -> list[Given]:
    place = chance.randrange(len(form))
    match chance.choice(("high", "low", "part", "short", "long")):
        case "high":
            wrong: Given = HIGHEST[code][place] + chance.choice((1, 2, 10))
        case "low":
            wrong = -1
        case "part":
            wrong = Decimal("0.25")
        case "short":
            return form[:-1]
        case _:
            return [*form, 0]
    return [*form[:place], wrong, *form[place + 1 :]]


def by_the_application(instrument: Instrument, form: Sequence[Given]) -> Second | None:
    """What the application makes of a form, in the second scorer's words; None where it refuses."""
    try:
        scored: Score = score_items(instrument, form)
    except Invalid:
        return None
    return Second(
        total=scored.total,
        severity=scored.severity,
        incomplete=scored.incomplete,
        prorated=scored.prorated,
        safety_item=scored.safety_item,
        safety_item_missing=scored.safety_item_missing,
        subscores={name: value for name, value in scored.subscores.items() if value is not None},
        findings={name: str(value) for name, value in scored.findings.items() if value is not None},
    )


def by_the_second(code: str, form: Sequence[Given]) -> Second | None:
    """What the second scorer makes of it."""
    try:
        return score(code, form)
    except NotAnAnswer:
        return None


@pytest.mark.parametrize("code", sorted(COMPARED))
def test_both_scorers_agree(code: str, deep: bool) -> None:
    seed = random.getrandbits(32)
    count = (DEEP if deep else NORMAL) // len(COMPARED) + 1
    instrument, source = by_items()[code], forms(code, random.Random(seed))
    scored = 0
    for number in range(count):
        form = next(source)
        one, other = by_the_application(instrument, form), by_the_second(code, form)
        assert one == other, f"{code} differs: seed {seed}, form {number}: {form}"
        scored += other is not None
    assert scored > count * 3 // 4, "most forms have to be ones that can be scored"
