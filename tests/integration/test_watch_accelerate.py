"""A training by Accelerate is counted as it is, and comes to the same parameters."""

import pytest

from tests.integration.framework_runs import check_framework

pytest.importorskip("torch", reason="counts trainings of the extra `torch`")
pytest.importorskip("accelerate", reason="pip install 'greenops[frameworks]'")


@pytest.mark.timeout(300)
def test_its_steps_batches_and_epochs_are_counted_exactly(cli):
    check_framework(cli, "accelerate", other_batches=4, evaluations=2)
