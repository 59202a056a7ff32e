//! From names to parameters and their versions.

use std::sync::Arc;

use claviger_pipeline::{Internal, System, internal};
use claviger_store::Records;

use crate::name::{Asked, Selector};
use crate::parameter::Parameter;
use crate::record::{ParameterRecord, Version, VersionRecord, parameter_id, version_id};
use crate::{Ssm, SsmCx};

impl Ssm {
    /// The parameter with an id.
    pub(crate) async fn parameter(&self, system: &System, id: String) -> Result<Option<Arc<Parameter>>, Internal> {
        if let Some(parameter) = self.parameters.get(&id) {
            return Ok(Some(parameter));
        }
        let load = async {
            let stored = system.store.load::<ParameterRecord>(&id).await.map_err(internal)?;
            Ok(stored.map(|stored| Arc::new(Parameter::new(stored))))
        };
        self.parameters.get_or_load(id.clone(), load).await
    }
}

/// The caller's parameter at a path.
pub(crate) async fn own(cx: SsmCx<'_>, path: &str) -> Result<Option<Arc<Parameter>>, Internal> {
    cx.service.parameter(cx.system, parameter_id(cx.call.account(), &cx.call.region, path)).await
}

/// The parameter a reader asks for. There is nothing of other Regions here.
pub(crate) async fn asked(cx: SsmCx<'_>, asked: &Asked) -> Result<Option<Arc<Parameter>>, Internal> {
    if *asked.region != *cx.call.region {
        return Ok(None);
    }
    cx.service.parameter(cx.system, parameter_id(&asked.account, &asked.region, &asked.path)).await
}

/// One version of a parameter by its number.
pub(crate) async fn version(system: &System, parameter: &Parameter, number: i64) -> Result<Option<Version>, Internal> {
    let record = &parameter.record;
    if number == record.current.version {
        return Ok(Some(record.current.clone()));
    }
    if !(record.oldest()..record.current.version).contains(&number) {
        return Ok(None);
    }
    let id = version_id(&parameter_id(&record.account, &record.region, &record.path), number);
    let stored = system.store.load::<VersionRecord>(&id).await.map_err(internal)?;
    Ok(stored.map(|stored| stored.record.version))
}

/// What a selector picks.
pub(crate) enum Picked {
    /// This version.
    Version(Box<Version>),
    /// There is no such version.
    NoVersion(i64),
    /// No version has such a label.
    NoLabel,
}

/// The version a reader asks for: the newest without a selector.
pub(crate) async fn pick(
    system: &System,
    parameter: &Parameter,
    selector: Option<&Selector>,
) -> Result<Picked, Internal> {
    let record = &parameter.record;
    let number = match selector {
        None => record.current.version,
        Some(Selector::Version(number)) => *number,
        Some(Selector::Label(label)) => match record.labels.get(label) {
            Some(number) => *number,
            None => return Ok(Picked::NoLabel),
        },
    };
    let found = version(system, parameter, number).await?;
    Ok(found.map_or(Picked::NoVersion(number), |version| Picked::Version(Box::new(version))))
}
