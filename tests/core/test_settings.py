from __future__ import annotations

import pytest

from kube9.core.errors import InvalidInput
from kube9.core.settings import Settings


@pytest.mark.parametrize(
    "setting,least",
    [
        ("recovery_attempts", 1),
        ("recovery_backoff_ms", 1),
        ("flaps_max", 1),
        ("node_settled_after_ms", 1),
        ("tried_last_ms", 1),
        ("tried_last_ms_max", 1),
        ("move_burst", 1),
        ("moves_per_s", 1),
        ("start_attempts", 1),
        ("start_backoff_ms", 1),
        ("replace_backoff_ms", 1),
        ("replace_backoff_ms_max", 1),
        ("settled_after_ms", 1),
        ("finished_kept", 0),
    ],
)
def test_a_setting_is_a_whole_number_that_makes_sense(setting, least):
    assert getattr(Settings(**{setting: least}), setting) == least
    for bad in (least - 1, 1.5, "3", None, True):
        with pytest.raises(InvalidInput, match=f"^{setting} must be a whole number from {least} to"):
            Settings(**{setting: bad})
