"""The log-in to WattTime: a token for half an hour, renewed when it is refused."""

import threading
from base64 import b64encode
from collections.abc import Mapping

from greenops_watttime.answers import token_of
from greenops_webapi import (
    Answer,
    Credential,
    Deadline,
    Pace,
    Secret,
    Signature,
    UnauthorizedError,
    WebApi,
)

LOGIN_PACE = (100, 300.0)
"""Log-ins in seconds. Source: docs.watttime.org, restrictions."""


class Session:
    """Requests of one account, logged in when needed. Thread-safe.

    Args:
        api: Where to ask.
        credential: Holds a user name and a password.
    """

    def __init__(self, api: WebApi, credential: Credential) -> None:
        self._api = api
        self._credential = credential
        self._pace = Pace(*LOGIN_PACE)
        self._token: Secret | None = None
        self._lock = threading.Lock()

    def get(
        self, path: str, params: Mapping[str, str | int], deadline: Deadline
    ) -> Answer:
        """Return an answer; logs in anew, once, where the token is refused.

        Raises:
            SignalRefusedError: no account, a wrong password, or a plan without this.
            SignalError: as `WebApi.get`.
        """
        token = self._logged_in(deadline, refused=None)
        try:
            return self._signed(path, params, deadline, token)
        except UnauthorizedError:  # a 403 is about the plan, whatever the token's age
            token = self._logged_in(deadline, refused=token)
        return self._signed(path, params, deadline, token)

    def _signed(
        self,
        path: str,
        params: Mapping[str, str | int],
        deadline: Deadline,
        token: Secret,
    ) -> Answer:
        bearer = Secret(f"Bearer {token.reveal()}")
        signature = Signature(headers={"authorization": bearer})
        return self._api.get(path, params, deadline=deadline, signature=signature)

    def _logged_in(self, deadline: Deadline, refused: Secret | None) -> Secret:
        """Return a token that is not the one just refused."""
        with self._lock:
            if self._token is None or self._token is refused:
                self._token = None
                user, password = self._credential.secrets()
                self._pace.claim("watttime: log-in")
                pair = f"{user.reveal()}:{password.reveal()}".encode()
                basic = Secret(f"Basic {b64encode(pair).decode()}")
                answer = self._api.get(
                    "/login",
                    deadline=deadline,
                    signature=Signature(headers={"authorization": basic}),
                )
                self._token = Secret(token_of(answer.body, answer.url))
            return self._token
