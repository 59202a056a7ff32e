//! Key states, and what each operation may do in them: one declaration.

use claviger_shapes::kms::{DisabledException, KMSInvalidStateException, KeyState};

use crate::key::Key;
use Verdict::{Allowed, Disabled, State};

/// What an operation answers in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It runs.
    Allowed,
    /// `DisabledException`.
    Disabled,
    /// `KMSInvalidStateException`: "ARN is …".
    State(&'static str),
}

const DELETION: Verdict = State("pending deletion");
const REPLICA_DELETION: Verdict = State("pending replica deletion");
const IMPORT: Verdict = State("pending import");
const UNAVAILABLE: Verdict = State("unavailable");
const CREATING: Verdict = State("creating");
const UPDATING: Verdict = State("updating");
const NOT_PENDING: Verdict = State("not pending deletion");

/// One operation's verdicts: Enabled, Disabled, PendingDeletion, PendingReplicaDeletion, PendingImport, Unavailable,
/// Creating, Updating.
#[derive(Clone, Copy, Debug)]
pub struct Row([Verdict; 8]);

/// Encrypt, Decrypt, ReEncrypt, GenerateDataKey…
pub(crate) const CRYPTOGRAPHY: Row =
    Row([Allowed, Disabled, DELETION, REPLICA_DELETION, IMPORT, UNAVAILABLE, CREATING, Allowed]);
/// GetPublicKey.
pub(crate) const PUBLIC_KEY: Row =
    Row([Allowed, Allowed, DELETION, REPLICA_DELETION, IMPORT, UNAVAILABLE, CREATING, Allowed]);
/// CreateGrant.
pub(crate) const GRANT: Row = Row([Allowed, Disabled, DELETION, REPLICA_DELETION, IMPORT, Allowed, CREATING, Allowed]);
/// CreateAlias; UpdateAlias for the new target.
pub(crate) const ALIAS: Row = Row([Allowed, Allowed, DELETION, REPLICA_DELETION, Allowed, Allowed, Allowed, Allowed]);
/// TagResource, UntagResource, UpdateKeyDescription.
pub(crate) const DESCRIBE: Row = ALIAS;
/// EnableKey, DisableKey.
pub(crate) const SWITCH: Row = Row([Allowed, Allowed, DELETION, REPLICA_DELETION, IMPORT, Allowed, CREATING, UPDATING]);
/// ScheduleKeyDeletion.
pub(crate) const SCHEDULE: Row =
    Row([Allowed, Allowed, DELETION, REPLICA_DELETION, Allowed, Allowed, Allowed, UPDATING]);
/// CancelKeyDeletion.
pub(crate) const CANCEL: Row =
    Row([NOT_PENDING, NOT_PENDING, Allowed, Allowed, NOT_PENDING, NOT_PENDING, NOT_PENDING, NOT_PENDING]);
/// EnableKeyRotation, DisableKeyRotation.
pub(crate) const ROTATION: Row =
    Row([Allowed, Disabled, DELETION, REPLICA_DELETION, IMPORT, UNAVAILABLE, CREATING, Allowed]);
/// RotateKeyOnDemand.
pub(crate) const ON_DEMAND: Row =
    Row([Allowed, Disabled, DELETION, REPLICA_DELETION, IMPORT, UNAVAILABLE, CREATING, UPDATING]);
/// GetParametersForImport.
pub(crate) const IMPORT_PARAMETERS: Row =
    Row([Allowed, Allowed, DELETION, REPLICA_DELETION, Allowed, UNAVAILABLE, CREATING, UPDATING]);
/// ImportKeyMaterial.
pub(crate) const IMPORT_MATERIAL: Row =
    Row([Allowed, Allowed, DELETION, REPLICA_DELETION, Allowed, UNAVAILABLE, CREATING, Allowed]);
/// DeleteImportedKeyMaterial.
pub(crate) const DELETE_MATERIAL: Row =
    Row([Allowed, Allowed, Allowed, Allowed, Allowed, UNAVAILABLE, CREATING, UPDATING]);
/// ReplicateKey.
pub(crate) const REPLICATE: Row = ON_DEMAND;
/// UpdatePrimaryRegion, for the key itself and for the replica that is to become the primary.
pub(crate) const PROMOTE: Row = ROTATION;

impl Row {
    /// The verdict for a state.
    pub fn verdict(&self, state: KeyState) -> Verdict {
        let column = match state {
            KeyState::Enabled => 0,
            KeyState::Disabled => 1,
            KeyState::PendingDeletion => 2,
            KeyState::PendingReplicaDeletion => 3,
            KeyState::PendingImport => 4,
            KeyState::Unavailable => 5,
            KeyState::Creating => 6,
            KeyState::Updating => 7,
        };
        self.0[column]
    }
}

impl Key {
    /// Refuses in every state in which the operation does not run.
    pub fn require<E>(&self, row: &Row) -> Result<(), E>
    where
        E: From<DisabledException> + From<KMSInvalidStateException>,
    {
        match row.verdict(self.record.state()) {
            Allowed => Ok(()),
            Disabled => Err(DisabledException::new(format!("{} is disabled.", self.arn)).into()),
            State(what) => Err(KMSInvalidStateException::new(format!("{} is {what}.", self.arn)).into()),
        }
    }

    /// The same for operations that a disabled key does not mind, and whose model lists no `DisabledException`.
    pub fn require_manageable<E: From<KMSInvalidStateException>>(&self, row: &Row) -> Result<(), E> {
        match row.verdict(self.record.state()) {
            Allowed | Disabled => Ok(()),
            State(what) => Err(KMSInvalidStateException::new(format!("{} is {what}.", self.arn)).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published table of operations and key states, a letter a state: ok, Disabled, Pending deletion, pending
    /// Replica deletion, pending Import, Unavailable, Creating, updatinG, Not pending deletion.
    #[test]
    fn rows_are_the_published_table() {
        let table = [
            ("oDPRIUCo", CRYPTOGRAPHY),
            ("ooPRIUCo", PUBLIC_KEY),
            ("oDPRIoCo", GRANT),
            ("ooPRoooo", ALIAS),
            ("ooPRIoCG", SWITCH),
            ("ooPRoooG", SCHEDULE),
            ("NNooNNNN", CANCEL),
            ("oDPRIUCo", ROTATION),
            ("oDPRIUCG", ON_DEMAND),
            ("ooPRoUCG", IMPORT_PARAMETERS),
            ("ooPRoUCo", IMPORT_MATERIAL),
            ("oooooUCG", DELETE_MATERIAL),
            ("oDPRIUCG", REPLICATE),
            ("oDPRIUCo", PROMOTE),
        ];
        for (letters, row) in table {
            for (letter, verdict) in letters.chars().zip(row.0) {
                let expected = match letter {
                    'o' => Allowed,
                    'D' => Disabled,
                    'P' => State("pending deletion"),
                    'R' => State("pending replica deletion"),
                    'I' => State("pending import"),
                    'U' => State("unavailable"),
                    'C' => State("creating"),
                    'G' => State("updating"),
                    _ => State("not pending deletion"),
                };
                assert_eq!(verdict, expected, "{letters}");
            }
        }
    }
}
