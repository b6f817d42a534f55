"""A company whose sign-in stands in the state, or beside where there is none."""

import pytest
from project import Project
from sign_in_world import Company


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["in the state", "beside it"])
def company(project: Project, request: pytest.FixtureRequest) -> Company:
    return Company(project, in_state=request.param)
