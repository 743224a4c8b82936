"""A replica: one participant's own copy of a shared document, and the only place where it is written to.

All writing goes through two doors, because each has a trap behind it. `apply_updates` takes what others wrote: many
updates, one transaction, since a transaction costs as much as an update. So those that come one by one can wait for
each other (`apply_soon`), until anybody looks at the document or writes to it: nobody ever sees it without them. `edit`
writes something of one's own and hands back the bytes to send. Both turn the errors of pycrdt into `ReplicaError`, and
among them the panics of its Rust core, which are BaseExceptions and would otherwise kill the greenlet that meets one.

Nothing in here may switch greenlets while a transaction is open: another greenlet would find the document borrowed. The
module knows nothing of sockets, messages or users.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pycrdt import Array, Doc, Map, Text

from jupyter_rtc_locust.documents.kinds import CONTENT_ROOTS, STATE_ROOT, DocumentKind
from jupyter_rtc_locust.documents.light_handles import light
from jupyter_rtc_locust.documents.quick_handles import quick
from jupyter_rtc_locust.documents.transactions_below import apply_in_one_transaction, core_of, hear_updates
from jupyter_rtc_locust.errors import RtcLocustError
from jupyter_rtc_locust.protocol.state_vectors import decode_state_vector

LARGEST_CLIENT_ID = 2**32 - 1
"""
Older servers cut longer client ids short, and nobody knows his echo again (measured: jupyter-collaboration 1 to 3).
"""


class ReplicaError(RtcLocustError):
    """
    A replica could not take an update, or could not be edited or read.

    `update` holds the bytes of what a failed edit had already written: it stands in the replica, so it must be sent to
    the others, or the replica must be given up. `replica_is_broken` tells that nothing more can be written to this
    replica.
    """

    def __init__(self, message: str, *, update: bytes | None = None, replica_is_broken: bool = False) -> None:
        super().__init__(message)
        self.update = update
        self.replica_is_broken = replica_is_broken


class Replica:
    """
    One participant's copy of a notebook or a text file.

    `doc` is the pycrdt document; its roots are created at once: `cells`, `meta` and `state` in a notebook, `source` and
    `state` in a text file. Ask for them anew each time: what waits to be applied is applied then.

    `refused`: called with the error where updates that had waited could not be applied, as `apply_updates` raises it.

    `broken` is None, or the sentence that tells what made this replica unusable. After a panic, or when an update
    failed half applied, nobody knows what the document holds; from there on writing is refused. Reading is still
    possible, as evidence. An update that is not readable at all changes nothing and breaks nothing.
    """

    __slots__ = ("_cells", "_core", "_doc", "_source", "_state", "_waiting", "broken", "kind", "refused")

    kind: DocumentKind
    broken: str | None
    refused: Callable[[ReplicaError], None] | None
    _cells: Array[Any]
    _source: Text

    def __init__(self, kind: DocumentKind, client_id: int) -> None:
        """
        Create an empty replica whose own structs will carry `client_id` (0 to 2**32 - 1).

        Raises ValueError for an unknown kind and for a client id out of range.
        """
        if kind not in CONTENT_ROOTS:
            raise ValueError(f"there is no document of kind {kind!r}: give one of {', '.join(CONTENT_ROOTS)}")
        if not 0 <= client_id <= LARGEST_CLIENT_ID:
            raise ValueError(f"{client_id} is no usable client id: give a number from 0 to {LARGEST_CLIENT_ID}")
        self.kind = kind
        self.broken = None
        self.refused = None
        self._waiting: list[bytes] = []
        self._doc: Doc[Any] = light(Doc(client_id=client_id))
        self._core = core_of(self._doc)
        for name, shared_type in CONTENT_ROOTS[kind].items():
            handle = self._doc.get(name, type=shared_type)
            if name in ("cells", "source"):
                setattr(self, f"_{name}", quick(handle))
        self._state: Map[Any] = quick(self._doc.get(STATE_ROOT, type=Map))

    @property
    def doc(self) -> Doc[Any]:
        """The document."""
        if self._waiting:
            self.catch_up()
        return self._doc

    @property
    def cells(self) -> Array[Any]:
        """A notebook's cells."""
        if self._waiting:
            self.catch_up()
        return self._cells

    @cells.setter
    def cells(self, changed: Array[Any]) -> None:
        _same(self._cells, changed)

    @property
    def source(self) -> Text:
        """A text file's content."""
        if self._waiting:
            self.catch_up()
        return self._source

    @source.setter
    def source(self, changed: Text) -> None:
        _same(self._source, changed)

    @property
    def state(self) -> Map[Any]:
        """What a tab and the server note beside the content."""
        if self._waiting:
            self.catch_up()
        return self._state

    @property
    def meta(self) -> Map[Any]:
        """The notebook's metadata and version. A handle takes 1 KB, so that none is kept of what is seldom used."""
        meta: Map[Any] = quick(self.doc.get("meta", type=Map))
        return meta

    @property
    def client_id(self) -> int:
        """The id that structs written by this replica carry."""
        return self._doc.client_id

    def apply_soon(self, updates: list[bytes]) -> bool:
        """
        Apply updates of others when `catch_up` is called, or before anybody sees the document or writes to it.

        Whether nothing waited before: somebody has to see to it that `catch_up` is called. Raises ReplicaError where
        the replica is broken.
        """
        if self.broken is not None:
            raise self._refusal()
        first = not self._waiting
        self._waiting += updates
        return first

    def catch_up(self) -> None:
        """
        Apply what waits, in one transaction.

        Where that fails, or breaks the replica, `refused` is told, and nobody else: whoever looks at the document has
        nothing to do with it, and what broke can still be read.
        """
        waiting, self._waiting = self._waiting, []
        if self.broken is None and waiting:
            try:
                self.apply_updates(waiting)
            except ReplicaError as error:
                if self.refused is not None:
                    self.refused(error)

    def apply_updates(self, updates: Iterable[bytes]) -> None:
        """
        Apply updates of others, in the order given, in one transaction.

        Raises ReplicaError where one could not be read; the others have then been applied all the same, because one bad
        message must not cost the good ones behind it. Raises ReplicaError with `replica_is_broken` where pycrdt failed
        while it applied an update, or where the replica is broken already.
        """
        if self._waiting:
            self.catch_up()
        if self.broken is not None:
            raise self._refusal()
        remaining = iter(updates)
        try:
            apply_in_one_transaction(self._core, self._doc, remaining)
        except (ValueError, TypeError) as error:
            self._apply_after_a_bad_one(remaining, error)
        except BaseException as error:
            if not _is_failure(error):
                raise
            raise self._breakage(error, "an update was applied") from error

    def edit(
        self, change: Callable[["Replica"], bool], *, marks_dirty: Callable[[], bool] | None = None
    ) -> bytes | None:
        """
        Write something of one's own in one transaction and return the bytes of exactly that update.

        `change` does the writing and says whether there was anything to do. When it returns True, `state["dirty"]` is
        set in the same transaction: JupyterLab does so, and it lets every edit advance the author's clock, deletions
        included. A few of a tab's transactions do not (outputs, an undo): `marks_dirty`, asked after `change`, tells.
        When `change` returns False it must have written nothing; the result is then None and the document has no trace
        of it. `change` may not switch greenlets, and `edit` may not be called within a transaction.

        The bytes come from a subscription that lasts for this edit only. Measured: it costs an edit 1 µs more than a
        lasting one, which would cost every update received 0.6 µs; received are many for each edit made. The
        difference to the old state vector would cost 20 µs and more, and carries every deletion ever made.

        Raises ReplicaError where `change` failed, or wrote although it returned False; `update` holds what was written.
        """
        if self._waiting:
            self.catch_up()
        if self.broken is not None:
            raise self._refusal()
        written: list[bytes] = []
        stop_hearing = self._hear(written)
        try:
            with self.doc.transaction():
                changed = change(self)
                if changed and (marks_dirty is None or marks_dirty()):
                    self.state["dirty"] = True
        except Exception as error:
            message = f"an edit by client {self.client_id} failed: {_described(error)}"
            raise ReplicaError(message, update=_only(written)) from error
        except BaseException as error:
            if not _is_failure(error):
                raise
            raise self._breakage(error, "it was edited", _only(written)) from error
        finally:
            stop_hearing()
        update = _only(written)
        if not changed and update is not None:
            message = f"an edit by client {self.client_id} said it had nothing to do, and wrote {len(update)} bytes"
            raise ReplicaError(message, update=update)
        return update

    def encoded_state(self) -> bytes:
        """Return the state vector as Yjs encodes it: what a sync step 1 carries."""
        return self.doc.get_state()

    def state_vector(self) -> dict[int, int]:
        """
        Return the next clock per client id, counted in UTF-16 units.

        Deletions have no clock: two replicas with equal state vectors can still differ.
        """
        return decode_state_vector(self.doc.get_state())

    def full_update(self) -> bytes:
        """
        Return the whole document as one update.

        Updates that still wait for missing ones are not in it (measured: pycrdt 0.14), and its bytes differ between
        replicas that hold the same.
        """
        return self.doc.get_update()

    def update_since(self, encoded_state: bytes) -> bytes:
        """
        Return what this replica has beyond a state vector: what a sync step 2 carries. It holds every deletion ever
        made.

        Raises ReplicaError where `encoded_state` is no state vector.
        """
        try:
            return self.doc.get_update(encoded_state)
        except Exception as error:
            raise ReplicaError(
                f"no answer to a state vector of {len(encoded_state)} bytes: {_described(error)}"
            ) from error
        except BaseException as error:
            if not _is_failure(error):
                raise
            raise self._breakage(error, "it answered a state vector") from error

    def _apply_after_a_bad_one(self, remaining: Iterator[bytes], first_error: Exception) -> None:
        """Apply one by one what follows an unreadable update, then raise for the unreadable ones."""
        refused = 1
        for update in remaining:
            try:
                self.doc.apply_update(update)
            except (ValueError, TypeError):
                refused += 1
            except BaseException as error:
                if not _is_failure(error):
                    raise
                raise self._breakage(error, "an update was applied") from error
        updates = "1 update" if refused == 1 else f"{refused} updates"
        message = f"{updates} could not be read and changed nothing: {_described(first_error)}; the others were applied"
        raise ReplicaError(message) from first_error

    def _hear(self, written: list[bytes]) -> Callable[[], None]:
        """Collect the update of each transaction that ends from here on, until what is returned is called."""
        try:
            return hear_updates(self._core, self.doc, written.append)
        except BaseException as error:
            if not _is_failure(error):
                raise
            message = (
                "an edit cannot be made within an open transaction, nor while a document is read: make it afterwards"
            )
            raise ReplicaError(message) from error

    def _refusal(self) -> ReplicaError:
        return ReplicaError(f"the replica cannot be written to any more: {self.broken}", replica_is_broken=True)

    def _breakage(self, error: BaseException, doing: str, update: bytes | None = None) -> ReplicaError:
        """Mark the replica as broken and return the error to raise."""
        self.broken = f"pycrdt failed in the replica of client {self.client_id} while {doing}: {_described(error)}"
        return ReplicaError(self.broken, update=update, replica_is_broken=True)


def is_panic(error: BaseException) -> bool:
    """
    Tell whether an exception is a panic of pycrdt's Rust core.

    Its class is a BaseException, made by pyo3 while running, and can be imported from nowhere: it is known by its name.
    """
    return type(error).__name__ == "PanicException"


def _is_failure(error: BaseException) -> bool:
    """
    Tell a failure from a request to stop, such as KeyboardInterrupt or a killed greenlet, which nobody may swallow.
    """
    return isinstance(error, Exception) or is_panic(error)


def _same(handle: object, changed: object) -> None:
    """What `replica.source += words` comes down to; nothing else can be put in the place of a shared type."""
    if changed is not handle:
        raise AttributeError("a shared type of a replica can be changed, but not replaced")


def _only(written: list[bytes]) -> bytes | None:
    return written[0] if written else None


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"
