"""What is missing leaves tests out on somebody's machine, and is a failure where nothing may be missing."""

import pytest

from ._stage import CI, lacking, processor_time


def test_what_is_missing_leaves_a_test_out_or_makes_it_fail(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(CI, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        lacking("no browser")
    monkeypatch.setenv(CI, "1")
    with pytest.raises(pytest.fail.Exception, match="no browser, and EXPLORA_CI says that nothing may be missing"):
        lacking("no browser")


def test_processor_time_is_that_of_a_process_that_is_there():
    assert processor_time(2**22 + 1) == 0.0
