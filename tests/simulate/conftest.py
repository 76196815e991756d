from pathlib import Path

import pytest

from tests.simulate.given import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A runbook and its people, each in a file that can be written anew."""
    return Files(tmp_path)
