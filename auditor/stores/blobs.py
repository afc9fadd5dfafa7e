"""An archive in a container of Azure Blob Storage.

With the SDK itself: the one credential and the one certificate authority of :mod:`auditor.cloud` sign in here too, and
a lease is the lock.
https://learn.microsoft.com/rest/api/storageservices/lease-blob
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from auditor.cloud import Cloud, Credential
from auditor.errors import ArchiveBusy, ArchiveRefused, ExtraMissing
from auditor.model.archive import ArchiveSettings, Container
from auditor.model.places import NIGHTS
from auditor.model.veil import veiled
from auditor.stores.interface import LOCK, busy

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobLeaseClient

LEASE_S = 60
"""The longest lease that ends by itself: a killed run lets go of the archive after so long."""
RENEWED_EVERY_S = 20.0
_PATIENCE: dict[str, Any] = {"retry_total": 3, "connection_timeout": 20, "read_timeout": 60}
_FOLDER = "hdi_isfolder"
"""Marks what is a folder, where the account has some (Data Lake Storage).
https://learn.microsoft.com/azure/storage/blobs/storage-feature-support-in-storage-accounts"""
_TAKEN = (409, 412)
"""What a lease that another run holds answers."""
_WRITE = "Storage Blob Data Contributor"


class _Renewing:
    """The credential for one client of Azure Storage, which is asked again, with the tenant that a challenge names,
    once the service has refused the token that was given before. It may have ended before its time.
    https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#bearer-challenge
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._given: str | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        if self._given and "tenant_id" in options:
            self._credential.renew(self._given)
        token = self._credential.get_token(*scopes, **options)
        self._given = token.token
        return token


class BlobStore:
    """The blobs lie in a container that is there already. Signing in happens at the first question, not here."""

    def __init__(self, settings: ArchiveSettings, place: Container, cloud: Cloud) -> None:
        try:
            from azure.storage.blob import ContainerClient
        except ModuleNotFoundError as error:
            raise ExtraMissing(
                "Nothing was done: an abfs: archive needs the package azure-storage-blob. Install it with python -m "
                'pip install "azure-extension-auditor[azure-storage]", or name a folder: archive.url: file:./archive.'
            ) from error
        key = settings.account_key
        credential: Any = _Renewing(cloud.credential)
        if key is not None:
            credential = {"account_name": place.account, "account_key": key.get_secret_value()}
        self.where = settings.url
        self._path = f"{place.path}/" if place.path else ""
        try:
            self._container = ContainerClient(
                settings.endpoint or place.endpoint,
                place.container,
                credential=credential,
                connection_verify=cloud.verify,
                **_PATIENCE,
            )
        except ValueError as error:
            raise ArchiveRefused(
                f"Nothing was done: nobody can sign in to the archive {self.where}: {veiled(str(error))}."
            ) from error
        self._lease: BlobLeaseClient | None = None

    def nights(self) -> list[str]:
        from azure.storage.blob import BlobPrefix

        prefix = f"{self._path}{NIGHTS}/"
        with self._told("read"):
            found = self._container.walk_blobs(name_starts_with=prefix)
            return sorted(each.name.removeprefix(prefix).rstrip("/") for each in found if isinstance(each, BlobPrefix))

    def files(self, folder: str) -> list[str]:
        with self._told("read"):
            found = self._container.list_blobs(name_starts_with=f"{self._path}{folder}/", include=["metadata"])
            plain = (each.name for each in found if not (each.metadata or {}).get(_FOLDER))
            return sorted(name.removeprefix(self._path) for name in plain)

    def read(self, name: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        with self._told("read"):
            try:
                content: bytes = self._container.download_blob(self._path + name).readall()
            except ResourceNotFoundError as error:
                if _code(error) == "ContainerNotFound":
                    raise
                return None
            return content

    def write(self, name: str, content: bytes | Path) -> None:
        self.check_locked()
        with self._told("written"):
            if isinstance(content, Path):
                with content.open("rb") as file:
                    self._upload(name, file)
            else:
                self._upload(name, content)

    def _upload(self, name: str, content: Any) -> None:
        from azure.storage.blob import ContentSettings

        kind = {"html": "text/html; charset=utf-8", "json": "application/json"}.get(name.rpartition(".")[2])
        shown = ContentSettings(content_type=kind) if kind else None
        self._container.upload_blob(self._path + name, content, overwrite=True, content_settings=shown)

    def remove(self, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with self._told("written"):
            try:
                self._container.delete_blob(self._path + name)
            except ResourceNotFoundError:
                return

    @contextmanager
    def locked(self) -> Iterator[None]:
        lease = self._acquired()
        ended = Event()
        keeper = Thread(target=self._renew, args=(lease, ended), daemon=True)
        keeper.start()
        self._lease = lease
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            self._release(lease)

    def _acquired(self) -> BlobLeaseClient:
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        blob = self._container.get_blob_client(self._path + LOCK)
        with self._told("written"):
            try:
                if not blob.exists():
                    blob.upload_blob(b"", overwrite=True)
                return blob.acquire_lease(lease_duration=LEASE_S)
            except (ResourceExistsError, ResourceModifiedError) as error:
                raise busy(self.where) from error

    def _renew(self, lease: BlobLeaseClient, ended: Event) -> None:
        """Where it fails the lease runs out, and :meth:`check_locked` finds that out before anything is written."""
        from azure.core.exceptions import AzureError

        while not ended.wait(RENEWED_EVERY_S):
            try:
                lease.renew()
            except AzureError:
                continue

    def _release(self, lease: BlobLeaseClient) -> None:
        from azure.core.exceptions import AzureError

        self._lease = None
        try:
            lease.release()
        except AzureError:
            return  # it runs out by itself

    def check_locked(self) -> None:
        if self._lease is None:
            return
        with self._told("written", taken=ArchiveBusy):
            self._lease.renew()

    @contextmanager
    def _told(self, what: str, taken: type[ArchiveRefused] = ArchiveRefused) -> Iterator[None]:
        """``taken`` is what is raised where somebody else holds what was asked for."""
        from azure.core.exceptions import AzureError

        try:
            yield
        except AzureError as error:
            kind = taken if getattr(error, "status_code", None) in _TAKEN else ArchiveRefused
            raise kind(f"The archive {self.where} could not be {what}: {_why(error)}. {_remedy(error)}") from error
        except OSError as error:
            raise ArchiveRefused(f"The archive {self.where} could not be {what}: {error}. Try again later.") from error


def _why(error: AzureError) -> str:
    """The service's code where it answered, which is short and can be looked up; else the error's first line."""
    code = _code(error)
    if code:
        return f"Azure Storage answered {getattr(error, 'status_code', '')} {code}"
    return veiled(str(error).splitlines()[0].rstrip(".")) if str(error) else type(error).__name__


def _remedy(error: AzureError) -> str:
    status = getattr(error, "status_code", None)
    if status == 401 and _code(error) == "InvalidAuthenticationInfo":
        return "Sign in again, or bring a fresh token: an expired or foreign token opens nothing."
    if status in (401, 403) or "Auth" in _code(error):
        return f"Give the identity the role {_WRITE} on the container, or set archive.account_key to a key that holds."
    if status == 404:
        return "Create the container, or correct its name in archive.url."
    if status in _TAKEN:
        return "Another run has taken the archive over; look at its night, and run this one again."
    return "Check archive.url, the network and the account's firewall, and run again."


def _code(error: AzureError) -> str:
    """What Azure Storage calls the error; empty where it was not the service that answered."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")
