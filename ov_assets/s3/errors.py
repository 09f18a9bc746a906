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
# What passes although its status says that it doesn't.
PASSING_CODES = {
    # The bytes were damaged or cut off on the way.
    *("BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"),
    # Too slow, or too much at once.
    *("RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"),
    *("Throttling", "ThrottlingException", "RequestThrottled", "KMS.ThrottlingException"),
    # Two writes met, or somebody aborted an upload in parts: it begins anew.
    *("ConditionalRequestConflict", "OperationAborted", "NoSuchUpload", "InvalidPart"),
}
PASSING_STATUS = {408, 409, 425, 429, 500, 502, 503, 504}
REGION_CODES = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
REGION_HEADER = "x-amz-bucket-region"

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>([\w.]+)</Code>")
REGION = re.compile(r"<Region>([\w-]+)</Region>")
# obstore's own words for a 301 without a Location, which is how S3 tells another region.
REDIRECTED = "redirect without LOCATION"


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


class S3RegionError(S3Error):
    """The bucket is in another region than AWS_REGION. region: the right one, where S3 tells it."""

    fatal = True

    def __init__(
        self, action: str, status: int | None = None, code: str | None = None, region: str | None = None
    ) -> None:
        super().__init__(action, status, code)
        self.region = region
        where = region or "another region"
        self.args = (f"{self.args[0]}; AWS_REGION is wrong: the bucket is in {where}",)


def s3_error(error: Exception, action: str) -> S3Error:
    """The S3Error for an error of obstore or botocore. `action` such as `PUT some/key`."""
    if isinstance(error, S3Error):
        return error
    if isinstance(error, NoCredentialsError | CredentialRetrievalError):
        return S3AccessDeniedError(action, code=type(error).__name__)
    if isinstance(error, HTTPClientError | BotoConnectionError):
        return S3DownError(action)
    if isinstance(error, ClientError):
        said, answer = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        region = said.get("Region") or answer.get("HTTPHeaders", {}).get(REGION_HEADER)
        return _of_answer(action, answer.get("HTTPStatusCode"), said.get("Code"), region)
    if isinstance(error, BotoCoreError):
        return S3Error(action, code=type(error).__name__)
    text = str(error)
    status, code, region = (pattern.search(text) for pattern in (STATUS, CODE, REGION))
    if REDIRECTED in text:
        return _of_answer(action, 301, code and code[1], region and region[1])
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return S3AccessDeniedError(action, status and int(status[1]), code and code[1])
    if status:
        return _of_answer(action, int(status[1]), code and code[1], region and region[1])
    if isinstance(error, FileNotFoundError):
        return _of_answer(action, 404, code and code[1])
    return S3DownError(action)


def _of_answer(action: str, status: int | None, code: str | None, region: str | None = None) -> S3Error:
    if status == 301 or code in REGION_CODES:
        return S3RegionError(action, status, code, region)
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
