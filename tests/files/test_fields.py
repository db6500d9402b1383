from __future__ import annotations

from decimal import Decimal

import pytest

from kube9.core.errors import InvalidInput
from kube9.core.nodes import Taint, TaintEffect
from kube9.core.pods import Toleration
from kube9.core.quantities import QUANTITY_MAX
from kube9.files.fields import (
    amount_of,
    duration_ms,
    labels,
    models,
    seconds_ms,
    shown,
    taints,
    text,
    tolerations,
    whole,
)


@pytest.mark.parametrize("value, number", [("0", 0), ("7", 7), (" 7 ", 7), ("+7", 7), (7, 7), (Decimal(7), 7)])
def test_whole(value, number):
    assert whole(value) == number


@pytest.mark.parametrize(
    "value",
    ["", "-1", "1.0", "1e3", "1_000", "٣", "seven", str(QUANTITY_MAX + 1), "9" * 9000, -1, True, None, [1], "NaN"],
)
def test_what_is_no_whole_number(value):
    with pytest.raises(InvalidInput, match=r"expected a (whole )?number"):
        whole(value)


def test_whole_keeps_to_its_bounds():
    assert whole("-5", least=-5) == -5
    with pytest.raises(InvalidInput, match="from 1 to 8, got '9'"):
        whole("9", least=1, most=8)


@pytest.mark.parametrize(
    "value, ms",
    [
        ("0", 0),
        ("90", 90_000),
        (90, 90_000),
        ("1.5", 1500),
        ("1.05", 1050),
        ("1.005", 1005),
        (Decimal("1.5"), 1500),
        (Decimal("1E-3"), 1),
        (".25", 250),
        ("2.", 2000),
        ("0.0004", 0),
        ("0.0006", 1),
        ("12345678901.5", 12_345_678_901_500),
        ("007", 7000),
    ],
)
def test_seconds(value, ms):
    assert seconds_ms(value) == ms
    assert duration_ms(value) == ms


@pytest.mark.parametrize(
    "value, ms",
    [("250ms", 250), ("90s", 90_000), ("5m", 300_000), ("1.5h", 5_400_000), ("1d", 86_400_000), (".5m", 30_000)],
)
def test_durations_with_a_unit(value, ms):
    assert duration_ms(value) == ms


@pytest.mark.parametrize("value", ["", "-1", "5m", "1e3", "soon", "1,5", "٣", True, None, "1 2"])
def test_what_is_no_time_in_seconds(value):
    with pytest.raises(InvalidInput, match=r"expected a (time in seconds|number)"):
        seconds_ms(value)


@pytest.mark.parametrize("value", ["", "-1", "m", "5 m", "5w", "1h30m", "-5m", Decimal("NaN")])
def test_what_is_no_duration(value):
    with pytest.raises(InvalidInput, match="expected a time such as 90"):
        duration_ms(value)


@pytest.mark.parametrize("value", ["9007199254741", "9" * 400, "9" * 400 + "d", Decimal("1E+30"), Decimal("1E+999")])
def test_times_that_would_overflow(value):
    with pytest.raises(InvalidInput, match="expected a time"):
        duration_ms(value)


@pytest.mark.parametrize(
    "resource, value, amount",
    [("cpu", "500m", 500), ("cpu", 2, 2000), ("cpu", Decimal("2.5"), 2500), ("memory", "1Ki", 1024), ("fpga", "3", 3)],
)
def test_amounts(resource, value, amount):
    assert amount_of(resource)(value) == amount


@pytest.mark.parametrize("value", ["-1", "1Q", "", "9999999999999999999", True, ["1"], {"a": 1}, Decimal("Infinity")])
def test_what_is_no_amount(value):
    with pytest.raises(InvalidInput):
        amount_of("memory")(value)


@pytest.mark.parametrize("value", ["zone=a;disk=ssd", " zone=a ; disk=ssd ", {"zone": "a", "disk": "ssd"}])
def test_labels(value):
    assert labels(value) == {"zone": "a", "disk": "ssd"}


def test_a_label_may_have_an_empty_value_or_an_equals_sign_in_it():
    assert labels("spot=;expr=a=b") == {"spot": "", "expr": "a=b"}


@pytest.mark.parametrize(
    "value, problem",
    [
        ("zone", "expected labels such as zone=a;disk=ssd, got 'zone'"),
        ("=a", "expected labels"),
        ("zone=a;", "expected labels"),
        ("zone=a;zone=b", "label 'zone' is given twice"),
        ({"zone": 1}, "expected an object of texts"),
        ({"": "a"}, "expected an object of texts"),
        (5, "expected text, got 5"),
    ],
)
def test_what_is_no_labels(value, problem):
    with pytest.raises(InvalidInput, match=problem):
        labels(value)


@pytest.mark.parametrize("value", ["T4|V100", "T4 | V100", ["T4", "V100"]])
def test_models(value):
    assert models(value) == ("T4", "V100")


@pytest.mark.parametrize("value", ["T4|", "|", ["T4", ""], [5], 5])
def test_what_is_no_models(value):
    with pytest.raises(InvalidInput, match=r"expected (models|text)"):
        models(value)


@pytest.mark.parametrize(
    "value, toleration",
    [
        ("dedicated=gpu:NoSchedule", Toleration("dedicated", "gpu", effect=TaintEffect.NO_SCHEDULE)),
        ("dedicated=gpu", Toleration("dedicated", "gpu")),
        ("dedicated=:NoExecute", Toleration("dedicated", "", effect=TaintEffect.NO_EXECUTE)),
        ("spot:PreferNoSchedule", Toleration("spot", exists=True, effect=TaintEffect.PREFER_NO_SCHEDULE)),
        ("spot", Toleration("spot", exists=True)),
        ("*", Toleration(exists=True)),
        ("*:NoExecute", Toleration(exists=True, effect=TaintEffect.NO_EXECUTE)),
    ],
)
def test_each_form_of_toleration(value, toleration):
    assert tolerations(value) == (toleration,)
    assert tolerations([value]) == (toleration,)
    assert tolerations(f"{value}; other") == (toleration, Toleration("other", exists=True))


@pytest.mark.parametrize("value", ["=gpu", ":NoSchedule", "spot:Never", "*=gpu", "spot:", "a;;b", 5, [5], [""]])
def test_what_is_no_toleration(value):
    with pytest.raises(InvalidInput, match=r"expected (a toleration|tolerations|text)"):
        tolerations(value)


def test_taints():
    assert taints("dedicated=gpu:NoSchedule; spot:NoExecute") == (
        Taint("dedicated", "gpu", TaintEffect.NO_SCHEDULE),
        Taint("spot", "", TaintEffect.NO_EXECUTE),
    )


@pytest.mark.parametrize("value", ["spot", "spot:Never", "=gpu:NoSchedule", ":NoSchedule", "spot:NoExecute;", 5])
def test_what_is_no_taint(value):
    with pytest.raises(InvalidInput, match=r"expected (a taint|taints|text)"):
        taints(value)


def test_text_is_only_text():
    assert text("web") == "web"
    with pytest.raises(InvalidInput, match="expected text, got 5"):
        text(5)


def test_long_values_are_cut_in_messages():
    assert shown("short") == "'short'"
    assert shown("x" * 1000) == "'" + "x" * 49 + "...' (1002 characters)"
