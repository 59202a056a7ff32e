//! Inline policies, by their names.

use claviger_identity::Entity;
use claviger_shapes::iam::NoSuchEntityException;

/// There is no policy of this name.
pub(super) fn missing<R: Entity, E: From<NoSuchEntityException>>(name: &str) -> E {
    let text = format!("The {} policy with name {name} cannot be found.", R::KIND.word());
    NoSuchEntityException::new(text).into()
}
