import os
import pickle

import pytest

from greenops.errors import SignalRefusedError
from greenops_webapi import Credential, Secret, Signature

KEY = "k3y-0123456789"


def test_a_key_comes_from_its_variable():
    (secret,) = Credential("X_TOKEN", env={"X_TOKEN": f" {KEY}\n"}).secrets()

    assert secret.reveal() == KEY


def test_a_missing_key_says_which_variable_to_set_and_where_to_get_one():
    with pytest.raises(SignalRefusedError, match=r"set X_TOKEN.*free at x\.test"):
        Credential("X_TOKEN", env={}, where="free at x.test").secrets()


def test_a_password_without_a_user_is_no_credential():
    half = Credential("X_USERNAME", "X_PASSWORD", env={"X_PASSWORD": KEY})

    with pytest.raises(SignalRefusedError, match="X_USERNAME and X_PASSWORD"):
        half.secrets()


def key_file(tmp_path, text, mode=0o600):
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_key_may_lie_in_a_file_of_the_user_alone(tmp_path):
    path = key_file(tmp_path, f"me\n{KEY}\n")
    user, password = Credential("U", "P", key_file=path, env={}).secrets()

    assert (user.reveal(), password.reveal()) == ("me", KEY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_can_read_is_not_used(tmp_path, mode):
    path = key_file(tmp_path, KEY, mode)

    with pytest.raises(SignalRefusedError, match="chmod 600") as refused:
        Credential("X", key_file=path, env={}).secrets()

    assert KEY not in str(refused.value)


@pytest.mark.parametrize("text", ["", "\n\n", "one-line\n"])
def test_a_file_with_too_few_lines_says_what_belongs_there(tmp_path, text):
    path = key_file(tmp_path, text)

    with pytest.raises(SignalRefusedError, match="of 2 lines: U and P"):
        Credential("U", "P", key_file=path, env={}).secrets()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SignalRefusedError, match=r"cannot read key_file .*gone"):
        Credential("X", key_file=tmp_path / "gone", env={}).secrets()


@pytest.mark.parametrize("key", ["a\r\nhost: evil", "schlüssel", "a\x00b"])
def test_a_key_that_would_break_a_header_is_refused_and_not_shown(key):
    with pytest.raises(SignalRefusedError, match="copy it again") as refused:
        Credential("X", env={"X": key}).secrets()

    assert key not in str(refused.value)


def test_a_password_may_hold_letters_that_no_token_has(tmp_path):
    env = {"U": "me", "P": "schlüssel"}
    in_file = Credential(
        "U", "P", key_file=key_file(tmp_path, "me\nschlüssel\n"), env={}
    )

    for credential in (Credential("U", "P", env=env), in_file):
        assert credential.secrets()[1].reveal() == "schlüssel"


@pytest.mark.timeout(5)
def test_a_pipe_and_a_folder_are_no_key_files(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, tmp_path):
        with pytest.raises(
            SignalRefusedError, match=r"plain file|cannot read key_file"
        ):
            Credential("X", key_file=path, env={}).secrets()


def test_a_file_of_bytes_is_no_key(tmp_path):
    path = key_file(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00k")

    with pytest.raises(SignalRefusedError, match="copy it again"):
        Credential("U", key_file=path, env={}).secrets()


def test_a_key_set_later_is_found_later():
    env: dict[str, str] = {}
    credential = Credential("X", env=env)
    with pytest.raises(SignalRefusedError):
        credential.secrets()

    env["X"] = KEY

    assert credential.secrets()[0].reveal() == KEY


def test_a_secret_is_not_written_down():
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))


def test_a_signature_hides_its_values_as_they_are_and_escaped():
    signature = Signature(
        headers={"authorization": Secret("Basic dXNlcjpwYXNz")},
        params={"token": Secret("a/b c")},
    )

    hidden = signature.hidden("x dXNlcjpwYXNz a/b c a%2Fb%20c a%2Fb+c y")

    assert hidden == "x *** *** *** *** y"
