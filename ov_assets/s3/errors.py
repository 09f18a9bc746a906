"""What can go wrong between us and S3, told apart: down, refused, or this one request."""

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

# An expired token answers 400, so the code decides before the status does.
DENIED_CODES = {"AccessDenied", "ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
DENIED_STATUS = {401, 403}
# BadDigest: the bytes were damaged on the way. 409: two conditional writes met.
PASSING_CODES = {"BadDigest", "RequestTimeout", "ConditionalRequestConflict", "OperationAborted"}
PASSING_STATUS = {408, 409, 425, 429, 500, 502, 503, 504}

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w+)</Code>")


class S3Error(Exception):
    """A request that S3 answered with an error. The text names what was asked, never what was sent.

    passing: another try may succeed. fatal: no other request can succeed either.
    """

    passing = False
    fatal = False

    def __init__(self, action: str, status: int | None = None, code: str | None = None) -> None:
        self.status, self.code = status, code
        said = " ".join(str(part) for part in (status, code) if part) or "no answer"
        super().__init__(f"{action}: {said}")


class S3PassingError(S3Error):
    """A server error, throttling or a lost race: try again."""

    passing = True


class S3DownError(S3PassingError):
    """No answer from S3, or only errors of its own. Nothing is known about the bucket."""

    fatal = True


class S3AccessDeniedError(S3Error):
    """Refused: credentials, policy or key. It never means that an object is missing."""

    fatal = True


class S3BucketMissingError(S3Error):
    """There is no such bucket."""

    fatal = True


def s3_error(error: Exception, action: str) -> S3Error:
    """The S3Error for an error of obstore or botocore. `action` such as `PUT some/key`."""
    if isinstance(error, S3Error):
        return error
    if isinstance(error, NoCredentialsError | CredentialRetrievalError):
        return S3AccessDeniedError(action, code=type(error).__name__)
    if isinstance(error, HTTPClientError | BotoConnectionError):
        return S3DownError(action)
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return _of_answer(action, status, error.response.get("Error", {}).get("Code"))
    if isinstance(error, BotoCoreError):
        return S3Error(action, code=type(error).__name__)
    text = str(error)
    status, code = STATUS.search(text), CODE.search(text)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return S3AccessDeniedError(action, status and int(status[1]), code and code[1])
    if status:
        return _of_answer(action, int(status[1]), code and code[1])
    if isinstance(error, FileNotFoundError):
        return _of_answer(action, 404, code and code[1])
    return S3DownError(action)


def _of_answer(action: str, status: int | None, code: str | None) -> S3Error:
    if code in DENIED_CODES or status in DENIED_STATUS:
        return S3AccessDeniedError(action, status, code)
    if code == "NoSuchBucket":
        return S3BucketMissingError(action, status, code)
    if code in PASSING_CODES or status in PASSING_STATUS:
        return S3PassingError(action, status, code)
    return S3Error(action, status, code)


# What the two clients raise; everything else is a defect of ours and goes up as it is.
BOTO_ERRORS = (BotoCoreError, ClientError)
OBSTORE_ERRORS = (BaseError, FileNotFoundError)
