//! Imported key material: what a key remembers of it.

use claviger_crypto::material::KeyMaterialId;
use claviger_shapes::kms::{ExpirationModelType, ImportState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{KeyRecord, Rotated};

/// Whether the bytes of an imported material are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// They are.
    Present,
    /// They were destroyed at their `ValidTo`. Still listed as imported, with the date.
    Expired,
    /// They were deleted by request, or never imported in this Region.
    Absent,
}

/// One material that was imported, or that a related key had imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedMaterial {
    /// Its public identifier.
    pub id: KeyMaterialId,
    /// Free text of whoever imported it, at most 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether the bytes are here.
    pub held: Held,
    /// When they are destroyed; `None` for material that does not expire, and for absent material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// The rotation that made it the current one; `None` for the first and for staged material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Rotated>,
}

impl ImportedMaterial {
    /// Material whose bytes are not here.
    pub fn absent(id: KeyMaterialId, description: Option<String>, rotated: Option<Rotated>) -> Self {
        Self { id, description, held: Held::Absent, valid_to: None, rotated }
    }

    /// Whether the API calls it imported.
    pub fn import_state(&self) -> ImportState {
        match self.held {
            Held::Present | Held::Expired => ImportState::Imported,
            Held::Absent => ImportState::PendingImport,
        }
    }

    /// The expiration model of material that is or was here.
    pub fn expiration_model(&self) -> Option<ExpirationModelType> {
        (self.held != Held::Absent).then_some(match self.valid_to {
            Some(_) => ExpirationModelType::KeyMaterialExpires,
            None => ExpirationModelType::KeyMaterialDoesNotExpire,
        })
    }
}

/// Imported material is listed oldest first: what was current once, the current one, and at most one that is staged for
/// the next rotation.
impl KeyRecord {
    /// The material that was current once or is now. All of it must be here for the key to be used.
    pub fn needed_imports(&self) -> &[ImportedMaterial] {
        &self.imports[..self.staged_index()]
    }

    /// The material that waits for the next on-demand rotation.
    pub fn staged_import(&self) -> Option<&ImportedMaterial> {
        self.imports.get(self.staged_index())
    }

    /// One imported material.
    pub fn import(&self, id: &KeyMaterialId) -> Option<&ImportedMaterial> {
        self.imports.iter().find(|material| material.id == *id)
    }

    /// The same, to be changed.
    pub fn import_mut(&mut self, id: &KeyMaterialId) -> Option<&mut ImportedMaterial> {
        self.imports.iter_mut().find(|material| material.id == *id)
    }

    /// Whether bytes the key needs are missing.
    pub fn lacks_material(&self) -> bool {
        self.current_material.is_none() || self.needed_imports().iter().any(|material| material.held != Held::Present)
    }

    /// The effective expiration model and date of a key that has all its material: the earliest date counts.
    pub fn expiration(&self) -> Option<(ExpirationModelType, Option<Timestamp>)> {
        if self.imports.is_empty() || self.lacks_material() {
            return None;
        }
        let earliest = self.imports.iter().filter_map(|material| material.valid_to).min();
        Some(match earliest {
            Some(date) => (ExpirationModelType::KeyMaterialExpires, Some(date)),
            None => (ExpirationModelType::KeyMaterialDoesNotExpire, None),
        })
    }

    /// The earliest `ValidTo` of material that is still here.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        self.imports.iter().filter(|material| material.held == Held::Present).filter_map(|m| m.valid_to).min()
    }

    fn staged_index(&self) -> usize {
        let current = self.current_material.and_then(|id| self.imports.iter().position(|material| material.id == id));
        current.map_or(0, |index| index + 1)
    }
}
