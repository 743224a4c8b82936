"""The faults by name, each with the finding that it must lead to; `none` and the last group must lead to none."""

from servers import disturbances, faults_of_documents, faults_of_files, faults_of_lines, faults_of_presence
from servers.fault import Fault

FAULTS: dict[str, type[Fault]] = {
    "none": Fault,
    # Between the server and its users
    "drop-relay": faults_of_lines.DropRelay,  # pending-updates, diverged
    "drop-last-relay-to-one": faults_of_lines.DropLastRelayToOne,  # diverged
    "lose-edit": faults_of_lines.LoseEdit,  # diverged (its author has it), lost-edit
    "leak-edit": faults_of_lines.LeakEdit,  # invented-edit, where there are two documents
    "no-echo": faults_of_lines.NoEcho,  # none: the state vector covers it; a sample without its answer
    "swallow": faults_of_lines.Swallow,  # unacknowledged-edit
    "mute-one": faults_of_lines.MuteOne,  # stalled
    "no-sync": faults_of_lines.NoSync,  # stalled
    "stale-joiner": faults_of_lines.StaleJoiner,  # joiner-differs
    "die": faults_of_lines.Die,  # server-lost
    "hang": faults_of_lines.Hang,  # server-lost
    "refuse-session": faults_of_lines.RefuseSession,
    "missing-file": faults_of_lines.MissingFile,
    "corrupt": faults_of_lines.Corrupt,
    "forbid": faults_of_lines.Forbid,
    # In the document, where all agree
    "delete-text": faults_of_documents.DeleteText,  # lost-edit
    "double-text": faults_of_documents.DoubleText,  # duplicated-content
    "double-cell": faults_of_documents.DoubleCell,  # duplicated-content
    "invent-edit": faults_of_documents.InventText,  # invented-edit
    "invent-cell": faults_of_documents.InventCell,  # invented-edit
    "malformed-cell": faults_of_documents.BogusType,  # malformed-document
    "no-source": faults_of_documents.NoSource,  # malformed-document
    "duplicate-id": faults_of_documents.DuplicateId,  # malformed-document
    # Who is shown to whom
    "hide-presence": faults_of_presence.HidePresence,  # awareness-differs
    "stale-presence": faults_of_presence.StalePresence,  # awareness-differs
    "alter-presence": faults_of_presence.AlterPresence,  # awareness-differs
    "ghost": faults_of_presence.Ghost,  # awareness-differs
    "foreign-presence": faults_of_presence.ForeignPresence,  # awareness-differs
    # On the way to the disk
    "corrupt-file": faults_of_files.CorruptFile,  # saved-file-differs
    "corrupt-output": faults_of_files.CorruptOutput,  # saved-file-differs
    "drop-cell-in-file": faults_of_files.DropCellInFile,  # saved-file-differs
    "no-save": faults_of_files.NoSave,  # saved-file-differs, save-stalled, save-not-done
    "stop-saving-midway": faults_of_files.StopSavingMidway,  # the same
    "save-lies": faults_of_files.SaveLies,  # save-not-done
    "disk-full": faults_of_files.DiskFull,  # the same
    "refuse-writes": faults_of_files.RefuseWrites,
    "fail-writes": faults_of_files.FailWrites,
    # The server itself
    "grow-memory": faults_of_files.GrowMemory,  # server-memory, where there is a limit
    # What a healthy stack does
    "late": disturbances.Late,
    "duplicate-delivery": disturbances.DuplicateDelivery,
    "re-encode": disturbances.ReEncode,
    "abrupt-close": disturbances.AbruptClose,
    "http-flaky": disturbances.HttpFlaky,
    "slow-save": faults_of_files.SlowSave,
}
