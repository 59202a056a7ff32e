//! What must be gone before a user, group or role can be deleted.

use claviger_identity::Held;
use claviger_shapes::iam::DeleteConflictException;

/// Why something cannot be deleted.
pub(crate) fn conflict(what: &str) -> DeleteConflictException {
    DeleteConflictException::new(format!("Cannot delete entity, {what}."))
}

/// Refuses to delete what still has policies.
pub(crate) fn require_bare<E: From<DeleteConflictException>>(held: &Held) -> Result<(), E> {
    if !held.inline.is_empty() {
        return Err(conflict("must delete policies first").into());
    }
    if !held.attached.is_empty() {
        return Err(conflict("must detach all policies first").into());
    }
    Ok(())
}
