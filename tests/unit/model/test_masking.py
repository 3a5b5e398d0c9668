import pytest

from greenops.model.masking import masked


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["train.py", "--epochs", "3"], ["train.py", "--epochs", "3"]),
        (["x", "--token", "abc"], ["x", "--token", "***"]),
        (["x", "--api-key=abc"], ["x", "--api-key=***"]),
        (["x", "--hf_token=abc", "y"], ["x", "--hf_token=***", "y"]),
        (["WANDB_API_KEY=abc", "x"], ["WANDB_API_KEY=***", "x"]),
        (["x", "--password", "--verbose"], ["x", "--password", "--verbose"]),
        (["x", "postgres://me:pw@host/db"], ["x", "postgres://me:***@host/db"]),
        (["x", "--tokenizer", "bert"], ["x", "--tokenizer", "bert"]),
        (["x", "--max-tokens", "512"], ["x", "--max-tokens", "512"]),
    ],
    ids=lambda v: " ".join(v),
)
def test_secrets_on_the_command_line_are_masked(given, shown):
    assert list(masked(given)) == shown
